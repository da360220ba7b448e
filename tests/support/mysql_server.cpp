#include "tests/support/mysql_server.h"

#include <fmt/format.h>

#include <atomic>
#include <map>
#include <stdexcept>
#include <utility>

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

std::unique_ptr<MysqlServer> MysqlServer::mysql8(ServerOptions options) {
  return std::make_unique<MysqlServer>(SqlFlavor::Mysql8, std::move(options));
}

std::unique_ptr<MysqlServer> MysqlServer::mariadb(ServerOptions options) {
  return std::make_unique<MysqlServer>(SqlFlavor::Mariadb, std::move(options));
}

MysqlServer& MysqlServer::shared(SqlFlavor flavor) {
  static std::map<SqlFlavor, std::unique_ptr<MysqlServer>> servers;
  std::unique_ptr<MysqlServer>& server = servers[flavor];
  if (!server) server = std::make_unique<MysqlServer>(flavor);
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
  exec(fmt::format("CREATE USER '{}'@'%' IDENTIFIED BY '{}'", name, password));
  if (!privileges.empty()) exec(fmt::format("GRANT {} ON *.* TO '{}'@'%'", privileges, name));
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
