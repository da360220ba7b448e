#include "tracker/source/timestamp_position.h"

#include <absl/strings/numbers.h>
#include <absl/time/time.h>
#include <fmt/format.h>

#include <utility>

#include "common/status/reason.h"
#include "common/status/try.h"
#include "common/task/server_id.h"
#include "tracker/binlog/event.h"
#include "tracker/binlog/stream_state.h"
#include "tracker/binlog/transaction_begin.h"
#include "tracker/source/binlog_source.h"
#include "tracker/source/position_sampler.h"
#include "tracker/sql/quote.h"
#include "tracker/types/temporal.h"

namespace rowtide::source {
namespace {

using absl::StatusCode;
using binlog::EventType;
using binlog::EventView;
using binlog::Position;

std::string time_text(std::int64_t us) {
  return absl::FormatTime(absl::RFC3339_full, absl::FromUnixMicros(us), absl::UTCTimeZone());
}

/// A stream of a source, from the beginning of a file.
class FileReader {
 public:
  explicit FileReader(const OpenSource& open_source) : source_(open_source()) {}

  absl::Status open(const std::string& file) {
    const Position from{.gtids = {}, .file = file, .offset = binlog::kFirstOffset};
    stream_.reset(from);
    return source_->open(from);
  }
  /// The next event that there is: waits for it.
  absl::StatusOr<EventView> next() {
    while (true) {
      ASSIGN_OR_RETURN(const Bytes bytes, source_->next());
      if (!bytes.empty()) return stream_.accept(bytes);
    }
  }
  [[nodiscard]] const binlog::StreamState& stream() const { return stream_; }

