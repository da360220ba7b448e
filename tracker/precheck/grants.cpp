#include "tracker/precheck/grants.h"

#include <algorithm>
#include <map>
#include <optional>

#include "absl/strings/ascii.h"
#include "common/names/name_case.h"
#include "tracker/sql/lexer.h"

namespace rowtide::precheck {
namespace {

using Privileges = std::set<std::string, std::less<>>;

/// Past a list in brackets whose opening one is taken.
void skip_brackets(sql::Lexer& lexer) {
  for (int depth = 1; depth > 0;) {
    const sql::Token token = lexer.next();
    if (token.kind == sql::TokenKind::End) return;
    if (token.is_symbol('(')) ++depth;
    if (token.is_symbol(')')) --depth;
  }
}

/// "SELECT (`a`), INSERT ON" -> {INSERT}: a privilege on single columns is not one on the table. nullopt: a
/// role, which is not ON anything.
std::optional<Privileges> take_privileges(sql::Lexer& lexer) {
  Privileges privileges;
  std::string words;
  bool is_of_columns = false;
  const auto end_privilege = [&] {
    absl::AsciiStrToUpper(&words);
    if (!words.empty() && !is_of_columns) privileges.insert(words);
    words.clear();
    is_of_columns = false;
  };
  while (true) {
    const sql::Token token = lexer.next();
    if (token.kind == sql::TokenKind::End) return std::nullopt;
    if (token.is_symbol('(')) {
      is_of_columns = true;
      skip_brackets(lexer);
    } else if (token.is_symbol(',')) {
      end_privilege();
    } else if (token.is("ON")) {
      end_privilege();
      return privileges;
    } else {
      if (!words.empty()) words += ' ';
      words += token.text;
    }
  }
}

/// `*` or a name, which stands in backticks unless the server has sql_quote_show_create=OFF; nullopt for
/// anything else.
std::optional<std::string> take_name(sql::Lexer& lexer) {
  const sql::Token token = lexer.next();
  if (token.is_symbol('*')) return "*";
  if (token.kind != sql::TokenKind::Word && !token.text.starts_with('`')) return std::nullopt;
  return token.unquoted();
}

}  // namespace

bool matches_database_pattern(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return name.empty();
  const char first = pattern[0];
  const std::string_view rest = pattern.substr(1);
  if (first == '%') {
    for (std::size_t skip = 0; skip <= name.size(); ++skip) {
      if (matches_database_pattern(rest, name.substr(skip))) return true;
    }
    return false;
  }
  if (name.empty()) return false;
  if (first == '_') return matches_database_pattern(rest, name.substr(1));
  if (first == '\\' && !rest.empty()) {
    return rest[0] == name[0] && matches_database_pattern(rest.substr(1), name.substr(1));
  }
  return first == name[0] && matches_database_pattern(rest, name.substr(1));
}

// Of two patterns, that whose first wildcard stands later. get_sort() in sql_acl.cc (MariaDB) and
// sql_auth_cache.cc (MySQL); bytes count as written, with their backslashes.
int specificity_of(std::string_view pattern) {
  constexpr int kNoWildcard = 128;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\' && i + 1 < pattern.size()) {
      ++i;
    } else if (pattern[i] == '%' || pattern[i] == '_') {
      return std::min(static_cast<int>(i) + 1, kNoWildcard - 1);
    }
  }
  return kNoWildcard;
}

bool Grants::Grant::has(std::string_view privilege) const {
  return privileges.contains("ALL PRIVILEGES") || privileges.contains("ALL") ||
         privileges.contains(privilege);
}

bool Grants::parse_row(std::string_view row, Grant& grant) {
  sql::Lexer lexer(row);
  grant.is_revoked = lexer.take("REVOKE");
  if (!grant.is_revoked && !lexer.take("GRANT")) return false;
  std::optional<Privileges> privileges = take_privileges(lexer);
  if (!privileges) return false;
  lexer.take("TABLE");
  const std::optional<std::string> database = take_name(lexer);
  if (!database || !lexer.take_symbol('.')) return false;
  const std::optional<std::string> table = take_name(lexer);
  if (!table) return false;
  // TO (or FROM) `user`@`host`, or MariaDB's `role`, which has no host, or PUBLIC.
  lexer.next();
  const sql::Token grantee = lexer.next();
  const bool is_account = lexer.take_symbol('@');
  grant.grantee = is_account ? Grantee::Account : grantee.is("PUBLIC") ? Grantee::Public : Grantee::Roles;
  grant.privileges = *std::move(privileges);
  grant.database = *database;
  grant.table = *table;
  return true;
}

