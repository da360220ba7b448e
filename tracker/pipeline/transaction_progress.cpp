#include "tracker/pipeline/transaction_progress.h"

#include <fmt/format.h>

#include <algorithm>

namespace rowtide::pipeline {

void TransactionProgress::start(const std::optional<binlog::Midway>& midway) {
  pending_ = midway;
  is_resumed_ = false;
  transaction_.clear();
  number_ = 0;
  rows_.clear();
  schema_changes_ = {};
}

void TransactionProgress::begin(std::string_view transaction) {
  transaction_ = transaction;
  ++number_;
  schema_changes_ = {};
  is_resumed_ = pending_ && pending_->transaction == transaction;
  if (!is_resumed_) return;
  schema_changes_.delivered_ = pending_->schema_changes;
  for (const auto& [table, count] : pending_->rows) rows_of(table).delivered_ = count;
}

TransactionProgress::Count& TransactionProgress::rows_of(std::string_view table) {
  auto found = rows_.find(table);
  if (found == rows_.end()) found = rows_.emplace(table, Count()).first;
  Count& count = found->second;
  if (count.transaction_ != number_) {
    count = {};
    count.transaction_ = number_;
  }
  return count;
}

binlog::Midway TransactionProgress::midway() const {
  binlog::Midway midway{.transaction = transaction_,
                        .rows = {},
                        .schema_changes = std::max(schema_changes_.read_, schema_changes_.delivered_)};
  for (const auto& [table, count] : rows_) {
    if (count.transaction_ == number_) midway.rows[table] = std::max(count.read_, count.delivered_);
  }
  return midway;
}

absl::Status TransactionProgress::end() {
  if (!is_resumed_) return absl::OkStatus();
  for (const auto& [table, count] : rows_) {
    if (count.transaction_ != number_ || !count.is_wanted_ || count.read_ >= count.delivered_) continue;
    return absl::DataLossError(fmt::format(
        "transaction {} has {} rows of table {}, but {} of them were delivered before the restart: it is not "
        "the transaction that it was. Was the source's binlog changed or the source replaced? Compare the "
        "table with its topic, then raise spec.resetNonce with spec.startPosition",
        transaction_, count.read_, table, count.delivered_));
  }
  pending_.reset();
  is_resumed_ = false;
  return absl::OkStatus();
}

}  // namespace rowtide::pipeline
