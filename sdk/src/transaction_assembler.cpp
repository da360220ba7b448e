#include "sdk/src/transaction_assembler.h"

#include <algorithm>
#include <utility>

namespace rowtide {
inline namespace v1 {

void TransactionAssembler::begin(std::uint64_t partition) {
  partitions_.try_emplace(partition);
}

void TransactionAssembler::add(Change change) {
  if (change.transaction_order == 0) {  // a schema change
    SchemaChange& added = schema_changes_.emplace_back();
    added.transaction.id = change.transaction_id;
    added.partition = change.assignment;
    added.offset = change.offset;
    added.transaction.changes.push_back(std::move(change));
    for (const auto& [id, open] : open_) added.after.insert(id);
    return;
  }
  const auto [found, is_new] = open_.try_emplace(std::string(change.transaction_id));
  Open& open = found->second;
  if (is_new) open.transaction.id = found->first;
  const std::uint64_t partition = change.assignment;
  const std::int64_t offset = change.offset;
  open.bytes += change.storage_size;
  if (!open.orders.insert(change.transaction_order).second) {
    // Delivered twice: its place is acknowledged with the others, and says nothing of the order.
    open.transaction.marks.emplace_back(partition, offset);
    return;
  }
  open.transaction.changes.push_back(std::move(change));
  const bool is_first_there = open.first.try_emplace(partition, offset).second;
  if (is_first_there) put_schema_changes_before(open);
  if (open.end > 0) {
    pass(partition, offset, open.end);
  } else if (is_first_there) {
    partitions_[partition].unended.emplace(offset, found->first);
  }
}

void TransactionAssembler::end(std::string_view id, std::uint64_t changes,
                               std::pair<std::uint64_t, std::int64_t> mark) {
  Open& open = open_[std::string(id)];
  open.transaction.id = id;
  open.transaction.marks.push_back(mark);
  if (open.end > 0) return;  // a record that was delivered twice
  open.expected = changes;
  open.end = ++last_end_;
  ended_.emplace_back(id);
  put_schema_changes_before(open);
  for (const auto& [partition, offset] : open.first) partitions_[partition].unended.erase(offset);
  for (const auto& [partition, offset] : open.first) pass(partition, offset, open.end);
}

/// A schema change is in no transaction: one that stands before a change of it in their partition was made
/// before it, and before all that were committed after it.
void TransactionAssembler::put_schema_changes_before(const Open& open) {
  for (SchemaChange& each : schema_changes_) {
    const auto found = open.first.find(each.partition);
    const bool is_behind = found != open.first.end() && found->second > each.offset;
    if (is_behind && open.end > 0) each.before = std::min(each.before, open.end);
    std::erase_if(each.after, [&](const std::string& id) {
      const Open& other = open_.find(id)->second;
      return (is_behind && &other == &open) || other.end >= each.before;
    });
  }
}

/// A change of the transaction with that END came from there.
void TransactionAssembler::pass(std::uint64_t partition, std::int64_t offset, std::uint64_t end) {
  Partition& there = partitions_[partition];
  there.past = std::max(there.past, end);
  give_up_before(partition, offset);
}

void TransactionAssembler::give_up_before(std::uint64_t partition, std::int64_t offset) {
  auto& unended = partitions_[partition].unended;
  while (!unended.empty() && unended.begin()->first < offset) {
    const std::string id = unended.begin()->second;
    const auto first = open_.at(id).first;
    for (const auto& [each, place] : first) partitions_[each].unended.erase(place);
    for (const auto& [each, place] : first) give_up_before(each, place);  // they were committed before it
    endless_.push_back(give(id));
    endless_.back().is_complete = false;
  }
}

std::optional<Transaction> TransactionAssembler::next() {
  if (!endless_.empty()) {
    Transaction transaction = std::move(endless_.front());
    endless_.pop_front();
    return transaction;
  }
  if (!schema_changes_.empty() && schema_changes_.front().after.empty()) {
    Transaction transaction = std::move(schema_changes_.front().transaction);
    schema_changes_.pop_front();
    return transaction;
  }
  if (ended_.empty()) return std::nullopt;
  Open& first = open_.at(ended_.front());
  if (first.transaction.changes.size() < first.expected) {
    for (const auto& [partition, there] : partitions_) {
      if (there.past <= first.end) return std::nullopt;
    }
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

std::optional<TransactionAssembler::Awaited> TransactionAssembler::awaited() const {
  if (ended_.empty()) return std::nullopt;
  const Open& first = open_.find(ended_.front())->second;
  return Awaited{first.end, first.transaction.changes.size(), first.bytes};
}

bool TransactionAssembler::may_hold_awaited(std::uint64_t partition) const {
  const auto found = partitions_.find(partition);
  const auto waits = awaited();
  return found != partitions_.end() && waits && found->second.past <= waits->number;
}

bool TransactionAssembler::has_unended(std::uint64_t partition) const {
  const auto found = partitions_.find(partition);
  return found != partitions_.end() && !found->second.unended.empty();
}

void TransactionAssembler::exhaust(std::uint64_t partition, std::uint64_t end) {
  Partition& there = partitions_[partition];
  there.past = std::max(there.past, end + 1);
}

void TransactionAssembler::clear() {
  open_.clear();
  ended_.clear();
  last_end_ = 0;
  partitions_.clear();
  endless_.clear();
  schema_changes_.clear();
}

}  // namespace v1
}  // namespace rowtide