Grants Grants::parse(const std::vector<std::string>& rows, const GrantRules& rules) {
  Grants grants;
  grants.rules_ = rules;
  for (const std::string& row : rows) {
    Grant grant;
    if (!parse_row(row, grant)) continue;
    grant.database = grants.kept(grant.database);
    grant.table = grants.kept(grant.table);
    grants.grants_.push_back(std::move(grant));
  }
  return grants;
}

std::string Grants::kept(std::string_view name) const {
  return rules_.lower_case_names ? names::to_lower(name) : std::string(name);
}

bool Grants::is_revoked(std::string_view privilege, std::string_view database) const {
  return std::any_of(grants_.begin(), grants_.end(), [&](const Grant& grant) {
    return grant.is_revoked && grant.database == kept(database) && grant.has(privilege);
  });
}

bool Grants::allows(std::string_view privilege) const {
  return std::any_of(grants_.begin(), grants_.end(), [&](const Grant& grant) {
    return !grant.is_revoked && grant.database == "*" && grant.has(privilege);
  });
}

bool Grants::allows_database(std::string_view privilege, std::string_view database) const {
  if (allows(privilege) && !is_revoked(privilege, database)) return true;
  if (rules_.adds_patterns) return allows_by_sum(privilege, database);
  return allows_by_most_specific(Grantee::Account, privilege, database) ||
         allows_by_most_specific(Grantee::Roles, privilege, database) ||
         allows_by_most_specific(Grantee::Public, privilege, database);
}

bool Grants::covers(const Grant& grant, std::string_view database) const {
  if (grant.is_revoked || grant.database == "*" || grant.table != "*") return false;
  return rules_.literal_names ? grant.database == kept(database)
                              : matches_database_pattern(grant.database, kept(database));
}

bool Grants::allows_by_sum(std::string_view privilege, std::string_view database) const {
  bool is_allowed = false;
  for (const Grant& grant : grants_) {
    if (!covers(grant, database)) continue;
    const bool is_name = grant.database.find_first_of("%_\\") == std::string::npos;
    if (is_name) return grant.has(privilege);
    is_allowed |= grant.has(privilege);
  }
  return is_allowed;
}

/// Of patterns that are equally specific the server takes one, and does not say which: all must have it.
bool Grants::allows_by_most_specific(Grantee grantee, std::string_view privilege,
                                     std::string_view database) const {
  std::map<std::string_view, bool> patterns;  // what several roles have on the same counts together
  int most = -1;
  for (const Grant& grant : grants_) {
    if (grant.grantee != grantee || !covers(grant, database)) continue;
    const int specificity = specificity_of(grant.database);
    if (specificity < most) continue;
    if (specificity > most) patterns.clear();
    most = specificity;
    patterns[grant.database] |= grant.has(privilege);
  }
  return !patterns.empty() &&
         std::all_of(patterns.begin(), patterns.end(), [](const auto& pattern) { return pattern.second; });
}

std::string Grants::as_pattern(std::string_view database) const {
  std::string pattern;
  for (const char c : database) {
    if (!rules_.literal_names && (c == '%' || c == '_' || c == '\\')) pattern += '\\';
    pattern += c;
  }
  return pattern;
}

bool Grants::allows_table(std::string_view privilege, std::string_view database,
                          std::string_view table) const {
  if (allows_database(privilege, database)) return true;
  // In a grant on one table the database is a name, not a pattern.
  return std::any_of(grants_.begin(), grants_.end(), [&](const Grant& grant) {
    return !grant.is_revoked && grant.database == kept(database) && grant.table == kept(table) &&
           grant.has(privilege);
  });
}

}  // namespace rowtide::precheck
