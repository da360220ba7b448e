#pragma once

#include <compare>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "tracker/sql/statement.h"

namespace rowtide::sql {

/// The temporary tables of sessions that write statements (binlog_format=STATEMENT or MIXED; MariaDB, MySQL
/// 5.7 and, with STATEMENT, later ones), as far as the stream has told of them. Changes of their rows stand
/// in the binlog as statements or not at all, never as rows.
class TemporaryTables {
 public:
  struct Session {
    std::uint32_t server_id = 0;
    std::uint32_t thread_id = 0;
    auto operator<=>(const Session&) const = default;
  };

  /// A statement of the session. Only DDL counts.
  void follow(const Session& session, const Statement& statement);
  /// The server has begun anew: its sessions are gone.
  void forget(std::uint32_t server_id);

  [[nodiscard]] bool contains(const Session& session, const StatementTable& table) const;

 private:
  using Table = std::pair<std::string, std::string>;
  static Table key(const StatementTable& table) { return {table.database, table.table}; }

  std::set<std::pair<Session, Table>> tables_;
};

}  // namespace rowtide::sql