 private:
  std::unique_ptr<EventSource> source_;
  binlog::StreamState stream_;
};

absl::Status check_not_to_come(std::int64_t time_us, sql::Session& session) {
  ASSIGN_OR_RETURN(const auto now, sql::single_value(session, "SELECT UNIX_TIMESTAMP()"));
  std::int64_t seconds = 0;
  if (!absl::SimpleAtoi(now.value_or(""), &seconds))
    return absl::InternalError("the source does not say what time it is (SELECT UNIX_TIMESTAMP())");
  if (time_us / types::kMicrosPerSecond <= seconds) return absl::OkStatus();
  return failure(StatusCode::kInvalidArgument, "PositionInvalid",
                 fmt::format("spec.startPosition.timestamp {} is still to come: it is {} at the source; use "
                             "mode Latest, or an earlier time",
                             time_text(time_us), time_text(seconds * types::kMicrosPerSecond)));
}

/// Is the oldest file the first that the server ever wrote (since its binlog was last reset)?
absl::StatusOr<bool> is_complete_from(const BinlogFile& oldest, sql::Session& session,
                                      const ServerInfo& facts) {
  if (!facts.has_gtids()) {
    const std::size_t dot = oldest.name.rfind('.');
    std::uint64_t number = 0;
    return dot != std::string::npos && absl::SimpleAtoi(oldest.name.substr(dot + 1), &number) && number == 1;
  }
  ASSIGN_OR_RETURN(const auto purged,
                   sql::single_value(session, facts.is_mariadb ? fmt::format("SELECT BINLOG_GTID_POS({}, {})",
                                                                             sql::quote_literal(oldest.name),
                                                                             binlog::kFirstOffset)
                                                               : std::string("SELECT @@global.gtid_purged")));
  return purged.value_or("").empty();
}

/// The GTIDs in front of a file, and those that were passed since.
absl::Status note_gtids(const EventView& event, binlog::MysqlGtidSet& gtids) {
  if (event.header.type != EventType::PreviousGtids) return absl::OkStatus();
  ASSIGN_OR_RETURN(const binlog::MysqlGtidSet previous, binlog::MysqlGtidSet::decode(event.body));
  gtids.unite(previous);
  return absl::OkStatus();
}

absl::StatusOr<binlog::MysqlGtidSet> purged_gtids(sql::Session& session, const ServerInfo& facts) {
  if (facts.is_mariadb || !facts.has_gtids()) return binlog::MysqlGtidSet();
  ASSIGN_OR_RETURN(const auto purged, sql::single_value(session, "SELECT @@global.gtid_purged"));
  return binlog::MysqlGtidSet::parse(purged.value_or(""));
}

absl::StatusOr<Position> position_at(std::string file, std::uint64_t offset, binlog::MysqlGtidSet gtids,
                                     sql::Session& session, const ServerInfo& facts) {
  if (facts.is_mariadb) return mariadb_position(session, std::move(file), offset);
  Position position{.gtids = {}, .file = std::move(file), .offset = offset};
  if (facts.has_gtids()) position.gtids = std::move(gtids);
  return position;
}

}  // namespace

OpenSource search_source(const task::Task& task, const task::SecretReader& secrets) {
  return [task, secrets]() -> std::unique_ptr<EventSource> {
    task::Task other = task;
    // Of each reader its own: the source cuts off one of two with the same server id.
    other.uid = fmt::format("{}/search/{}", task.identity(), task::effective_server_id(task));
    other.spec.source.server_id = 0;
    return std::make_unique<BinlogSource>(other, secrets);
  };
}

absl::StatusOr<std::int64_t> file_created(const std::string& file, const OpenSource& open_source) {
  FileReader reader(open_source);
  RETURN_IF_ERROR(reader.open(file));
  while (true) {
    ASSIGN_OR_RETURN(const EventView event, reader.next());
    if (event.header.type == EventType::FormatDescription) return std::int64_t{event.header.timestamp};
  }
}

absl::StatusOr<std::size_t> find_file_of_time(std::int64_t time_us, const std::vector<BinlogFile>& files,
                                              sql::Session& session, const ServerInfo& facts,
                                              const OpenSource& open_source,
                                              std::chrono::steady_clock::time_point deadline) {
  if (files.empty())
    return failure(StatusCode::kFailedPrecondition, "BinlogDisabled", "the source has no binlog file");
  RETURN_IF_ERROR(check_not_to_come(time_us, session));
  // A file that was begun in the time's own second may have a predecessor that ended in it.
  const std::int64_t second = time_us / types::kMicrosPerSecond;
  std::size_t begin = 0;  // files before it were begun earlier than the second
  std::size_t end = files.size();
  std::int64_t oldest_begin = 0;
  while (begin < end) {
    if (std::chrono::steady_clock::now() > deadline) {
      return failure(StatusCode::kDeadlineExceeded, "Timeout",
                     fmt::format("the source is too slow to say in time in which of its {} binlog files "
                                 "spec.startPosition.timestamp stands",
                                 files.size()));
    }
    const std::size_t middle = begin + (end - begin) / 2;
    ASSIGN_OR_RETURN(const std::int64_t began, file_created(files[middle].name, open_source));
    if (middle == 0) oldest_begin = began;
    if (began < second) {
      begin = middle + 1;
    } else {
      end = middle;
    }
  }
  if (begin > 0) return begin - 1;
  ASSIGN_OR_RETURN(const bool is_complete, is_complete_from(files.front(), session, facts));
  if (is_complete) return 0;
  return failure(
      StatusCode::kOutOfRange, "BinlogPositionPurged",
      fmt::format("the source no longer has the binlog of spec.startPosition.timestamp {}: its earliest file "
                  "was begun at {}. {}. {}",
                  time_text(time_us), time_text(oldest_begin * types::kMicrosPerSecond),
                  describe_earliest(session), lost_position_choices()));
}

absl::StatusOr<Position> find_time(std::int64_t time_us, sql::Session& session, const ServerInfo& facts,
                                   const OpenSource& open_source) {
  // Before the files are listed: what is purged meanwhile may be what is looked for. A server that was made
  // from a backup has GTIDs that no file of it tells.
  ASSIGN_OR_RETURN(binlog::MysqlGtidSet purged, purged_gtids(session, facts));
  // Then the end: what comes later is later than the time as well.
  ASSIGN_OR_RETURN(BinlogEnd end, read_binlog_end(session));
  ASSIGN_OR_RETURN(const std::vector<BinlogFile> files, list_binlog_files(session));
  ASSIGN_OR_RETURN(const std::size_t index, find_file_of_time(time_us, files, session, facts, open_source,
                                                              std::chrono::steady_clock::time_point::max()));

  FileReader reader(open_source);
  RETURN_IF_ERROR(reader.open(files[index].name));
  binlog::MysqlGtidSet gtids = std::move(purged);
  while (true) {
    ASSIGN_OR_RETURN(const EventView event, reader.next());
    RETURN_IF_ERROR(note_gtids(event, gtids));
    ASSIGN_OR_RETURN(const auto begin, binlog::transaction_begin(event));
    const binlog::StreamState& stream = reader.stream();
    if (begin.has_value()) {
      if (begin->time_us >= time_us)
        return position_at(stream.file(), event.start_offset, std::move(gtids), session, facts);
      if (const auto* gtid = std::get_if<binlog::MysqlGtid>(&begin->gtid)) gtids.add(*gtid);
    }
    if (stream.file() == end.file && stream.offset() >= end.offset)
      return position_at(end.file, end.offset, std::move(gtids), session, facts);
  }
}

}  // namespace rowtide::source
