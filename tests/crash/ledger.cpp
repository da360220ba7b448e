#include "tests/crash/ledger.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace rowtide::test {
namespace {

using nlohmann::json;

std::uint64_t version_of(const json& image) {
  return image.is_null() ? 0 : image.at("v").get<std::uint64_t>();
}

std::string listed(const std::vector<RowChange>& changes) {
  std::string text;
  for (const RowChange& change : changes) text += fmt::format(" {}->{}", change.before, change.after);
  return text;
}

}  // namespace

void Ledger::committed(const RowChanges& changes) {
  const std::lock_guard lock(mutex_);
  for (const auto& [row, change] : changes) rows_[row].made.push_back(change);
  committed_ += changes.size();
}

void Ledger::delivered(const std::vector<KafkaRecord>& records) {
  for (const KafkaRecord& record : records) {
    if (!record.value) continue;
    const json change = json::parse(*record.value);
    if (!change.contains("op")) continue;
    const json& before = change.at("before");
    const json& after = change.at("after");
    const json& image = after.is_null() ? before : after;
    const RowId row{change.at("source").at("table").get<std::string>(), image.at("id").get<int>()};
    const std::lock_guard lock(mutex_);
    rows_[row].delivered.push_back({version_of(before), version_of(after)});
    ++delivered_;
  }
}

std::uint64_t Ledger::committed_count() const {
  const std::lock_guard lock(mutex_);
  return committed_;
}

std::uint64_t Ledger::delivered_count() const {
  const std::lock_guard lock(mutex_);
  return delivered_;
}

void Ledger::compare_row(const RowId& row, const History& history, Verdict& verdict) {
  verdict.changes += history.made.size();
  if (history.made == history.delivered) return;
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::pair<std::uint64_t, std::uint64_t>> counts;
  for (const RowChange& each : history.made) ++counts[{each.before, each.after}].first;
  for (const RowChange& each : history.delivered) ++counts[{each.before, each.after}].second;
  bool is_only_order = true;
  for (const auto& [change, count] : counts) {
    const auto [made, delivered] = count;
    if (made == delivered) continue;
    is_only_order = false;
    if (made == 0) {
      verdict.foreign += delivered;
    } else if (delivered < made) {
      verdict.lost += made - delivered;
    } else {
      verdict.duplicated += delivered - made;
    }
  }
  if (is_only_order) ++verdict.out_of_order;
  if (verdict.example.empty()) {
    verdict.example = fmt::format("{} id {}: made{}\ndelivered{}", row.table, row.id, listed(history.made),
                                  listed(history.delivered));
  }
}

Verdict Ledger::compare() const {
  const std::lock_guard lock(mutex_);
  Verdict verdict;
  for (const auto& [row, history] : rows_) compare_row(row, history, verdict);
  return verdict;
}

}  // namespace rowtide::test
