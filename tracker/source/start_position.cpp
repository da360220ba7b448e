#include "tracker/source/start_position.h"

#include <absl/strings/numbers.h>
#include <fmt/format.h>

#include <algorithm>

#include "common/status/reason.h"
#include "common/status/try.h"
#include "tracker/binlog/event.h"
#include "tracker/source/dump_request.h"
#include "tracker/source/event_at.h"
#include "tracker/source/gtids_at_source.h"
#include "tracker/source/position_sampler.h"
#include "tracker/source/server_info.h"
#include "tracker/source/timestamp_position.h"
#include "tracker/sql/quote.h"

namespace rowtide::source {
namespace {

using absl::StatusCode;
using binlog::Position;
using sql::quote_literal;
using sql::Session;
using sql::single_value;

absl::StatusOr<binlog::GtidSet> mysql_gtids(std::string_view text) {
  ASSIGN_OR_RETURN(binlog::MysqlGtidSet gtids, binlog::MysqlGtidSet::parse(text));
  return binlog::GtidSet(std::move(gtids));
}

absl::StatusOr<Position> latest(Session& session, const ServerInfo& facts) {
  ASSIGN_OR_RETURN(BinlogEnd end, read_binlog_end(session));
  if (facts.is_mariadb) return mariadb_position(session, std::move(end.file), end.offset);
  Position position{.gtids = {}, .file = std::move(end.file), .offset = end.offset};
  if (facts.has_gtids()) {
    // Of the same moment as file and offset, which @@gtid_executed asked for by itself would not be.
    ASSIGN_OR_RETURN(binlog::GtidSet gtids, mysql_gtids(end.executed_gtids));
    position.gtids = std::move(gtids);
  }
  return position;
}

absl::StatusOr<Position> earliest(Session& session, const ServerInfo& facts) {
  ASSIGN_OR_RETURN(std::vector<BinlogFile> files, list_binlog_files(session));
  if (files.empty()) {
    return failure(StatusCode::kFailedPrecondition, "BinlogDisabled", "the source has no binlog file");
  }
  std::string file = std::move(files.front().name);
  if (facts.is_mariadb) return mariadb_position(session, std::move(file), binlog::kFirstOffset);
  Position position{.gtids = {}, .file = std::move(file), .offset = binlog::kFirstOffset};
  if (facts.has_gtids()) {
    ASSIGN_OR_RETURN(std::optional<std::string> purged, single_value(session, "SELECT @@global.gtid_purged"));
    ASSIGN_OR_RETURN(binlog::GtidSet gtids, mysql_gtids(purged.value_or("")));
    position.gtids = std::move(gtids);
  }
  return position;
}

absl::StatusOr<Position> at_gtid_set(const std::string& text, Session& session, const ServerInfo& facts) {
  Position position;
  if (facts.is_mariadb) {
    ASSIGN_OR_RETURN(binlog::MariadbGtidSet gtids, binlog::MariadbGtidSet::parse(text));
    position.gtids = std::move(gtids);
    RETURN_IF_ERROR(check_of_source(position, session));
    return position;
  }
  if (!facts.has_gtids()) {
    return failure(
        StatusCode::kFailedPrecondition, "GtidModeOff",
        fmt::format("spec.startPosition.mode is GTIDSet, but gtid_mode is {} at the source; switch gtid_mode "
                    "to ON, or start with mode BinlogFile",
                    facts.gtid_mode));
  }
  ASSIGN_OR_RETURN(binlog::GtidSet gtids, mysql_gtids(text));
  position.gtids = std::move(gtids);
  RETURN_IF_ERROR(check_of_source(position, session));
  return position;
}

/// What the server only says when it is asked for the stream, and what cannot be read without what it
/// follows.
absl::Status check_is_boundary(const Position& position, Session& session) {
  const absl::StatusOr<std::optional<EventAt>> event = event_at(session, position.file, position.offset);
  if (!event.ok() && !absl::IsOutOfRange(event.status())) return event.status();
  const bool is_inside = event.ok() && event->has_value() && (*event)->is_inside_transaction();
  if (event.ok() && !is_inside) return absl::OkStatus();
  return failure(
      StatusCode::kOutOfRange, "BinlogPositionUnknown",
      fmt::format("spec.startPosition.offset {} of {} is {}; give the offset of a transaction's first event "
                  "(SHOW BINLOG EVENTS IN {} shows them), or 4 for the beginning of the file",
                  position.offset, position.file,
                  is_inside ? fmt::format("in the middle of a transaction ({})", (*event)->type)
                            : "in the middle of an event",
                  quote_literal(position.file)));
}

absl::StatusOr<Position> at_file(const task::StartPosition& start, Session& session,
                                 const ServerInfo& facts) {
  ASSIGN_OR_RETURN(std::vector<BinlogFile> files, list_binlog_files(session));
  const auto file =
      std::find_if(files.begin(), files.end(), [&](const BinlogFile& f) { return f.name == start.file; });
  if (file == files.end()) {
    return failure(StatusCode::kOutOfRange, "BinlogPositionPurged",
                   fmt::format("spec.startPosition.file {} is not at the source. {}. {}", start.file,
                               describe_earliest(session), lost_position_choices()));
  }
  if (start.offset < binlog::kFirstOffset || start.offset > file->size) {
    return failure(StatusCode::kOutOfRange, "BinlogPositionUnknown",
                   fmt::format("spec.startPosition.offset {} is not inside {}: from 4 to {}", start.offset,
                               start.file, file->size));
  }
  Position position{.gtids = {}, .file = start.file, .offset = start.offset};
  RETURN_IF_ERROR(check_is_boundary(position, session));
  if (facts.is_mariadb) return mariadb_position(session, start.file, start.offset);
  RETURN_IF_ERROR(check_position_fits(position, facts));
  return position;
}

absl::StatusOr<Position> look_up(const task::StartPosition& start, Session& session, const ServerInfo& facts,
                                 const OpenSource& open_source) {
  switch (start.mode) {
    case task::StartMode::Latest:
      return latest(session, facts);
    case task::StartMode::Earliest:
      return earliest(session, facts);
    case task::StartMode::GtidSet:
      return at_gtid_set(start.gtid_set, session, facts);
    case task::StartMode::BinlogFile:
      return at_file(start, session, facts);
    case task::StartMode::Timestamp:
      return find_time(start.timestamp_us, session, facts, open_source);
  }
  return absl::InvalidArgumentError(
      "spec.startPosition.mode is none of Latest, Earliest, Timestamp, GTIDSet, BinlogFile");
}

}  // namespace

absl::StatusOr<Position> resolve_start_position(const task::StartPosition& start, Session& session,
                                                const OpenSource& open_source) {
  ASSIGN_OR_RETURN(const ServerInfo facts, read_server_info(session));
  absl::StatusOr<Position> position = look_up(start, session, facts, open_source);
  if (position.ok() && !position->file.empty()) position->server = facts.server;
  return position;
}

absl::StatusOr<std::string> check_start_position(const task::StartPosition& start, Session& session,
                                                 const OpenSource& open_source,
                                                 std::chrono::steady_clock::time_point deadline) {
  if (start.mode != task::StartMode::Timestamp) {
    ASSIGN_OR_RETURN(const Position position, resolve_start_position(start, session, open_source));
    return binlog::to_string(position);
  }
  ASSIGN_OR_RETURN(const ServerInfo facts, read_server_info(session));
  ASSIGN_OR_RETURN(const std::vector<BinlogFile> files, list_binlog_files(session));
  ASSIGN_OR_RETURN(const std::size_t index,
                   find_file_of_time(start.timestamp_us, files, session, facts, open_source, deadline));
  return fmt::format("from {} on", files[index].name);
}

}  // namespace rowtide::source
