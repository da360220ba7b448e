#include "sdk/src/transaction_assembler.h"

#include <algorithm>
#include <utility>

namespace rowtide {
inline namespace v1 {
namespace {

// Where a tracker delivers at least once, records of one transaction become visible one after the other.
constexpr std::chrono::seconds kIncompleteAfter{10};

}  // namespace

void TransactionAssembler::add(Change change) {
  if (change.transaction_order == 0) {  // a schema change
    SchemaChange& added = schema_changes_.emplace_back();
    added.transaction.id = change.transaction_id;
    added.transaction.changes.push_back(std::move(change));
    for (const auto& [id, open] : open_) added.after.insert(id);
    return;
  }
  auto open = open_.find(change.transaction_id);
  if (open == open_.end()) {
    open = open_.emplace(change.transaction_id, Open{}).first;
    open->second.transaction.id = open->first;
  }
  Transaction& transaction = open->second.transaction;
  if (open->second.orders.insert(change.transaction_order).second) {
    transaction.changes.push_back(std::move(change));
  } else {  // delivered twice: its place is acknowledged with the others
    transaction.marks.emplace_back(change.assignment, change.offset);
  }
}

void TransactionAssembler::end(std::string_view id, std::uint64_t changes,
                               std::pair<std::uint64_t, std::int64_t> mark, Clock::time_point now) {
  Open& open = open_[std::string(id)];
  open.transaction.id = id;
  open.transaction.marks.push_back(mark);
  if (open.expected) return;  // a record that was delivered twice
  open.expected = changes;
  open.ended_at = now;
  ended_.emplace_back(id);
}

std::optional<Transaction> TransactionAssembler::next(bool is_at_end, Clock::time_point now) {
  if (!schema_changes_.empty() && schema_changes_.front().after.empty()) {
    Transaction transaction = std::move(schema_changes_.front().transaction);
    schema_changes_.pop_front();
    return transaction;
  }
  if (ended_.empty()) return std::nullopt;
  Open& first = open_.at(ended_.front());
  if (first.transaction.changes.size() < *first.expected) {
    if (!is_at_end || now - first.ended_at < kIncompleteAfter) return std::nullopt;
    first.transaction.is_complete = false;
  }
  const std::string id = std::move(ended_.front());
  ended_.pop_front();
  return give(id);
}

Transaction TransactionAssembler::give(const std::string& id) {
  Transaction transaction = std::move(open_.at(id).transaction);
  open_.erase(id);
  for (SchemaChange& waiting : schema_changes_) waiting.after.erase(id);
  std::stable_sort(
      transaction.changes.begin(), transaction.changes.end(),
      [](const Change& a, const Change& b) { return a.transaction_order < b.transaction_order; });
  return transaction;
}

void TransactionAssembler::clear() {
  open_.clear();
  ended_.clear();
  schema_changes_.clear();
}

}  // namespace v1
}  // namespace rowtide
