#include "tracker/precheck/precheck.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <set>

#include "tracker/precheck/check.h"

namespace rowtide::precheck {
namespace {

std::int64_t now_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

bool is_listed(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// spec.precheck.skip names what does not exist: said first, because the person believed it skipped.
void refuse_unknown_skips(const task::Task& task, task::PrecheckReport& report) {
  std::vector<std::string> unknown;
  std::vector<std::string> allowed;
  for (const Check& check : checks()) allowed.emplace_back(check.name);
  for (const std::string& name : task.spec.precheck.skip) {
    if (!is_listed(allowed, name)) unknown.push_back(name);
  }
  if (unknown.empty()) return;
  CheckItem item = failed(Finding{.reason = "UnknownCheck",
                                  .observed = "spec.precheck.skip names " + join_some(unknown),
                                  .expected = "names of checks: " + join_some(allowed, allowed.size()),
                                  .message = "there is no check of that name",
                                  .repair = "correct spec.precheck.skip"});
  item.name = "PrecheckSkip";
  report.items.push_back(std::move(item));
}

CheckItem skipped(std::string_view reason, std::string message) {
  CheckItem item;
  item.result = CheckResult::Skipped;
  item.reason = std::string(reason);
  item.message = std::move(message);
  return item;
}

/// A check after one that failed, or that could not be made itself, is not made. One that a person had
/// skipped does not stand in the way.
CheckItem run_one(const Check& check, const std::set<std::string_view>& blocked, CheckContext& context) {
  if (is_listed(context.task().spec.precheck.skip, check.name)) {
    return skipped("SkippedBySpec", "spec.precheck.skip names it");
  }
  for (const std::string_view need : check.needs) {
    if (blocked.contains(need)) {
      return skipped("PrerequisiteFailed", fmt::format("{} must pass first", need));
    }
  }
  return check.run(context);
}

}  // namespace

task::PrecheckReport run_precheck(const task::Task& task, const task::SecretReader& secrets,
                                  const std::function<void(std::string_view)>& on_check) {
  task::PrecheckReport report;
  report.task = task.task_namespace + "/" + task.name;
  report.document_hash = task.document_hash;
  refuse_unknown_skips(task, report);
  CheckContext context(task, secrets);
  std::set<std::string_view> blocked;
  for (const Check& check : checks()) {
    if (check.applies != nullptr && !check.applies(task)) continue;
    on_check(check.name);
    CheckItem item = run_one(check, blocked, context);
    item.name = std::string(check.name);
    if (item.result == CheckResult::Failed || item.reason == "PrerequisiteFailed") blocked.insert(check.name);
    report.items.push_back(std::move(item));
  }
  report.client_address = context.client_address();
  report.completed_at_ms = now_ms();
  return report;
}

}  // namespace rowtide::precheck
