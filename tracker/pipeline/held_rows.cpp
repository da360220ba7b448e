#include "tracker/pipeline/held_rows.h"

#include <utility>

namespace rowtide::pipeline {

void HeldRows::hold(const binlog::EventView& event) {
  if (!open_.is_complete) return;
  open_.bytes += event.body.size() + sizeof(Event);
  if (open_.bytes > kMostOfOne) {
    open_.is_complete = false;
    std::vector<Event>().swap(open_.events);
    return;
  }
  open_.events.push_back({event.header, event.start_offset, std::string(as_text(event.body))});
}

void HeldRows::keep(const std::string& xid, Transaction transaction) {
  if (!transaction.is_complete || bytes_ + transaction.bytes > kMostOfAll) return;
  bytes_ += transaction.bytes;
  kept_.insert_or_assign(xid, std::move(transaction));
}

HeldRows::Transaction HeldRows::take(const std::string& xid) {
  const auto found = kept_.find(xid);
  if (found == kept_.end()) return {.file = {}, .events = {}, .bytes = 0, .is_complete = false};
  Transaction transaction = std::move(found->second);
  kept_.erase(found);
  bytes_ -= transaction.bytes;
  return transaction;
}

void HeldRows::clear() {
  open_ = {};
  kept_.clear();
  bytes_ = 0;
}

}  // namespace rowtide::pipeline
