#include "tracker/readers/change_filter.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/names/name_case.h"

namespace rowtide::readers {
namespace {

constexpr std::string_view kAnyDatabase = "*.";
constexpr std::string_view kAnyTable = ".*";

bool begins_with_name(std::string_view text, std::string_view name) {
  return text.size() > name.size() && text.starts_with(name) && text[name.size()] == '.';
}

bool ends_with_name(std::string_view text, std::string_view name) {
  return text.size() > name.size() && text.ends_with(name) && text[text.size() - name.size() - 1] == '.';
}

}  // namespace

absl::Status ChangeFilter::add_table(std::string_view pattern) {
  const std::size_t dot = pattern.find('.');
  if (dot == std::string_view::npos || dot == 0 || dot + 1 == pattern.size()) {
    return absl::InvalidArgumentError(
        fmt::format("table={}: not database.table; * stands for any database or any table", pattern));
  }
  Table table;
  table.any_database = pattern.starts_with(kAnyDatabase);
  table.any_table = pattern.ends_with(kAnyTable);
  if (table.any_database) pattern.remove_prefix(kAnyDatabase.size());
  if (table.any_table) pattern.remove_suffix(std::min(kAnyTable.size(), pattern.size()));
  table.text = pattern;
  given_.push_back(table);
  tables_.push_back(std::move(table));
  return absl::OkStatus();
}

absl::Status ChangeFilter::add_operation(std::string_view word) {
  has_operations_ = true;
  if (word == "insert") {
    rows_.insert(record::Operation::Insert);
  } else if (word == "update") {
    rows_.insert(record::Operation::Update);
  } else if (word == "delete") {
    rows_.insert(record::Operation::Delete);
  } else if (word == "schema") {
    schema_changes_ = true;
  } else {
    return absl::InvalidArgumentError(
        fmt::format("operation={}: not insert, update, delete or schema", word));
  }
  return absl::OkStatus();
}

void ChangeFilter::set_lower_case_names(bool lower_case_names) {
  tables_ = given_;
  if (!lower_case_names) return;
  for (Table& table : tables_) table.text = names::to_lower(table.text);
}

absl::Status ChangeFilter::check_selected(const select::TableSelector& selector) const {
  for (const Table& table : given_) {
    if (table.any_database) continue;
    bool is_selected = table.any_table && selector.wants_database(table.text);
    for (std::size_t dot = table.text.find('.'); !table.any_table && dot != std::string::npos;
         dot = table.text.find('.', dot + 1)) {
      is_selected = is_selected || selector.wants(table.text.substr(0, dot), table.text.substr(dot + 1));
    }
    if (is_selected) continue;
    return absl::InvalidArgumentError(fmt::format(
        "table={}{}: spec.objects does not select it, so nothing of it would ever come; ask for what the task "
        "selects, in the letters that the source has for it",
        table.text, table.any_table ? kAnyTable : ""));
  }
  return absl::OkStatus();
}

/// `may_be_database`: the name may be a database's alone. What is of a whole database is of each of its
/// tables.
bool ChangeFilter::matches(const Table& table, std::string_view name, bool may_be_database) {
  if (table.any_database) {
    return table.any_table || ends_with_name(name, table.text) ||
           (may_be_database && name.find('.') == std::string_view::npos);
  }
  if (table.any_table) return begins_with_name(name, table.text) || (may_be_database && name == table.text);
  return name == table.text || (may_be_database && begins_with_name(table.text, name));
}

bool ChangeFilter::wants_table(std::string_view name, bool may_be_database) const {
  return std::any_of(tables_.begin(), tables_.end(),
                     [&](const Table& table) { return matches(table, name, may_be_database); });
}

/// What of several tables has no name, or the first one's, is of each of them.
bool ChangeFilter::wants_a_table_of(const record::Record& record) const {
  if (record.tables.empty()) return wants_table(record.table, record.is_schema_change);
  return std::any_of(record.tables.begin(), record.tables.end(),
                     [this](const std::string& table) { return wants_table(table, true); });
}

bool ChangeFilter::wants(const record::Record& record) const {
  // BEGIN and END of a transaction, with numbers for all its changes.
  if (record.table.empty()) return tables_.empty() && !has_operations_;
  if (!tables_.empty() && !wants_a_table_of(record)) return false;
  if (!has_operations_) return true;
  return record.operation == record::Operation::None ? schema_changes_ : rows_.contains(record.operation);
}

}  // namespace rowtide::readers
