#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "tracker/record/record_batch.h"
#include "tracker/select/table_selector.h"

namespace rowtide::readers {

/// Which changes of the task a reader wants. Without any rule: all.
class ChangeFilter {
 public:
  /// "shop.orders", "shop.*" or "*.orders". INVALID_ARGUMENT: another form.
  [[nodiscard]] absl::Status add_table(std::string_view pattern);
  /// insert, update, delete, schema. INVALID_ARGUMENT: another word.
  [[nodiscard]] absl::Status add_operation(std::string_view word);

  /// How the source compares names; as they are written until told.
  void set_lower_case_names(bool lower_case_names);
  /// INVALID_ARGUMENT: a table of which nothing can come, because the task does not select it.
  [[nodiscard]] absl::Status check_selected(const select::TableSelector& selector) const;

  [[nodiscard]] bool wants(const record::Record& record) const;

 private:
  /// Names have dots, too: the text of a pattern is compared as a whole, so that what it could mean comes.
  struct Table {
    std::string text;  ///< with neither "*." nor ".*"
    bool any_database = false;
    bool any_table = false;
  };
  [[nodiscard]] static bool matches(const Table& table, std::string_view name, bool may_be_database);
  [[nodiscard]] bool wants_table(std::string_view name, bool may_be_database) const;
  [[nodiscard]] bool wants_a_table_of(const record::Record& record) const;

  std::vector<Table> given_;
  std::vector<Table> tables_;  ///< in the source's form of names
  std::set<record::Operation> rows_;
  bool has_operations_ = false;
  bool schema_changes_ = false;
};

}  // namespace rowtide::readers
