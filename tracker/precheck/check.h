#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "common/task/precheck_report.h"
#include "tracker/precheck/context.h"

namespace rowtide::precheck {

using task::CheckItem;
using task::CheckResult;

/// One line of the catalogue (checks.cpp). A new check is one new file and one line there.
struct Check {
  std::string_view name;
  CheckItem (*run)(CheckContext& context);
  /// Names of checks that stand before it; when one of them failed, this one cannot say anything and is
  /// skipped.
  std::vector<std::string_view> needs;
  /// nullptr: always. Else a check that does not apply to the task is not listed at all.
  bool (*applies)(const task::Task& task) = nullptr;
};

/// The catalogue, in order.
[[nodiscard]] std::span<const Check> checks();

// What a check returns; the name is filled in by the runner.
[[nodiscard]] CheckItem passed(std::string observed);
struct Finding {
  std::string_view reason;
  std::string observed;
  std::string expected;
  std::string message;
  std::string repair;
};
[[nodiscard]] CheckItem failed(Finding finding);
[[nodiscard]] CheckItem warning(Finding finding);
/// A failure of the source itself, while asking it: the status' own reason and text.
[[nodiscard]] CheckItem failed(const absl::Status& status, std::string expected, std::string repair = {});

/// The same in a check that only warns: what it cannot look at must not keep a task from starting.
[[nodiscard]] CheckItem not_known(const absl::Status& status, std::string expected);

/// "a, b, c and 17 more".
[[nodiscard]] std::string join_some(const std::vector<std::string>& texts, std::size_t most = 10,
                                    std::string_view separator = ", ");

}  // namespace rowtide::precheck
