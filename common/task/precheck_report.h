#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace rowtide::task {

enum class CheckResult { Passed, Warning, Failed, Skipped };
[[nodiscard]] std::string_view to_string(CheckResult result);

/// One check's outcome, for people: what was seen, what is expected, and the exact statement or setting that
/// mends it.
struct CheckItem {
  std::string name;  ///< "BinlogRowImage"
  CheckResult result = CheckResult::Passed;
  std::string reason;  ///< CamelCase word for programs: "HostNotPrivileged"; empty when passed
  std::string observed;
  std::string expected;
  std::string message;
  std::string repair;
};

/// `rowtide-tracker precheck -o json`, and what the precheck Job leaves as its termination message.
struct PrecheckReport {
  std::string task;            ///< "<namespace>/<name>"
  std::string document_hash;   ///< of the task document that was checked
  std::string client_address;  ///< the address from which the source was reached; empty if it was not
  std::int64_t completed_at_ms = 0;
  std::vector<CheckItem> items;

  [[nodiscard]] int count(CheckResult result) const;
  [[nodiscard]] bool passed() const { return count(CheckResult::Failed) == 0; }
};

[[nodiscard]] std::string to_json(const PrecheckReport& report, bool pretty);
/// At most `limit` bytes (a container's termination message holds 4096): texts are cut and end in "...",
/// first of what passed, then what was observed, repairs last; names, results and reasons never are.
[[nodiscard]] std::string to_json_within(const PrecheckReport& report, std::size_t limit);
[[nodiscard]] absl::StatusOr<PrecheckReport> precheck_report_from_json(std::string_view json);

}  // namespace rowtide::task
