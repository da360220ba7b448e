#include "common/task/parse_sections.h"

#include <re2/re2.h>

#include <algorithm>
#include <string>
#include <vector>

#include "common/names/name_case.h"

namespace rowtide::task {
namespace {

constexpr std::size_t kMaxRules = 1000;
constexpr std::size_t kMaxTables = 1000;

std::optional<std::string> read_pattern(const Field& field) {
  if (!field.present()) return std::nullopt;
  std::string pattern = field.required_text("a regular expression");
  const re2::RE2 compiled(pattern, re2::RE2::Quiet);
  if (!compiled.ok()) field.refuse("a regular expression in RE2 syntax: " + compiled.error());
  return pattern;
}

ObjectRule read_object_rule(const Field& field) {
  ObjectRule rule;
  if (!field.is_map_of({"database", "databasePattern", "tables", "tablePattern"})) return rule;
  if (field["database"].present()) rule.database = field["database"].required_text("a database's name");
  rule.database_pattern = read_pattern(field["databasePattern"]);
  rule.tables = field["tables"].texts(kMaxTables);
  rule.table_pattern = read_pattern(field["tablePattern"]);
  if (rule.database.has_value() == rule.database_pattern.has_value()) {
    field.refuse_without_value("needs exactly one of database, databasePattern");
  }
  if (field["tables"].present() && rule.table_pattern) {
    field.refuse_without_value("takes tables or tablePattern, not both");
  }
  if (field["tables"].present() && rule.tables.empty()) {
    field["tables"].refuse("at least one table; leave tables out for the whole database");
  }
  return rule;
}

/// "database.table", with one dot.
ColumnRule read_column_rule(const Field& field) {
  ColumnRule rule;
  if (!field.is_map_of({"table", "exclude", "mask", "hash"})) return rule;
  const std::string name = field["table"].required_text("a table, as database.table");
  const std::size_t dot = name.find('.');
  if (!name.empty() && (dot == std::string::npos || dot == 0 || dot + 1 == name.size() ||
                        name.find('.', dot + 1) != std::string::npos)) {
    field["table"].refuse("database.table, with one dot");
  } else if (!name.empty()) {
    rule.database = name.substr(0, dot);
    rule.table = name.substr(dot + 1);
  }
  rule.exclude = field["exclude"].texts(kMaxTables);
  rule.mask = field["mask"].texts(kMaxTables);
  rule.hash = field["hash"].texts(kMaxTables);
  if (rule.exclude.empty() && rule.mask.empty() && rule.hash.empty()) {
    field.refuse_without_value("needs columns in at least one of exclude, mask, hash");
  }
  return rule;
}

void add_all(std::vector<std::string>& to, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (!names::holds_name(to, name)) to.push_back(name);
  }
}

bool have_common(const std::vector<std::string>& left, const std::vector<std::string>& right) {
  return std::any_of(left.begin(), left.end(),
                     [&](const std::string& name) { return names::holds_name(right, name); });
}

/// Entries of one table add up.
std::vector<ColumnRule> read_column_rules(const Field& field) {
  std::vector<ColumnRule> rules;
  for (const Field& item : field.items(kMaxRules)) {
    const ColumnRule rule = read_column_rule(item);
    auto known = std::find_if(rules.begin(), rules.end(), [&](const ColumnRule& other) {
      return other.database == rule.database && other.table == rule.table;
    });
    if (known == rules.end()) {
      known = rules.insert(known, rule);
    } else {
      add_all(known->exclude, rule.exclude);
      add_all(known->mask, rule.mask);
      add_all(known->hash, rule.hash);
    }
    if (have_common(known->exclude, known->mask) || have_common(known->exclude, known->hash) ||
        have_common(known->mask, known->hash)) {
      item.refuse_without_value("takes a column in one of exclude, mask, hash");
    }
  }
  return rules;
}

}  // namespace

Objects read_objects(const Field& field) {
  Objects objects;
  if (!field.is_map_of({"include", "exclude", "columns"})) return objects;
  for (const Field& item : field["include"].items(kMaxRules))
    objects.include.push_back(read_object_rule(item));
  for (const Field& item : field["exclude"].items(kMaxRules))
    objects.exclude.push_back(read_object_rule(item));
  objects.columns = read_column_rules(field["columns"]);
  if (objects.include.empty()) {
    field["include"].refuse_without_value(
        "at least one entry, e.g. {database: shop} or {databasePattern: \".*\"}");
  }
  return objects;
}

}  // namespace rowtide::task
