#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "tests/support/script_server.h"
#include "tests/support/sql_client.h"

namespace rowtide::test {

/// MySQL 8.0.15 and 5.7.22, Debian's MariaDB (10.11) and MariaDB 11.4.5.
enum class SqlFlavor { Mysql8, Mysql57, Mariadb, Mariadb114 };
inline constexpr std::array kEverySqlFlavor = {SqlFlavor::Mysql8, SqlFlavor::Mysql57, SqlFlavor::Mariadb,
                                               SqlFlavor::Mariadb114};
[[nodiscard]] bool is_mariadb(SqlFlavor flavor);
/// As the enumerators are called; for the names of tests.
[[nodiscard]] std::string flavor_name(SqlFlavor flavor);

/// A real server with a row binlog and full row metadata (but MySQL 5.7, which has none); MySQL with GTIDs.
/// Options are the server's own, such as
/// "--binlog-row-image=MINIMAL". Functions throw on failure. Not thread-safe; use connect() for other
/// threads.
class MysqlServer {
 public:
  explicit MysqlServer(SqlFlavor flavor, ServerOptions options = {});
  /// What shared() gives.
  struct Shared {};
  MysqlServer(SqlFlavor flavor, Shared shared);
  [[nodiscard]] static std::unique_ptr<MysqlServer> mysql8(ServerOptions options = {});
  [[nodiscard]] static std::unique_ptr<MysqlServer> mariadb(ServerOptions options = {});

  /// One server for all tests of this process, started at the first call. Do not restart it: start one of
  /// your own for that.
  [[nodiscard]] static MysqlServer& shared(SqlFlavor flavor);

  [[nodiscard]] SqlFlavor flavor() const { return flavor_; }
  [[nodiscard]] const std::string& host() const { return server_.fact("HOST"); }
  [[nodiscard]] int port() const { return server_.port(); }
  [[nodiscard]] const std::string& socket() const { return server_.fact("SOCKET"); }
  [[nodiscard]] pid_t pid() const { return server_.pid(); }
  [[nodiscard]] std::string log() const { return server_.log(); }

  /// As root, on a connection that survives restart().
  void exec(std::string_view sql) { admin().exec(sql); }
  [[nodiscard]] Rows query(std::string_view sql) { return admin().query(sql); }
  [[nodiscard]] std::string value(std::string_view sql) { return admin().value(sql); }
  /// A connection of one's own as root on the socket.
  [[nodiscard]] SqlClient connect(const std::string& database = {}) const;
  /// Over TCP, as the programs under test come.
  [[nodiscard]] SqlClient connect_as(const std::string& user, const std::string& password,
                                     const std::string& database = {}) const;

  /// A database with a name nobody used before in this process; for tests that share a server.
  [[nodiscard]] std::string fresh_database();
  /// A user for any host, unless it is there already, with what a tracker needs: SELECT, REPLICATION SLAVE
  /// and REPLICATION CLIENT on everything. Other 'privileges' (the text between GRANT and ON *.*) replace
  /// these; empty: none.
  void create_user(const std::string& name, const std::string& password,
                   const std::string& privileges = "SELECT, REPLICATION SLAVE, REPLICATION CLIENT");

  /// Begins a new binlog file and returns when it is the only one: MariaDB keeps one for as long as it may
  /// need it to recover.
  void keep_newest_binlog_only();
  /// On the same data and port; with new options if given.
  void restart(std::optional<std::vector<std::string>> options = std::nullopt);
  void stop();
  void start() { server_.start(); }
  void kill9();
  void suspend() { server_.suspend(); }
  void resume() { server_.resume(); }

 private:
  [[nodiscard]] SqlClient& admin();

  SqlFlavor flavor_;
  ScriptServer server_;
  std::optional<SqlClient> admin_;
};

}  // namespace rowtide::test
