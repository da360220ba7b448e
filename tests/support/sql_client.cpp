#include "tests/support/sql_client.h"

#include <fmt/format.h>
#include <mysql.h>

#include <stdexcept>
#include <utility>

namespace rowtide::test {
namespace {

struct FreeResult {
  void operator()(MYSQL_RES* result) const { mysql_free_result(result); }
};
using Result = std::unique_ptr<MYSQL_RES, FreeResult>;

const char* or_null(const std::string& text) {
  return text.empty() ? nullptr : text.c_str();
}

std::string shortened(std::string_view sql) {
  constexpr std::size_t kShown = 300;
  return sql.size() <= kShown ? std::string{sql} : std::string{sql.substr(0, kShown)} + "...";
}

}  // namespace

struct SqlClient::Connection {
  MYSQL* mysql = mysql_init(nullptr);
  Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { mysql_close(mysql); }

  Result run(std::string_view sql) const {
    if (mysql_real_query(mysql, sql.data(), sql.size()) != 0) fail(sql);
    Result result{mysql_store_result(mysql)};
    if (!result && mysql_field_count(mysql) != 0) fail(sql);
    return result;
  }

  [[noreturn]] void fail(std::string_view sql) const {
    throw std::runtime_error(
        fmt::format("error {}: {}\nin: {}", mysql_errno(mysql), mysql_error(mysql), shortened(sql)));
  }
};

SqlClient::SqlClient(const SqlEndpoint& endpoint) : connection_(std::make_unique<Connection>()) {
  MYSQL* mysql = connection_->mysql;
  mysql_options(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  const MYSQL* connected =
      mysql_real_connect(mysql, endpoint.socket.empty() ? endpoint.host.c_str() : nullptr,
                         endpoint.user.c_str(), endpoint.password.c_str(), or_null(endpoint.database),
                         static_cast<unsigned>(endpoint.port), or_null(endpoint.socket), 0);
  if (connected == nullptr) {
    throw std::runtime_error(fmt::format("cannot connect as {} to {}{}:{}: error {}: {}", endpoint.user,
                                         endpoint.socket, endpoint.host, endpoint.port, mysql_errno(mysql),
                                         mysql_error(mysql)));
  }
}

SqlClient::~SqlClient() = default;
SqlClient::SqlClient(SqlClient&&) noexcept = default;
SqlClient& SqlClient::operator=(SqlClient&&) noexcept = default;

void SqlClient::exec(std::string_view sql) {
  connection_->run(sql);
}

Rows SqlClient::query(std::string_view sql) {
  const Result result = connection_->run(sql);
  Rows rows;
  if (!result) return rows;
  const unsigned fields = mysql_num_fields(result.get());
  while (MYSQL_ROW values = mysql_fetch_row(result.get())) {
    const unsigned long* lengths = mysql_fetch_lengths(result.get());
    Row row(fields);
    for (unsigned i = 0; i < fields; ++i) {
      if (values[i] != nullptr) row[i].emplace(values[i], lengths[i]);
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string SqlClient::value(std::string_view sql) {
  Rows rows = query(sql);
  if (rows.size() != 1 || rows[0].size() != 1 || !rows[0][0]) {
    throw std::runtime_error("not exactly one value from: " + shortened(sql));
  }
  return *std::move(rows[0][0]);
}

}  // namespace rowtide::test
