#include "tracker/binlog/position.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "common/status/try.h"
#include "tracker/binlog/binlog_coordinates.h"

namespace rowtide::binlog {
namespace {

constexpr std::string_view kMysql = "mysql";
constexpr std::string_view kMariadb = "mariadb";
constexpr std::string_view kFile = "file";

std::string_view flavor(const GtidSet& set) {
  if (std::holds_alternative<MysqlGtidSet>(set)) return kMysql;
  if (std::holds_alternative<MariadbGtidSet>(set)) return kMariadb;
  return kFile;
}

template <typename Set>
absl::StatusOr<GtidSet> parse_as(std::string_view text) {
  ASSIGN_OR_RETURN(Set set, Set::parse(text));
  return GtidSet(std::move(set));
}

absl::StatusOr<GtidSet> parse_set(std::string_view flavor, std::string_view text) {
  if (flavor == kMysql) return parse_as<MysqlGtidSet>(text);
  if (flavor == kMariadb) return parse_as<MariadbGtidSet>(text);
  if (flavor != kFile) {
    return absl::InvalidArgumentError(
        fmt::format("position: flavor is '{}', allowed are mysql, mariadb and file", flavor));
  }
  if (!text.empty()) return absl::InvalidArgumentError("position: flavor is file, but there is a gtidSet");
  return GtidSet();
}

bool is_part(const GtidSet& part, const GtidSet& whole) {
  if (part.index() != whole.index()) return false;
  if (const auto* mysql = std::get_if<MysqlGtidSet>(&part))
    return std::get<MysqlGtidSet>(whole).contains(*mysql);
  const auto* mariadb = std::get_if<MariadbGtidSet>(&part);
  return mariadb != nullptr && mariadb->is_part_of(std::get<MariadbGtidSet>(whole));
}

std::uint64_t delivered(const std::optional<Midway>& midway) {
  if (!midway) return 0;
  std::uint64_t sum = midway->schema_changes;
  for (const auto& [table, rows] : midway->rows) sum += rows;
  return sum;
}

absl::Status bad_field(std::string_view field, std::string_view expected) {
  return absl::InvalidArgumentError(fmt::format("position: {} is missing or not {}", field, expected));
}

absl::Status read_prepared(const nlohmann::json& position, std::string_view flavor,
                           std::vector<PreparedXa>& out) {
  const nlohmann::json list = position.value("preparedXa", nlohmann::json::array());
  if (!list.is_array()) return bad_field("preparedXa", "a list");
  for (const nlohmann::json& entry : list) {
    const auto field = [&entry](const char* name) {
      return entry.is_object() ? entry.value(name, nlohmann::json()) : nlohmann::json();
    };
    const nlohmann::json xid = field("xid");
    const nlohmann::json gtids = field("gtidSet");
    const nlohmann::json file = field("file");
    const nlohmann::json offset = field("offset");
    const nlohmann::json rows = field("rows");
    if (!xid.is_string() || !gtids.is_string() || !file.is_string() || !offset.is_number_unsigned() ||
        !rows.is_boolean()) {
      return bad_field("preparedXa", "a list of xid, gtidSet, file, offset and rows");
    }
    ASSIGN_OR_RETURN(GtidSet set, parse_set(flavor, gtids.get_ref<const std::string&>()));
    out.push_back({xid.get<std::string>(), std::move(set), file.get<std::string>(),
                   offset.get<std::uint64_t>(), rows.get<bool>()});
  }
  return absl::OkStatus();
}

absl::Status read_midway(const nlohmann::json& position, std::optional<Midway>& out) {
  const auto found = position.find("midway");
  if (found == position.end()) return absl::OkStatus();
  const auto field = [&found](const char* name) {
    return found->is_object() ? found->value(name, nlohmann::json()) : nlohmann::json();
  };
  const nlohmann::json transaction = field("transaction");
  const nlohmann::json rows = field("rows");
  const nlohmann::json schema_changes = field("schemaChanges");
  bool is_good = transaction.is_string() && rows.is_object() && schema_changes.is_number_unsigned();
  Midway midway;
  for (const auto& [table, count] : rows.items()) {
    is_good = is_good && count.is_number_unsigned();
    if (is_good) midway.rows[table] = count.get<std::uint64_t>();
  }
  if (!is_good) return bad_field("midway", "a transaction, rows by table, and schemaChanges");
  midway.transaction = transaction.get<std::string>();
  midway.schema_changes = schema_changes.get<std::uint64_t>();
  out = std::move(midway);
  return absl::OkStatus();
}

std::string between_transactions(const Position& position) {
  const std::string gtids = shortened(to_string(position.gtids));
  const std::string place =
      position.file.empty() ? std::string() : fmt::format("{}:{}", position.file, position.offset);
  if (gtids.empty()) return place.empty() ? "the beginning" : place;
  return place.empty() ? fmt::format("GTIDs {}", gtids) : fmt::format("{} (GTIDs {})", place, gtids);
}

}  // namespace

bool is_before(const Position& a, const Position& b) {
  const bool is_same_server = a.server == b.server;
  const BinlogCoordinates at_a{a.file, a.offset};
  const BinlogCoordinates at_b{b.file, b.offset};
  if (a.gtids != b.gtids) {
    // MariaDB's sequences may go back from one transaction to the next; places in its files do not.
    const bool goes_by_place = is_same_server && !a.server.empty() &&
                               std::holds_alternative<MariadbGtidSet>(a.gtids) &&
                               std::holds_alternative<MariadbGtidSet>(b.gtids);
    return goes_by_place ? at_a < at_b : is_part(a.gtids, b.gtids);
  }
  if (!is_same_server && std::holds_alternative<std::monostate>(a.gtids)) return false;
  if (is_same_server && at_a != at_b) return at_a < at_b;
  return delivered(a.midway) < delivered(b.midway);
}

std::string to_string(const Position& position) {
  std::string text = between_transactions(position);
  if (!position.midway) return text;
  std::uint64_t rows = 0;
  for (const auto& [table, count] : position.midway->rows) rows += count;
  return fmt::format("{}, after {} rows of transaction {}", text, rows, position.midway->transaction);
}

std::string to_json(const Position& position) {
  nlohmann::ordered_json json = {{"flavor", flavor(position.gtids)},
                                 {"gtidSet", to_string(position.gtids)},
                                 {"file", position.file},
                                 {"offset", position.offset}};
  for (const PreparedXa& xa : position.prepared) {
    json["preparedXa"].push_back({{"xid", xa.xid},
                                  {"gtidSet", to_string(xa.gtids)},
                                  {"file", xa.file},
                                  {"offset", xa.offset},
                                  {"rows", xa.has_rows}});
  }
  if (position.schema_version != 0) json["schemaVersion"] = position.schema_version;
  if (!position.server.empty()) json["server"] = position.server;
  if (position.file_created != 0) json["fileCreated"] = position.file_created;
  if (position.midway) {
    json["midway"] = {{"transaction", position.midway->transaction},
                      {"rows", position.midway->rows},
                      {"schemaChanges", position.midway->schema_changes}};
  }
  // A file name comes from the server: bytes that are not UTF-8 must not throw here.
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

absl::StatusOr<Position> position_from_json(std::string_view json) {
  const nlohmann::json parsed = nlohmann::json::parse(json, nullptr, false);
  if (!parsed.is_object()) return absl::InvalidArgumentError("position: not a JSON object");
  const auto field = [&parsed](const char* name) { return parsed.value(name, nlohmann::json()); };
  const nlohmann::json flavor = field("flavor");
  const nlohmann::json gtids = field("gtidSet");
  const nlohmann::json file = field("file");
  const nlohmann::json offset = field("offset");
  if (!flavor.is_string()) return bad_field("flavor", "a string");
  if (!gtids.is_string()) return bad_field("gtidSet", "a string");
  if (!file.is_string()) return bad_field("file", "a string");
  if (!offset.is_number_unsigned()) return bad_field("offset", "a whole number from 0");

  ASSIGN_OR_RETURN(GtidSet set,
                   parse_set(flavor.get_ref<const std::string&>(), gtids.get_ref<const std::string&>()));
  Position position{std::move(set), file.get<std::string>(), offset.get<std::uint64_t>(), {}};
  const nlohmann::json schema_version = parsed.value("schemaVersion", nlohmann::json(0U));
  if (!schema_version.is_number_unsigned()) return bad_field("schemaVersion", "a whole number from 0");
  position.schema_version = schema_version.get<std::uint64_t>();
  const nlohmann::json server = parsed.value("server", nlohmann::json(""));
  if (!server.is_string()) return bad_field("server", "a string");
  position.server = server.get<std::string>();
  const nlohmann::json file_created = parsed.value("fileCreated", nlohmann::json(0U));
  if (!file_created.is_number_unsigned()) return bad_field("fileCreated", "a whole number from 0");
  position.file_created = file_created.get<std::uint32_t>();
  RETURN_IF_ERROR(read_midway(parsed, position.midway));
  RETURN_IF_ERROR(read_prepared(parsed, flavor.get<std::string>(), position.prepared));
  return position;
}

}  // namespace rowtide::binlog
