#include "tracker/source/same_binlog.h"

#include <absl/time/time.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "common/status/reason.h"
#include "common/status/try.h"
#include "tracker/binlog/event.h"
#include "tracker/source/event_at.h"
#include "tracker/source/timestamp_position.h"
#include "tracker/sql/quote.h"

namespace rowtide::source {
namespace {

using binlog::Position;

std::string created_text(std::int64_t seconds) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", absl::FromUnixSeconds(seconds), absl::UTCTimeZone());
}

absl::Status was_reset(const Position& from, std::string_view how_known, sql::Session& session) {
  return failure(
      absl::StatusCode::kOutOfRange, "BinlogReset",
      fmt::format("the source's binlog is not the one that was read up to {}: {}. It was reset (RESET "
                  "MASTER, RESET BINARY LOGS AND GTIDS) or came with a backup, and what was committed "
                  "in between cannot be known. {}. {}",
                  binlog::to_string(from), how_known, describe_earliest(session), lost_position_choices()));
}

/// The number at the end of a file's name, with the name before it.
std::pair<std::string_view, std::uint64_t> numbered(std::string_view file) {
  const std::size_t dot = file.rfind('.');
  if (dot == std::string_view::npos) return {file, 0};
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(file.data() + dot + 1, file.data() + file.size(), number);
  if (error != std::errc() || end != file.data() + file.size()) return {file, 0};
  return {file.substr(0, dot), number};
}

bool is_later(std::string_view file, std::string_view than) {
  const auto [base, number] = numbered(file);
  const auto [other_base, other_number] = numbered(than);
  return base == other_base && number > other_number;
}

/// The GTIDs of the position that do not stand before the earliest file.
absl::StatusOr<std::string> not_before(const Position& from, const std::string& earliest,
                                       sql::Session& session) {
  if (const auto* mariadb = std::get_if<binlog::MariadbGtidSet>(&from.gtids)) {
    ASSIGN_OR_RETURN(const Position before, mariadb_position(session, earliest, binlog::kFirstOffset));
    return mariadb->beyond(std::get<binlog::MariadbGtidSet>(before.gtids)).to_string();
  }
  const auto* mysql = std::get_if<binlog::MysqlGtidSet>(&from.gtids);
  if (mysql == nullptr) return std::string();
  ASSIGN_OR_RETURN(const auto beyond,
                   sql::single_value(session, fmt::format("SELECT GTID_SUBTRACT({}, @@global.gtid_purged)",
                                                          sql::quote_literal(mysql->to_string()))));
  std::string gtids = beyond.value_or("");
  std::erase(gtids, '\n');
  return gtids;
}

bool is_delivered(const Position& position, const std::string& gtid) {
  if (const auto* mysql = std::get_if<binlog::MysqlGtidSet>(&position.gtids)) {
    const absl::StatusOr<binlog::MysqlGtidSet> next = binlog::MysqlGtidSet::parse(gtid);
    return next.ok() && !next->empty() && mysql->contains(*next);
  }
  if (const auto* mariadb = std::get_if<binlog::MariadbGtidSet>(&position.gtids)) {
    const absl::StatusOr<binlog::MariadbGtidSet> next = binlog::MariadbGtidSet::parse(gtid);
    const std::optional<binlog::MariadbGtid> only = next.ok() ? next->only_gtid() : std::nullopt;
    return only.has_value() && mariadb->has_reached(*only);
  }
  return false;
}

/// Files are told apart by the second in which they were begun. Of one that was reset within that second
/// other transactions stand where the position is: what there is to say against it, if anything.
std::string difference_at(const Position& from, sql::Session& session) {
  const absl::StatusOr<std::optional<EventAt>> event = event_at(session, from.file, from.offset);
  if (absl::IsOutOfRange(event.status())) return "no event begins there";
  if (!event.ok() || !event->has_value()) return {};
  if ((*event)->is_inside_transaction())
    return fmt::format("there is the middle of a transaction ({})", (*event)->type);
  const std::string gtid = (*event)->gtid();
  return is_delivered(from, gtid) ? fmt::format("transaction {} comes after it", gtid) : std::string();
}

}  // namespace

absl::StatusOr<bool> is_in_same_file(const Position& from, const ServerInfo& facts, sql::Session& session,
                                     const OpenSource& open_source) {
  if (from.file_created == 0 || from.server.empty() || from.server != facts.server) return false;
  ASSIGN_OR_RETURN(const std::vector<BinlogFile> files, list_binlog_files(session));
  if (files.empty()) return false;

  if (std::any_of(files.begin(), files.end(),
                  [&](const BinlogFile& each) { return each.name == from.file; })) {
    ASSIGN_OR_RETURN(const std::int64_t created, file_created(from.file, open_source));
    if (created == from.file_created) {
      const std::string difference = difference_at(from, session);
      if (difference.empty()) return true;
      return was_reset(from, difference, session);
    }
    return was_reset(from,
                     fmt::format("its file {} was begun at {}, the one that was read at {}", from.file,
                                 created_text(created), created_text(from.file_created)),
                     session);
  }
  if (is_later(from.file, files.back().name)) {
    return was_reset(from, fmt::format("its last file is {}", files.back().name), session);
  }
  // Purged: then everything that was read stands before the earliest file that is left.
  ASSIGN_OR_RETURN(const std::string beyond, not_before(from, files.front().name, session));
  if (beyond.empty()) return false;
  return was_reset(
      from,
      fmt::format("{}, which comes after {}, has not {} before it", files.front().name, from.file, beyond),
      session);
}

}  // namespace rowtide::source
