#include "tracker/precheck/grants.h"

#include <algorithm>
#include <cctype>

#include "common/names/name_case.h"

namespace rowtide::precheck {
namespace {

/// Where `wanted` stands outside of quotes and brackets; npos if it does not.
std::size_t find_outside(std::string_view text, std::string_view wanted) {
  char quote = 0;
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != 0) {
      if (c == quote) quote = 0;  // a doubled quote closes and opens again
      continue;
    }
    if (depth == 0 && text.substr(i).starts_with(wanted)) return i;
    if (c == '`' || c == '\'' || c == '"') quote = c;
    if (c == '(') ++depth;
    if (c == ')') --depth;
  }
  return std::string_view::npos;
}

std::string_view trim(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

std::string upper(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return result;
}

/// "SELECT (`a`), INSERT" -> {INSERT}: a privilege on single columns is not one on the table.
std::set<std::string, std::less<>> privileges_in(std::string_view list) {
  std::set<std::string, std::less<>> privileges;
  while (!list.empty()) {
    const std::size_t comma = find_outside(list, ",");
    const std::string_view one = trim(list.substr(0, comma));
    if (one.find('(') == std::string_view::npos) privileges.insert(upper(one));
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
  }
  return privileges;
}

/// Takes `*` or a name in backticks off; false for anything else.
bool take_name(std::string_view& text, std::string& name) {
  name.clear();
  if (text.starts_with('*')) {
    name = '*';
    text.remove_prefix(1);
    return true;
  }
  if (!text.starts_with('`')) return false;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] != '`') {
      name += text[i];
    } else if (i + 1 < text.size() && text[i + 1] == '`') {
      name += '`';
      ++i;
    } else {
      text.remove_prefix(i + 1);
      return true;
    }
  }
  return false;
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
  grant.is_revoked = row.starts_with("REVOKE ");
  if (!grant.is_revoked && !row.starts_with("GRANT ")) return false;
  row.remove_prefix(row.find(' ') + 1);
  constexpr std::string_view kOn = " ON ";
  const std::size_t on = find_outside(row, kOn);
  if (on == std::string_view::npos) return false;  // a role
  grant.privileges = privileges_in(row.substr(0, on));
  std::string_view object = row.substr(on + kOn.size());
  if (object.starts_with("TABLE ")) object.remove_prefix(6);
  if (!take_name(object, grant.database) || !object.starts_with('.')) return false;
  object.remove_prefix(1);
  return take_name(object, grant.table);
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
