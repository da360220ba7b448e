#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/task/spec.h"

namespace rowtide::osc {

/// Tells the tables that online schema change tools work with by their names. gh-ost: _t_gho (the new table),
/// _t_ghc (its notes), _t_del (the former table, also with a time: _t_20240102030405_del).
/// pt-online-schema-change: _t_new, _t_old, with more underscores in front where these are taken. Others by
/// the task's expressions. Immutable, cheap to copy.
class HelperNames {
 public:
  /// Knows none: PassThrough.
  HelperNames();
  /// INVALID_ARGUMENT for an expression that is none, or has not exactly one group.
  /// `lower_case_names`: the source keeps tables in small letters, however the expressions are written.
  [[nodiscard]] static absl::StatusOr<HelperNames> create(const task::OnlineSchemaChanges& settings,
                                                          bool lower_case_names = false);
  ~HelperNames();
  HelperNames(const HelperNames&);
  HelperNames& operator=(const HelperNames&);
  HelperNames(HelperNames&&) noexcept;
  HelperNames& operator=(HelperNames&&) noexcept;

  [[nodiscard]] bool is_on() const { return expressions_ != nullptr; }
  /// The table for which the tool works, when `table` is the one that will replace it.
  [[nodiscard]] std::optional<std::string> real_of_ghost(std::string_view table) const;
  /// The same of any table of the tool.
  [[nodiscard]] std::optional<std::string> real_of_helper(std::string_view table) const;
  [[nodiscard]] bool is_helper(std::string_view table) const { return real_of_helper(table).has_value(); }

 private:
  struct Expressions;
  std::shared_ptr<const Expressions> expressions_;
};

}  // namespace rowtide::osc
