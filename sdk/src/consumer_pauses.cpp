#include "sdk/src/consumer_impl.h"

namespace rowtide {
inline namespace v1 {

double Consumer::Impl::share_of_bounds(const Size& size) const {
  return std::max(static_cast<double>(size.records) / static_cast<double>(options_.max_buffered_records),
                  static_cast<double>(size.bytes) / static_cast<double>(options_.max_buffered_bytes));
}

double Consumer::Impl::share_of_waiting() const {
  Size waiting{statistics_.unacknowledged, buffered_bytes_};
  return share_of_bounds(waiting -= delivered_size_);
}

void Consumer::Impl::pause_or_resume() {
  if (options_.transactions) return hold_what_is_ahead();
  const bool is_full = statistics_.unacknowledged >= options_.max_buffered_records ||
                       buffered_bytes_ >= options_.max_buffered_bytes;
  const bool has_room = statistics_.unacknowledged <= options_.max_buffered_records / 2 &&
                        buffered_bytes_ <= options_.max_buffered_bytes / 2;
  if (is_paused_ ? !has_room : !is_full) return;
  if (!is_paused_) ++statistics_.pauses;
  is_paused_ = !is_paused_;
  hold([&](std::size_t) { return is_paused_; });
}

void Consumer::Impl::hold_what_is_ahead() {
  const bool waits_for_application = share_of_bounds(delivered_size_) >= 1;
  const double waiting = share_of_waiting();
  constexpr double kFull = 1;
  constexpr double kVeryFull = 1.25;  // between the two nothing more is paused: what is resumed is read anew
  constexpr double kRoom = 0.5;
  if (!is_paused_ && waiting < kFull && !waits_for_application) return;
  if (is_paused_ && waiting <= kRoom && !waits_for_application) {
    is_paused_ = false;
    return hold([](std::size_t) { return false; });
  }
  const bool holds_more = !is_paused_ || waiting >= kVeryFull || waits_for_application;
  if (!is_paused_) ++statistics_.pauses;
  is_paused_ = true;
  std::vector<bool> reads_on(turns_.size(), false);
  if (!waits_for_application)
    reads_on = partitions_to_read_on(read_ahead(), assembler_.awaited().has_value());
  hold([&](std::size_t i) { return !reads_on[i] && (holds_more || turns_[i].is_held); });
}

std::vector<ReadAheadPartition> Consumer::Impl::read_ahead() const {
  std::vector<ReadAheadPartition> partitions;
  for (const Turn& turn : turns_)
    partitions.push_back({turn.has_marks, turn.is_at_end, assembler_.may_hold_awaited(turn.assignment),
                          assembler_.has_unended(turn.assignment)});
  return partitions;
}

void Consumer::Impl::hold(const std::function<bool(std::size_t)>& holds) {
  const auto count = static_cast<int>(turns_.size());
  const KafkaOffsets paused(rd_kafka_topic_partition_list_new(count));
  const KafkaOffsets resumed(rd_kafka_topic_partition_list_new(count));
  for (std::size_t i = 0; i < turns_.size(); ++i) {
    Turn& turn = turns_[i];
    const bool is_to_hold = holds(i);
    if (std::exchange(turn.is_held, is_to_hold) == is_to_hold) continue;
    rd_kafka_topic_partition_list_add((is_to_hold ? paused : resumed).get(), turn.topic.c_str(),
                                      turn.partition);
  }
  if (paused->cnt > 0) rd_kafka_pause_partitions(client_.get(), paused.get());
  if (resumed->cnt > 0) rd_kafka_resume_partitions(client_.get(), resumed.get());
}

}  // namespace v1
}  // namespace rowtide
