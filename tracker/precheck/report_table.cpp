#include <fmt/format.h>

#include <algorithm>

#include "tracker/precheck/precheck.h"

namespace rowtide::precheck {
namespace {

using task::CheckItem;
using task::CheckResult;

/// Lines of at most `width` bytes, broken at blanks; a longer word has a line of its own.
std::vector<std::string> wrap(const std::string& text, std::size_t width) {
  std::vector<std::string> lines;
  std::string line;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find_first_of(" \n", begin), text.size());
    const std::string word = text.substr(begin, end - begin);
    if (!line.empty() && line.size() + 1 + word.size() > width) {
      lines.push_back(std::move(line));
      line.clear();
    }
    if (!word.empty()) line += (line.empty() ? "" : " ") + word;
    begin = end + 1;
  }
  if (!line.empty()) lines.push_back(std::move(line));
  return lines;
}

constexpr std::size_t kLabelWidth = 10;

void add_detail(std::string& out, std::string_view label, const std::string& text, std::size_t indent,
                std::size_t width) {
  const std::size_t room = std::max<std::size_t>(40, width - std::min(width, indent + kLabelWidth));
  for (const std::string& line : wrap(text, room)) {
    out += fmt::format("{:{}}{:<{}}{}\n", "", indent, label, kLabelWidth, line);
    label = "";
  }
}

void add_item(std::string& out, const CheckItem& item, std::size_t name_width, std::size_t width) {
  const bool is_fine = item.result == CheckResult::Passed;
  const bool is_skipped = item.result == CheckResult::Skipped;
  const std::string& beside = is_skipped ? item.message : is_fine ? item.observed : item.reason;
  out += fmt::format("{:<{}}  {:<7}  {}\n", item.name, name_width, task::to_string(item.result), beside);
  if (is_fine || is_skipped) return;
  add_detail(out, "observed", item.observed, name_width + 2, width);
  add_detail(out, "expected", item.expected, name_width + 2, width);
  add_detail(out, "why", item.message, name_width + 2, width);
  add_detail(out, "repair", item.repair, name_width + 2, width);
}

}  // namespace

std::string render_table(const task::PrecheckReport& report, std::size_t width) {
  std::size_t name_width = 5;
  for (const CheckItem& item : report.items) name_width = std::max(name_width, item.name.size());
  std::string out = fmt::format("{:<{}}  {:<7}  {}\n", "CHECK", name_width, "RESULT", "OBSERVED");
  for (const CheckItem& item : report.items) add_item(out, item, name_width, width);
  out += fmt::format("\n{}: precheck {}: {} passed, {} warnings, {} failed, {} skipped\n", report.task,
                     report.passed() ? "passed" : "failed", report.count(CheckResult::Passed),
                     report.count(CheckResult::Warning), report.count(CheckResult::Failed),
                     report.count(CheckResult::Skipped));
  return out;
}

}  // namespace rowtide::precheck
