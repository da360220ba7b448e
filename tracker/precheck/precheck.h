#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "common/task/precheck_report.h"
#include "common/task/secrets.h"
#include "common/task/spec.h"

namespace rowtide::precheck {

/// Asks source and sink everything that the task needs of them, in less than 30 s. Changes nothing anywhere.
/// Never fails itself: what goes wrong is an item of the report. No text holds a password.
/// `on_check` is told of each check before it is made.
[[nodiscard]] task::PrecheckReport run_precheck(
    const task::Task& task, const task::SecretReader& secrets,
    const std::function<void(std::string_view)>& on_check = [](std::string_view) {});

/// The report for people: a line per check, below it what is wrong and how to mend it, a summary at the end.
[[nodiscard]] std::string render_table(const task::PrecheckReport& report, std::size_t width = 100);

}  // namespace rowtide::precheck
