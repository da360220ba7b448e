#include "tracker/readers/change_filter.h"

#include <fmt/format.h>

#include <algorithm>

namespace rowtide::readers {

absl::Status ChangeFilter::add_table(std::string_view pattern) {
  const std::size_t dot = pattern.find('.');
  if (dot == std::string_view::npos || dot == 0 || dot + 1 == pattern.size()) {
    return absl::InvalidArgumentError(
        fmt::format("table={}: not database.table; * stands for any database or any table", pattern));
  }
  const std::string_view database = pattern.substr(0, dot);
  const std::string_view table = pattern.substr(dot + 1);
  tables_.push_back({std::string(database == "*" ? "" : database), std::string(table == "*" ? "" : table)});
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

bool ChangeFilter::wants_table(std::string_view name) const {
  const std::size_t dot = name.find('.');
  const std::string_view database = name.substr(0, dot);
  // What is of a whole database is of each of its tables.
  const std::string_view table = dot == std::string_view::npos ? "" : name.substr(dot + 1);
  return std::any_of(tables_.begin(), tables_.end(), [&](const Table& each) {
    return (each.database.empty() || each.database == database) &&
           (each.table.empty() || table.empty() || each.table == table);
  });
}

/// What of several tables has no name, or the first one's, is of each of them.
bool ChangeFilter::wants_a_table_of(const record::Record& record) const {
  if (record.tables.empty()) return wants_table(record.table);
  return std::any_of(record.tables.begin(), record.tables.end(),
                     [this](const std::string& table) { return wants_table(table); });
}

bool ChangeFilter::wants(const record::Record& record) const {
  // BEGIN and END of a transaction, with numbers for all its changes.
  if (record.table.empty()) return tables_.empty() && !has_operations_;
  if (!tables_.empty() && !wants_a_table_of(record)) return false;
  if (!has_operations_) return true;
  return record.operation == record::Operation::None ? schema_changes_ : rows_.contains(record.operation);
}

}  // namespace rowtide::readers
