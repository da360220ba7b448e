#include "tests/support/mysql_server.h"

#include <fmt/format.h>

#include <atomic>
#include <fstream>
#include <iterator>
#include <map>
#include <stdexcept>
#include <utility>

#include "tests/support/wait_until.h"

namespace rowtide::test {
namespace {

const char* script_of(SqlFlavor flavor) {
  switch (flavor) {
    case SqlFlavor::Mysql8:
      return "mysql";
    case SqlFlavor::Mysql57:
      return "mysql57";
    case SqlFlavor::Mariadb:
      return "mariadb";
    case SqlFlavor::Mariadb114:
      return "mariadb114";
  }
  throw std::logic_error("no such SQL server");
}

std::vector<std::string> accounts_of(SqlClient& client) {
  std::vector<std::string> accounts;
  for (const Row& row : client.query("SELECT CONCAT('\'', user, '\'@\'', host, '\'') FROM mysql.user"))
    accounts.push_back(row[0].value());
  return accounts;
}

/// How the server is set and who may come in, a line each.
std::string settings_of(SqlClient& client) {
  std::string text;
  for (const Row& row : client.query("SHOW GLOBAL VARIABLES")) {
    const std::string& name = row[0].value();
    if (name != "gtid_mode" && name.starts_with("gtid_")) continue;  // they say what has been written
    text += name + " = " + row[1].value_or("NULL") + "\n";
  }
  for (const std::string& account : accounts_of(client)) text += "account " + account + "\n";
  return text;
}

void end_connections(SqlClient& client) {
  const char* const others =
      "SELECT id FROM information_schema.processlist WHERE id <> CONNECTION_ID() AND user NOT IN ('system user', "
      "'event_scheduler')";
  for (const Row& row : client.query(others)) {
    try {
      client.exec("KILL " + row[0].value());
    } catch (const std::runtime_error&) {  // it has ended by itself
    }
  }
  wait_until("nobody else is connected", [&] { return client.query(others).empty(); });
}

/// Data, accounts and binlogs of the program before go. False where it has left more than these.
bool make_as_new(SqlClient& client, const std::string& first_settings) {
  end_connections(client);
  const Rows databases = client.query(
      "SELECT schema_name FROM information_schema.schemata WHERE schema_name NOT IN ('mysql', 'sys', "
      "'information_schema', 'performance_schema')");
  for (const Row& row : databases) client.exec("DROP DATABASE `" + row[0].value() + "`");
  for (const std::string& account : accounts_of(client)) {
    if (first_settings.find("account " + account + "\n") == std::string::npos)
      client.exec("DROP USER " + account);
  }
  client.exec("RESET MASTER");
  return settings_of(client) == first_settings && client.query("XA RECOVER").empty();
}

}  // namespace

bool is_mariadb(SqlFlavor flavor) {
  return flavor == SqlFlavor::Mariadb || flavor == SqlFlavor::Mariadb114;
}

std::string flavor_name(SqlFlavor flavor) {
  std::string name = script_of(flavor);
  name[0] = static_cast<char>(name[0] - 'a' + 'A');
  return flavor == SqlFlavor::Mysql8 ? name + "8" : name;
}

MysqlServer::MysqlServer(SqlFlavor flavor, ServerOptions options)
    : flavor_(flavor), server_(script_of(flavor), std::move(options)) {}

MysqlServer::MysqlServer(SqlFlavor flavor, Shared /*shared*/) : flavor_(flavor), server_(script_of(flavor)) {
  const std::filesystem::path file = server_.folder() / "settings";
  if (server_.was_used()) {
    std::ifstream stream(file);
    if (make_as_new(admin(), {std::istreambuf_iterator<char>{stream}, {}})) return;
    admin_.reset();
    server_.begin_anew();
  }
  std::ofstream(file) << settings_of(admin());
}

std::unique_ptr<MysqlServer> MysqlServer::mysql8(ServerOptions options) {
  return std::make_unique<MysqlServer>(SqlFlavor::Mysql8, std::move(options));
}

std::unique_ptr<MysqlServer> MysqlServer::mariadb(ServerOptions options) {
  return std::make_unique<MysqlServer>(SqlFlavor::Mariadb, std::move(options));
}

MysqlServer& MysqlServer::shared(SqlFlavor flavor) {
  static std::map<SqlFlavor, std::unique_ptr<MysqlServer>> servers;
  std::unique_ptr<MysqlServer>& server = servers[flavor];
  if (!server) server = std::make_unique<MysqlServer>(flavor, Shared{});
  return *server;
}

SqlClient& MysqlServer::admin() {
  if (!admin_) admin_ = connect();
  return *admin_;
}

SqlClient MysqlServer::connect(const std::string& database) const {
  return SqlClient{
      {.host = {}, .port = 0, .socket = socket(), .user = "root", .password = {}, .database = database}};
}

SqlClient MysqlServer::connect_as(const std::string& user, const std::string& password,
                                  const std::string& database) const {
  return SqlClient{{.host = host(),
                    .port = port(),
                    .socket = {},
                    .user = user,
                    .password = password,
                    .database = database}};
}

std::string MysqlServer::fresh_database() {
  static std::atomic<int> last{0};
  std::string name = fmt::format("db{}", ++last);
  exec("CREATE DATABASE " + name);
  return name;
}

void MysqlServer::create_user(const std::string& name, const std::string& password,
                              const std::string& privileges) {
  exec(fmt::format("CREATE USER IF NOT EXISTS '{}'@'%' IDENTIFIED BY '{}'", name, password));
  if (!privileges.empty()) exec(fmt::format("GRANT {} ON *.* TO '{}'@'%'", privileges, name));
}

void MysqlServer::keep_newest_binlog_only() {
  exec("FLUSH BINARY LOGS");
  wait_until("the older binlog files are purged", [&] {
    exec("PURGE BINARY LOGS TO '" + query("SHOW BINARY LOGS").back().at(0).value() + "'");
    return query("SHOW BINARY LOGS").size() == 1;
  });
}

void MysqlServer::restart(std::optional<std::vector<std::string>> options) {
  stop();
  if (options) server_.set_options(*std::move(options));
  start();
}

void MysqlServer::stop() {
  admin_.reset();
  server_.stop();
}

void MysqlServer::kill9() {
  admin_.reset();
  server_.kill9();
}

}  // namespace rowtide::test
