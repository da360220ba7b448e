#include "tracker/sink/delivery_tracker.h"

#include <utility>

namespace rowtide::sink {

DeliveryTracker::Group DeliveryTracker::add(std::string_view table) {
  if (!is_group_open_ || groups_.back().table != table) {
    groups_.push_back({table, 0});
    is_group_open_ = true;
  }
  ++groups_.back().outstanding;
  ++outstanding_;
  ++records_since_mark_;
  return first_ + groups_.size() - 1;
}

void DeliveryTracker::take_back(Group group) {
  --records_since_mark_;
  delivered(group);
}

void DeliveryTracker::end_transaction(const binlog::Position& position, std::int64_t committed_at_us) {
  is_group_open_ = false;
  const Group end = first_ + groups_.size();
  if (!marks_.empty() && marks_.back().records + records_since_mark_ <= kRecordsPerPosition) {
    marks_.back().end = end;
    marks_.back().records += records_since_mark_;
    marks_.back().position = position;
  } else {
    marks_.push_back({end, records_since_mark_, position});
  }
  if (committed_at_us != 0) {
    Commits& commits = marks_.back().commits;
    if (commits.count++ == 0) commits.oldest_us = committed_at_us;
  }
  records_since_mark_ = 0;
  advance();
}

void DeliveryTracker::delivered(Group group, std::uint32_t records) {
  groups_[group - first_].outstanding -= records;
  outstanding_ -= records;
  advance();
}

void DeliveryTracker::advance() {
  // The open group may yet grow: it must keep its number.
  while (!groups_.empty() && groups_.front().outstanding == 0 && !(is_group_open_ && groups_.size() == 1)) {
    groups_.pop_front();
    ++first_;
  }
  while (!marks_.empty() && marks_.front().end <= first_) {
    durable_ = std::move(marks_.front().position);
    if (marks_.front().commits.count > 0) durable_commits_.push_back(marks_.front().commits);
    marks_.pop_front();
  }
}

}  // namespace rowtide::sink
