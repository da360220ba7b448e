#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/task/spec.h"
#include "tracker/osc/helper_names.h"

namespace rowtide::select {

/// The server's own: mysql, sys, information_schema, performance_schema.
[[nodiscard]] bool is_system_schema(std::string_view database);

/// The task's objects, compiled. Asked once per table map and once per schema change, never per row.
/// Immutable after create(); may be shared by threads.
class TableSelector {
 public:
  /// `helpers`: the tables of online schema change tools, which are tracked only where an include names them.
  /// `lower_case_names`: case does not tell names of databases and tables apart (the source's
  /// lower_case_table_names is not 0). Then several column rules may be of one table, and add up.
  [[nodiscard]] static absl::StatusOr<TableSelector> create(const task::Objects& objects,
                                                            const osc::HelperNames& helpers = {},
                                                            bool lower_case_names = false);
  TableSelector(TableSelector&&) noexcept;
  TableSelector& operator=(TableSelector&&) noexcept;
  ~TableSelector();

  /// Is this table tracked? System schemas are tracked only where an include names them.
  [[nodiscard]] bool wants(std::string_view database, std::string_view table) const;
  /// Is it not tracked only because its name is that of an online schema change tool's table?
  [[nodiscard]] bool leaves_out_helper(std::string_view database, std::string_view table) const;
  /// Could any table of this database be tracked? For schema changes of the database itself.
  [[nodiscard]] bool wants_database(std::string_view database) const;
  /// What of the table's columns is left out, masked or hashed; nullptr: nothing.
  [[nodiscard]] const task::ColumnRule* column_rule(std::string_view database, std::string_view table) const;

 private:
  struct Rules;
  explicit TableSelector(std::unique_ptr<Rules> rules);
  std::unique_ptr<Rules> rules_;
};

}  // namespace rowtide::select
