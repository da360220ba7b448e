#include "tracker/source/binlog_files.h"

#include <absl/strings/numbers.h>
#include <fmt/format.h>

#include <optional>
#include <utility>

#include "common/status/reason.h"
#include "common/status/try.h"
#include "tracker/binlog/event.h"
#include "tracker/sql/quote.h"

namespace rowtide::source {

using absl::StatusCode;
using binlog::Position;
using sql::quote_literal;
using sql::Session;
using sql::single_value;

absl::StatusOr<Position> mariadb_position(Session& session, std::string file, std::uint64_t offset) {
  ASSIGN_OR_RETURN(
      std::optional<std::string> text,
      single_value(session, fmt::format("SELECT BINLOG_GTID_POS({}, {})", quote_literal(file), offset)));
  if (!text.has_value()) {
    return failure(
        StatusCode::kOutOfRange, "BinlogPositionUnknown",
        fmt::format("the source has no transaction boundary at {}:{}; give the offset of a transaction's "
                    "first event (mariadb-binlog shows them), or 4 for the beginning of the file",
                    file, offset));
  }
  ASSIGN_OR_RETURN(binlog::MariadbGtidSet gtids, binlog::MariadbGtidSet::parse(*text));
  return Position{.gtids = std::move(gtids), .file = std::move(file), .offset = offset};
}

absl::StatusOr<std::vector<BinlogFile>> list_binlog_files(Session& session) {
  ASSIGN_OR_RETURN(const sql::Result result, session.query("SHOW BINARY LOGS"));
  std::vector<BinlogFile> files;
  for (const sql::Row& row : result.rows) {
    if (row.size() < 2) continue;
    BinlogFile& file = files.emplace_back(BinlogFile{.name = row[0].value_or(""), .size = 0});
    if (!absl::SimpleAtoi(row[1].value_or(""), &file.size)) file.size = 0;
  }
  return files;
}

std::string_view lost_position_choices() {
  return "Choose: bring the missing binlog files back to the source; or raise spec.resetNonce with "
         "spec.startPosition.mode Earliest (goes on at the earliest change that is left) or Latest (from "
         "now on), either with a gap, after which consumers need a fresh copy of the tables; and keep the "
         "binlog longer (binlog_expire_logs_seconds)";
}

std::string describe_earliest(Session& session) {
  const absl::StatusOr<std::vector<BinlogFile>> files = list_binlog_files(session);
  if (!files.ok() || files->empty()) return {};
  std::string text =
      fmt::format("The earliest it still has is {}:{}", files->front().name, binlog::kFirstOffset);
  const auto purged = single_value(session, "SELECT @@global.gtid_purged");
  if (purged.ok() && purged->has_value() && !(*purged)->empty()) {
    text += fmt::format(" (purged before it: {})", binlog::shortened(**purged));
  }
  return text;
}

}  // namespace rowtide::source
