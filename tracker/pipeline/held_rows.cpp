#include "tracker/pipeline/held_rows.h"

#include <utility>

namespace rowtide::pipeline {

void HeldRows::hold(const binlog::EventView& rows, const Origin& origin, std::string_view table_map) {
  if (!open_.is_complete) return;
  binlog::EventHeader header = rows.header;
  header.type = binlog::EventType::TableMap;
  if (last_map_ != table_map) {
    push({.header = header, .body = as_bytes(table_map), .start_offset = rows.start_offset}, origin);
  }
  last_map_ = table_map;
  push(rows, origin);
}

void HeldRows::push(const binlog::EventView& event, const Origin& origin) {
  open_.bytes += event.body.size() + sizeof(Event);
  if (open_.bytes > kMaxTransactionBytes) {
    open_.is_complete = false;
    std::vector<Event>().swap(open_.events);
  }
  if (!open_.is_complete) return;
  open_.events.push_back({event.header, event.start_offset, std::string(as_text(event.body)), origin});
}

void HeldRows::drop_from(std::uint64_t number) {
  while (!open_.events.empty() && open_.events.back().origin.number >= number) {
    open_.bytes -= open_.events.back().body.size() + sizeof(Event);
    open_.events.pop_back();
  }
  last_map_.clear();
}

void HeldRows::keep(const std::string& xid, Transaction transaction) {
  if (!transaction.is_complete || bytes_ + transaction.bytes > kMaxTotalBytes) return;
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
  last_map_.clear();
  kept_.clear();
  bytes_ = 0;
}

}  // namespace rowtide::pipeline
