#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tracker/osc/helper_names.h"
#include "tracker/schema/apply_ddl.h"
#include "tracker/sql/names.h"

namespace rowtide::osc {

/// Makes one ALTER TABLE of an online schema change: what was done to the new table (the schema history keeps
/// it, so that restarts lose nothing) is told of the real table when the new one takes its place. One thread.
class Translator {
 public:
  explicit Translator(HelperNames names) : names_(std::move(names)) {}

  /// What to deliver instead of a statement.
  struct Rewrite {
    bool is_rewritten = false;
    std::string sql;                           ///< empty: nothing is to be delivered
    std::vector<schema::TableChange> changes;  ///< of real tables
  };
  /// Every DDL, in the order of the stream.
  [[nodiscard]] Rewrite translate(std::string_view sql, const schema::DdlEffect& effect);

 private:
  [[nodiscard]] bool is_ghost_of(const sql::TableName& ghost, const sql::TableName& real) const;
  [[nodiscard]] bool is_helper_of(const sql::TableName& helper, const sql::TableName& real) const;
  [[nodiscard]] bool is_cut_over(const schema::DdlEffect& effect) const;
  [[nodiscard]] Rewrite cut_over(std::string_view sql, const schema::DdlEffect& effect);

  HelperNames names_;
  std::map<sql::TableName, schema::TablePtr> moved_away_;  ///< real tables between the two renames
};

}  // namespace rowtide::osc
