#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace rowtide::precheck {

/// What an account may do, read from the rows of SHOW GRANTS: privileges on everything, on databases (also by
/// pattern) and on tables, those of active roles included, as the server lists them. Immutable.
class Grants {
 public:
  /// Rows that grant something else (a role, a routine, a proxy, single columns) are passed over.
  /// `lower_case_names`: case does not tell databases and tables apart.
  [[nodiscard]] static Grants parse(const std::vector<std::string>& rows, bool lower_case_names = false);

  /// `privilege` as SHOW GRANTS writes it: "REPLICATION SLAVE".
  [[nodiscard]] bool allows(std::string_view privilege) const;
  [[nodiscard]] bool allows_database(std::string_view privilege, std::string_view database) const;
  [[nodiscard]] bool allows_table(std::string_view privilege, std::string_view database,
                                  std::string_view table) const;

 private:
  struct Grant {
    std::set<std::string, std::less<>> privileges;
    std::string database;  ///< a pattern as in GRANT; "*": everything
    std::string table;     ///< "*": all of the database
    bool is_revoked = false;
    [[nodiscard]] bool has(std::string_view privilege) const;
  };
  static bool parse_row(std::string_view row, Grant& grant);
  [[nodiscard]] std::string kept(std::string_view name) const;
  [[nodiscard]] bool is_revoked(std::string_view privilege, std::string_view database) const;

  std::vector<Grant> grants_;
  bool lower_case_names_ = false;
};

/// Does a database name fit a pattern of GRANT: % and _, each escaped by a backslash to mean itself?
[[nodiscard]] bool matches_database_pattern(std::string_view pattern, std::string_view name);

}  // namespace rowtide::precheck
