#include "tracker/precheck/check.h"

#include <fmt/format.h>

#include "common/status/reason.h"

namespace rowtide::precheck {
namespace {

CheckItem item_of(CheckResult result, Finding finding) {
  return {.name = {},
          .result = result,
          .reason = std::string(finding.reason),
          .observed = std::move(finding.observed),
          .expected = std::move(finding.expected),
          .message = std::move(finding.message),
          .repair = std::move(finding.repair)};
}

}  // namespace

CheckItem passed(std::string observed) {
  CheckItem item;
  item.observed = std::move(observed);
  return item;
}

CheckItem failed(Finding finding) {
  return item_of(CheckResult::Failed, std::move(finding));
}

CheckItem warning(Finding finding) {
  return item_of(CheckResult::Warning, std::move(finding));
}

CheckItem failed(const absl::Status& status, std::string expected, std::string repair) {
  std::string reason = reason_of(status);
  if (reason.empty()) reason = "CheckFailed";
  return failed(Finding{.reason = reason,
                        .observed = {},
                        .expected = std::move(expected),
                        .message = std::string(status.message()),
                        .repair = std::move(repair)});
}

CheckItem not_known(const absl::Status& status, std::string expected) {
  CheckItem item = failed(status, std::move(expected));
  item.result = CheckResult::Warning;
  return item;
}

std::string join_some(const std::vector<std::string>& texts, std::size_t most, std::string_view separator) {
  std::string joined;
  for (std::size_t i = 0; i < texts.size() && i < most; ++i) {
    if (i > 0) joined += separator;
    joined += texts[i];
  }
  if (texts.size() > most) joined += fmt::format("{}and {} more", separator, texts.size() - most);
  return joined;
}

}  // namespace rowtide::precheck
