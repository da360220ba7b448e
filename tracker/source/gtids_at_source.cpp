#include "tracker/source/gtids_at_source.h"

#include <absl/strings/str_split.h>
#include <fmt/format.h>

#include <utility>
#include <vector>

#include "common/status/reason.h"
#include "common/status/try.h"
#include "tracker/binlog/event.h"
#include "tracker/source/binlog_files.h"
#include "tracker/sql/quote.h"

namespace rowtide::source {
namespace {

using absl::StatusCode;
using binlog::Position;
using sql::quote_literal;
using sql::Session;

/// Of MariaDB's binlog: the last transaction of each server in each domain. And where it stands as a replica:
/// a source that was made from a backup begins its binlog behind that.
absl::StatusOr<std::vector<binlog::MariadbGtid>> last_logged(Session& session) {
  ASSIGN_OR_RETURN(
      const std::optional<std::string> text,
      sql::single_value(session, "SELECT CONCAT(@@global.gtid_binlog_state, ',', @@global.gtid_slave_pos)"));
  std::vector<binlog::MariadbGtid> all;
  for (const std::string& each :
       std::vector<std::string>(absl::StrSplit(text.value_or(""), ',', absl::SkipWhitespace()))) {
    ASSIGN_OR_RETURN(const binlog::MariadbGtidSet one, binlog::MariadbGtidSet::parse(each));
    if (const auto gtid = one.only_gtid()) all.push_back(*gtid);
  }
  return all;
}

/// Those of the set that the source has not executed.
absl::StatusOr<std::string> not_executed(const binlog::MysqlGtidSet& gtids, Session& session) {
  ASSIGN_OR_RETURN(std::optional<std::string> missing,
                   sql::single_value(session, fmt::format("SELECT GTID_SUBTRACT({}, @@global.gtid_executed)",
                                                          quote_literal(gtids.to_string()))));
  return std::move(missing).value_or("");
}

/// Without strict mode the last transaction of a domain may have a lower sequence than another server's in
/// front of it, so each is looked for among its own server's. One of a server of which the source has logged
/// nothing counts as executed when its domain is as far: such a source was made from a backup.
bool has_executed(const binlog::MariadbGtid& gtid, const std::vector<binlog::MariadbGtid>& last_of_each) {
  bool is_server_known = false;
  bool is_domain_as_far = false;
  for (const binlog::MariadbGtid& last : last_of_each) {
    if (last.domain != gtid.domain) continue;
    if (last.server_id == gtid.server_id && last.sequence >= gtid.sequence) return true;
    is_server_known |= last.server_id == gtid.server_id;
    is_domain_as_far |= last.sequence >= gtid.sequence;
  }
  return !is_server_known && is_domain_as_far;
}

absl::StatusOr<std::string> not_executed(const binlog::MariadbGtidSet& gtids, Session& session) {
  ASSIGN_OR_RETURN(const std::vector<binlog::MariadbGtid> last_of_each, last_logged(session));
  binlog::MariadbGtidSet missing;
  for (const auto& [domain, gtid] : gtids.domains()) {
    if (!has_executed(gtid, last_of_each)) missing.add(gtid);
  }
  return missing.to_string();
}

absl::Status not_of_source(std::string_view gtids) {
  return failure(
      StatusCode::kOutOfRange, "BinlogPositionUnknown",
      fmt::format("spec.startPosition.gtidSet holds transactions that the source has not executed: {}; check "
                  "that the set was taken from this source",
                  binlog::shortened(gtids)));
}

/// MariaDB has no list of what it has purged: it is what stands before the first file that is left.
absl::Status check_not_purged(const binlog::MariadbGtidSet& gtids, Session& session) {
  ASSIGN_OR_RETURN(const std::vector<BinlogFile> files, list_binlog_files(session));
  if (files.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const Position first, mariadb_position(session, files.front().name, binlog::kFirstOffset));
  const binlog::MariadbGtidSet missing = std::get<binlog::MariadbGtidSet>(first.gtids).beyond(gtids);
  if (missing.empty()) return absl::OkStatus();
  return failure(
      StatusCode::kOutOfRange, "BinlogPositionPurged",
      fmt::format(
          "spec.startPosition.gtidSet {} begins before {}, and the source has purged its binlog up to "
          "there. {}. {}",
          gtids.to_string(), missing.to_string(), describe_earliest(session), lost_position_choices()));
}

}  // namespace

absl::Status check_not_purged(const Position& from, Session& session) {
  const auto* gtids = std::get_if<binlog::MysqlGtidSet>(&from.gtids);
  if (gtids == nullptr) return absl::OkStatus();
  ASSIGN_OR_RETURN(std::optional<std::string> missing,
                   sql::single_value(session, fmt::format("SELECT GTID_SUBTRACT(@@global.gtid_purged, {})",
                                                          quote_literal(gtids->to_string()))));
  if (missing.value_or("").empty()) return absl::OkStatus();
  return failure(
      StatusCode::kOutOfRange, "BinlogPositionPurged",
      fmt::format("the source no longer has the binlog from which to go on: it has purged {}, which comes "
                  "after {}. {}. {}",
                  binlog::shortened(*missing), binlog::to_string(from), describe_earliest(session),
                  lost_position_choices()));
}

absl::Status check_executed(const Position& from, Session& session) {
  const std::string midway = from.midway ? from.midway->transaction : std::string();
  absl::StatusOr<std::string> missing = std::string();
  std::string delivered;
  std::string shown_by;
  if (const auto* mysql = std::get_if<binlog::MysqlGtidSet>(&from.gtids)) {
    binlog::MysqlGtidSet gtids = *mysql;
    if (const auto begun = binlog::MysqlGtidSet::parse(midway); begun.ok()) gtids.unite(*begun);
    missing = not_executed(gtids, session);
    delivered = gtids.to_string();
    shown_by = "SELECT GTID_SUBTRACT('DELIVERED', @@global.gtid_executed)";
  } else if (const auto* mariadb = std::get_if<binlog::MariadbGtidSet>(&from.gtids)) {
    binlog::MariadbGtidSet gtids = *mariadb;
    const auto begun = binlog::MariadbGtidSet::parse(midway);
    if (const auto gtid = begun.ok() ? begun->only_gtid() : std::nullopt) gtids.add(*gtid);
    missing = not_executed(gtids, session);
    delivered = gtids.to_string();
    shown_by = "SELECT @@global.gtid_binlog_state";
  }
  if (!missing.ok() || missing->empty()) return missing.status();
  // Not what is missing: it changes while a replica catches up, and each change of a message is a write of
  // the task's status.
  return failure(
      StatusCode::kUnavailable, "SourceBehind",
      fmt::format(
          "the source lacks transactions that were delivered already: delivered are {}, and {} on the source "
          "shows what it lacks. If it is a replica that catches up, this passes. If they are lost (a fail-over "
          "to a server that had not received them, RESET MASTER, or a server restored from a backup), "
          "consumers have changes that the source does not: compare the tables, then raise spec.resetNonce "
          "with spec.startPosition",
          binlog::shortened(delivered), shown_by));
}

absl::Status check_of_source(const Position& from, Session& session) {
  if (const auto* mysql = std::get_if<binlog::MysqlGtidSet>(&from.gtids)) {
    ASSIGN_OR_RETURN(const std::string missing, not_executed(*mysql, session));
    return missing.empty() ? check_not_purged(from, session) : not_of_source(missing);
  }
  const auto* mariadb = std::get_if<binlog::MariadbGtidSet>(&from.gtids);
  if (mariadb == nullptr) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::string missing, not_executed(*mariadb, session));
  return missing.empty() ? check_not_purged(*mariadb, session) : not_of_source(missing);
}

}  // namespace rowtide::source
