#include "tracker/precheck/grants.h"

#include <algorithm>
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
  grant.privileges = *std::move(privileges);
  grant.database = *database;
  grant.table = *table;
  return true;
}

Grants Grants::parse(const std::vector<std::string>& rows, bool lower_case_names) {
  Grants grants;
  grants.lower_case_names_ = lower_case_names;
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
  return lower_case_names_ ? names::to_lower(name) : std::string(name);
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
  return std::any_of(grants_.begin(), grants_.end(), [&](const Grant& grant) {
    return !grant.is_revoked && grant.database != "*" && grant.table == "*" && grant.has(privilege) &&
           matches_database_pattern(grant.database, kept(database));
  });
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
