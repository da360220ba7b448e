#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace rowtide::precheck {

/// How a server reads the names of databases in grants.
struct GrantRules {
  bool lower_case_names = false;  ///< case does not tell databases and tables apart
  bool literal_names = false;     ///< MySQL's partial_revokes: no patterns, %, _ and \ are what they are
  /// MySQL with an active role: what all patterns that fit a database grant adds up, unless one grant has
  /// the very name. Else, of a grantee's, only the most specific counts.
  bool adds_patterns = false;
};

/// What an account may do, read from the rows of SHOW GRANTS: privileges on everything, on databases (also by
/// pattern) and on tables, those of active roles included, as the server lists them. Immutable.
class Grants {
 public:
  /// Rows that grant something else (a role, a routine, a proxy, single columns) are passed over.
  [[nodiscard]] static Grants parse(const std::vector<std::string>& rows, const GrantRules& rules = {});

  /// `privilege` as SHOW GRANTS writes it: "REPLICATION SLAVE".
  [[nodiscard]] bool allows(std::string_view privilege) const;
  [[nodiscard]] bool allows_database(std::string_view privilege, std::string_view database) const;
  [[nodiscard]] bool allows_table(std::string_view privilege, std::string_view database,
                                  std::string_view table) const;

  /// The name of a database as a grant on the whole of it has to have it, so that it means no other.
  [[nodiscard]] std::string as_pattern(std::string_view database) const;

 private:
  /// Who has it. The account's own grants, its roles' together, and those to everybody (MariaDB's PUBLIC) are
  /// looked through each by itself, and add up.
  enum class Grantee : std::uint8_t { Account, Roles, Public };
  struct Grant {
    std::set<std::string, std::less<>> privileges;
    std::string database;  ///< a pattern as in GRANT; "*": everything
    std::string table;     ///< "*": all of the database
    bool is_revoked = false;
    Grantee grantee = Grantee::Account;
    [[nodiscard]] bool has(std::string_view privilege) const;
  };
  static bool parse_row(std::string_view row, Grant& grant);
  [[nodiscard]] std::string kept(std::string_view name) const;
  [[nodiscard]] bool is_revoked(std::string_view privilege, std::string_view database) const;

  /// A grant on the whole of this database, by name or pattern.
  [[nodiscard]] bool covers(const Grant& grant, std::string_view database) const;
  [[nodiscard]] bool allows_by_sum(std::string_view privilege, std::string_view database) const;
  [[nodiscard]] bool allows_by_most_specific(Grantee grantee, std::string_view privilege,
                                             std::string_view database) const;

  std::vector<Grant> grants_;
  GrantRules rules_;
};

/// Does a database name fit a pattern of GRANT: % and _, each escaped by a backslash to mean itself?
[[nodiscard]] bool matches_database_pattern(std::string_view pattern, std::string_view name);

/// The order in which a server tries such patterns: the highest first. 128: it has no wildcard.
[[nodiscard]] int specificity_of(std::string_view pattern);

}  // namespace rowtide::precheck
