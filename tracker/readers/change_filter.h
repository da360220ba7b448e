#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "tracker/record/record_batch.h"

namespace rowtide::readers {

/// Which changes of the task a reader wants. Without any rule: all.
class ChangeFilter {
 public:
  /// "shop.orders", "shop.*" or "*.orders". INVALID_ARGUMENT: another form.
  [[nodiscard]] absl::Status add_table(std::string_view pattern);
  /// insert, update, delete, schema. INVALID_ARGUMENT: another word.
  [[nodiscard]] absl::Status add_operation(std::string_view word);

  [[nodiscard]] bool wants(const record::Record& record) const;

 private:
  struct Table {
    std::string database;  ///< empty: any
    std::string table;     ///< empty: any
  };
  [[nodiscard]] bool wants_table(std::string_view name) const;
  [[nodiscard]] bool wants_a_table_of(const record::Record& record) const;

  std::vector<Table> tables_;
  std::set<record::Operation> rows_;
  bool has_operations_ = false;
  bool schema_changes_ = false;
};

}  // namespace rowtide::readers
