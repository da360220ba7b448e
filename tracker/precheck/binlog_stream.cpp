#include <algorithm>
#include <chrono>

#include "common/status/reason.h"
#include "common/status/try.h"
#include "tracker/precheck/check_list.h"
#include "tracker/source/start_position.h"
#include "tracker/source/stream_probe.h"
#include "tracker/source/timestamp_position.h"

namespace rowtide::precheck {
namespace {

using std::chrono::milliseconds;

/// With a connection of its own, which is not cut short: where less than both is left, a source that hangs
/// now would hold the precheck beyond its end.
constexpr milliseconds kStreamTime{9'000};
constexpr milliseconds kStreamReserve{15'000};

absl::Status out_of_time() {
  return failure(absl::StatusCode::kAborted, "Timeout",
                 "the source was not asked: it answers so slowly that the precheck's time is up");
}

absl::Status probe_from_end(CheckContext& context) {
  task::StartPosition end;
  end.mode = task::StartMode::Latest;
  ASSIGN_OR_RETURN(const binlog::Position position,
                   source::resolve_start_position(end, context.session(),
                                                  source::search_source(context.task(), context.secrets())));
  if (context.time_left() < kStreamReserve) return out_of_time();
  return source::probe_stream(context.task(), context.secrets(), position, kStreamTime);
}

std::string repair_of_endpoint(const task::Source& source) {
  if (source.type == task::SourceType::PolarDbMySql)
    return "take the cluster's primary endpoint as spec.source.host";
  return "take the address of the server itself as spec.source.host, not of a proxy or a node for reading only";
}

}  // namespace

/// A proxy, or a node for reading only, may answer every statement and refuse the one thing that is wanted.
CheckItem check_binlog_stream(CheckContext& context) {
  const std::string expected = "the source sends its binlog";
  const absl::Status status = probe_from_end(context);
  if (status.ok()) return passed(expected);
  // Nobody was asked, or another precheck of this task came at the same time.
  if (absl::IsAborted(status)) return not_known(status, expected);
  const bool is_refused = reason_of(status) == "StatementFailed";
  const bool is_endpoint = is_refused || absl::IsDeadlineExceeded(status);
  CheckItem item =
      failed(status, expected, is_endpoint ? repair_of_endpoint(context.source()) : std::string());
  if (is_refused) item.reason = "StreamRefused";
  return item;
}

}  // namespace rowtide::precheck
