#include "tracker/source/server_info.h"

#include <absl/strings/numbers.h>
#include <fmt/format.h>

#include <charconv>
#include <map>

#include "common/status/try.h"

namespace rowtide::source {
namespace {

using Variables = std::map<std::string, std::string>;

constexpr std::uint64_t kDaySeconds = 86'400;

std::uint32_t take_number(std::string_view& text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (error == std::errc() && text.starts_with('.')) text.remove_prefix(1);
  return number;
}

std::string get(const Variables& variables, const std::string& name) {
  const auto found = variables.find(name);
  return found == variables.end() ? std::string() : found->second;
}

/// The newer variable in seconds wins over the older one in days, which MariaDB gives with decimals.
std::optional<std::uint64_t> retention_of(const Variables& variables) {
  std::uint64_t seconds = 0;
  const bool has_seconds = absl::SimpleAtoi(get(variables, "binlog_expire_logs_seconds"), &seconds);
  if (has_seconds && seconds != 0) return seconds;
  double days = 0;
  if (absl::SimpleAtod(get(variables, "expire_logs_days"), &days)) {
    return static_cast<std::uint64_t>(days * static_cast<double>(kDaySeconds));
  }
  if (has_seconds) return seconds;
  return std::nullopt;
}

}  // namespace

bool is_mariadb_version(std::string_view text) {
  return text.find("MariaDB") != std::string_view::npos || text.find("mariadb") != std::string_view::npos;
}

ServerVersion parse_server_version(std::string_view text) {
  if (is_mariadb_version(text) && text.starts_with("5.5.5-")) text.remove_prefix(6);
  ServerVersion version;
  version.major = take_number(text);
  version.minor = take_number(text);
  version.patch = take_number(text);
  return version;
}

std::vector<std::string_view> session_settings(std::string_view version_text) {
  // quote_literal() escapes with backslashes, and ANSI_QUOTES or the like of a server's default must not
  // change names.
  std::vector<std::string_view> statements = {"SET SESSION sql_mode = ''"};
  // A limit that is meant for applications' statements: the catalog of many tables takes longer.
  statements.emplace_back(is_mariadb_version(version_text) ? "SET SESSION max_statement_time = 0"
                                                           : "SET SESSION max_execution_time = 0");
  constexpr ServerVersion kFirstWithGeneratedKeys{8, 0, 30};
  if (!is_mariadb_version(version_text) && parse_server_version(version_text) >= kFirstWithGeneratedKeys) {
    // Row images hold generated invisible primary keys; a server can be set to hide them from
    // information_schema, so that what it says of tables would not fit their rows.
    statements.emplace_back("SET SESSION show_gipk_in_create_table_and_information_schema = ON");
  }
  return statements;
}

absl::StatusOr<ServerInfo> read_server_info(sql::Session& session) {
  ASSIGN_OR_RETURN(
      const sql::Result result,
      session.query(
          "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('version', 'server_id', 'server_uuid', 'hostname', "
          "'port', 'log_bin', "
          "'binlog_format', "
          "'binlog_row_image', 'binlog_row_metadata', 'binlog_checksum', 'gtid_mode', "
          "'binlog_expire_logs_seconds', "
          "'expire_logs_days', 'max_binlog_total_size', 'binlog_space_limit', 'lower_case_table_names')"));
  Variables variables;
  for (const sql::Row& row : result.rows) {
    if (row.size() >= 2 && row[0] && row[1]) variables[*row[0]] = *row[1];
  }
  ServerInfo facts;
  facts.version_text = get(variables, "version");
  facts.version = parse_server_version(facts.version_text);
  facts.is_mariadb = is_mariadb_version(facts.version_text);
  if (!absl::SimpleAtoi(get(variables, "server_id"), &facts.server_id)) facts.server_id = 0;
  facts.server = facts.is_mariadb ? fmt::format("{}@{}:{}", facts.server_id, get(variables, "hostname"),
                                                get(variables, "port"))
                                  : get(variables, "server_uuid");
  const std::string lower_case = get(variables, "lower_case_table_names");
  facts.lower_case_names = !lower_case.empty() && lower_case != "0";
  facts.log_bin = get(variables, "log_bin") == "ON";
  facts.binlog_format = get(variables, "binlog_format");
  facts.binlog_row_image = get(variables, "binlog_row_image");
  facts.binlog_row_metadata = get(variables, "binlog_row_metadata");
  facts.binlog_checksum = get(variables, "binlog_checksum");
  facts.gtid_mode = get(variables, "gtid_mode");
  facts.retention_seconds = retention_of(variables);
  for (const char* name :
       {"max_binlog_total_size", "binlog_space_limit"}) {  // MariaDB from 11.4 on, Percona Server
    if (!absl::SimpleAtoi(get(variables, name), &facts.binlog_size_limit)) continue;
    facts.binlog_size_variable = name;
    break;
  }
  return facts;
}

std::string_view binlog_status_statement(const ServerVersion& version, bool is_mariadb) {
  constexpr ServerVersion kRenamed{8, 2, 0};
  return !is_mariadb && version >= kRenamed ? "SHOW BINARY LOG STATUS" : "SHOW MASTER STATUS";
}

std::string_view show_replicas_statement(const ServerInfo& facts) {
  constexpr ServerVersion kRenamed{8, 0, 22};
  return !facts.is_mariadb && facts.version >= kRenamed ? "SHOW REPLICAS" : "SHOW SLAVE HOSTS";
}

}  // namespace rowtide::source
