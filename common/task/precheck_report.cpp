#include "common/task/precheck_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

namespace rowtide::task {
namespace {

constexpr std::array<std::pair<CheckResult, std::string_view>, 4> kResults{
    {{CheckResult::Passed, "Passed"},
     {CheckResult::Warning, "Warning"},
     {CheckResult::Failed, "Failed"},
     {CheckResult::Skipped, "Skipped"}}};

/// The texts of an item that may be shortened, with their names in JSON.
constexpr std::array<std::pair<const char*, std::string CheckItem::*>, 4> kTexts{{
    {"observed", &CheckItem::observed},
    {"expected", &CheckItem::expected},
    {"message", &CheckItem::message},
    {"repair", &CheckItem::repair},
}};

nlohmann::ordered_json item_to_json(const CheckItem& item) {
  nlohmann::ordered_json json{{"name", item.name}, {"result", to_string(item.result)}};
  if (!item.reason.empty()) json["reason"] = item.reason;
  for (const auto& [name, member] : kTexts) {
    if (!(item.*member).empty()) json[name] = item.*member;
  }
  return json;
}

std::string dump(const nlohmann::ordered_json& json, bool pretty) {
  return json.dump(pretty ? 2 : -1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

/// Cuts to at most `size` bytes, not inside a UTF-8 sequence.
void cut(std::string& text, std::size_t size) {
  if (text.size() <= size) return;
  std::size_t end = size > 3 ? size - 3 : 0;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  text.resize(end);
  text += "...";
}

struct Shortening {
  bool only_good = false;
  std::vector<std::string CheckItem::*> texts;
};

/// In this order: what passed is missed least, the statement that mends most.
const std::array<Shortening, 4> kShortenings{{
    {true, {&CheckItem::observed, &CheckItem::expected, &CheckItem::message, &CheckItem::repair}},
    {false, {&CheckItem::observed, &CheckItem::expected}},
    {false, {&CheckItem::message}},
    {false, {&CheckItem::repair}},
}};

}  // namespace

std::string_view to_string(CheckResult result) {
  for (const auto& [value, name] : kResults) {
    if (value == result) return name;
  }
  return "Failed";
}

int PrecheckReport::count(CheckResult result) const {
  return static_cast<int>(
      std::count_if(items.begin(), items.end(), [&](const auto& i) { return i.result == result; }));
}

std::string to_json(const PrecheckReport& report, bool pretty) {
  nlohmann::ordered_json json{{"task", report.task},
                              {"documentHash", report.document_hash},
                              {"result", report.passed() ? "Passed" : "Failed"},
                              {"passed", report.count(CheckResult::Passed)},
                              {"warnings", report.count(CheckResult::Warning)},
                              {"failed", report.count(CheckResult::Failed)},
                              {"clientAddress", report.client_address},
                              {"completedAtMs", report.completed_at_ms},
                              {"items", nlohmann::ordered_json::array()}};
  for (const CheckItem& item : report.items) json["items"].push_back(item_to_json(item));
  return dump(json, pretty);
}

std::string to_json_within(const PrecheckReport& report, std::size_t limit) {
  std::string json = to_json(report, false);
  PrecheckReport shortened = report;
  for (const Shortening& step : kShortenings) {
    for (std::size_t longest = 1024; json.size() > limit && longest >= 8; longest /= 2) {
      for (CheckItem& item : shortened.items) {
        if (step.only_good && (item.result == CheckResult::Failed || item.result == CheckResult::Warning))
          continue;
        for (std::string CheckItem::*text : step.texts) cut(item.*text, longest);
      }
      json = to_json(shortened, false);
    }
  }
  return json;
}

absl::StatusOr<PrecheckReport> precheck_report_from_json(std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("items") || !json["items"].is_array()) {
    return absl::InvalidArgumentError("not a precheck report");
  }
  try {
    PrecheckReport report{.task = json.value("task", ""),
                          .document_hash = json.value("documentHash", ""),
                          .client_address = json.value("clientAddress", ""),
                          .completed_at_ms = json.value("completedAtMs", std::int64_t{0}),
                          .items = {}};
    for (const auto& entry : json["items"]) {
      CheckItem item{.name = entry.at("name").get<std::string>(),
                     .result = CheckResult::Failed,
                     .reason = entry.value("reason", ""),
                     .observed = {},
                     .expected = {},
                     .message = {},
                     .repair = {}};
      const std::string result = entry.at("result").get<std::string>();
      for (const auto& [value, name] : kResults) {
        if (name == result) item.result = value;
      }
      for (const auto& [name, member] : kTexts) item.*member = entry.value(name, "");
      report.items.push_back(std::move(item));
    }
    return report;
  } catch (const nlohmann::json::exception& error) {
    return absl::InvalidArgumentError(fmt::format("not a precheck report: {}", error.what()));
  }
}

}  // namespace rowtide::task
