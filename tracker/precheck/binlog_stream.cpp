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

absl::StatusOr<binlog::Position> end_of_binlog(CheckContext& context) {
  task::StartPosition end;
  end.mode = task::StartMode::Latest;
  return source::resolve_start_position(end, context.session(),
                                        source::search_source(context.task(), context.secrets()));
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
  const absl::StatusOr<binlog::Position> end = end_of_binlog(context);
  if (end.ok() && context.time_left() < kStreamReserve) {
    return not_known(failure(absl::StatusCode::kDeadlineExceeded, "Timeout",
                             "the source was not asked: it answers so slowly that the precheck's time is up"),
                     expected);
  }
  const absl::Status status =
      end.ok() ? source::probe_stream(context.task(), context.secrets(), *end, kStreamTime) : end.status();
  if (status.ok()) return passed(expected);
  // Another precheck of this task, at the same time.
  if (absl::IsAborted(status)) return not_known(status, expected);
  const bool is_refused = reason_of(status) == "StatementFailed";
  const bool is_endpoint = is_refused || absl::IsDeadlineExceeded(status);
  CheckItem item =
      failed(status, expected, is_endpoint ? repair_of_endpoint(context.source()) : std::string());
  if (is_refused) item.reason = "StreamRefused";
  return item;
}

}  // namespace rowtide::precheck
