#include <cstring>

#include "sdk/src/consumer_impl.h"
#include "sdk/src/kafka_commit.h"

namespace rowtide {
inline namespace v1 {

void Consumer::Impl::acknowledge_record(std::uint64_t assignment, std::int64_t offset) {
  Turn* const turn = turn_of(assignment);
  if (turn == nullptr) return;
  const std::optional<std::size_t> bytes = turn->ledger.acknowledge(offset);
  if (!bytes) return;
  --statistics_.unacknowledged;
  buffered_bytes_ -= *bytes;
}

void Consumer::Impl::note_commit(rd_kafka_resp_err_t error,
                                 const rd_kafka_topic_partition_list_t* partitions) {
  for (const PartitionOffset& place : stored_by_commit(error, partitions)) {
    for (Turn& turn : turns_) {
      if (place.topic == turn.topic && place.partition == turn.partition) turn.stored = place.offset;
    }
  }
  const std::vector<CommitFailure> failures = failures_of_commit(error, partitions);
  if (failures.empty()) return forget_commit_failures();
  for (const CommitFailure& failure : failures) {
    for (Turn& turn : turns_) {
      if (failure.topic.empty() || (failure.topic == turn.topic && failure.partition == turn.partition))
        turn.sent.reset();
    }
  }
  if (!commits_fail_since_) commits_fail_since_ = Clock::now();
  const bool may_pass = std::all_of(failures.begin(), failures.end(),
                                    [](const CommitFailure& failure) { return is_passing(failure.error); });
  if (is_commit_failure_told_ || (may_pass && Clock::now() - *commits_fail_since_ < options_.connect_timeout))
    return;
  is_commit_failure_told_ = true;
  commit_failure_ = std::make_exception_ptr(error_of_commit(options_.group_id, failures));
}

void Consumer::Impl::forget_commit_failures() {
  commits_fail_since_.reset();
  is_commit_failure_told_ = false;
  commit_failure_ = nullptr;
}

void Consumer::Impl::save_when_due() {
  const Clock::time_point now = Clock::now();
  if (now < next_save_) return;
  next_save_ = now + options_.checkpoint_interval;
  save(false);
}

void Consumer::Impl::save(bool waits) {
  std::vector<const Turn*> moved;
  for (const Turn& turn : turns_) {
    if ((waits ? turn.stored : turn.sent) != turn.ledger.checkpoint()) moved.push_back(&turn);
  }
  if (moved.empty()) return;
  if (options_.checkpoint_store) {
    save_in_store(moved);
  } else {
    save_in_kafka(moved, waits);
  }
  const bool is_stored = waits || options_.checkpoint_store != nullptr;
  for (Turn& turn : turns_) {
    turn.sent = turn.ledger.checkpoint();
    if (is_stored) turn.stored = turn.sent;
  }
  if (is_stored) forget_commit_failures();
}

void Consumer::Impl::save_in_store(const std::vector<const Turn*>& moved) {
  std::vector<PartitionOffset> offsets;
  for (const Turn* turn : moved)
    offsets.push_back({turn->topic, turn->partition, turn->ledger.checkpoint(), turn->origin});
  try {
    options_.checkpoint_store->save(offsets);
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    throw Error(ErrorCode::Checkpoint, std::string("the checkpoint cannot be saved: ") + error.what());
  } catch (...) {
    throw Error(ErrorCode::Checkpoint,
                "the checkpoint cannot be saved: CheckpointStore::save() threw what is no std::exception");
  }
}

void Consumer::Impl::save_in_kafka(const std::vector<const Turn*>& moved, bool waits) {
  const KafkaOffsets offsets(rd_kafka_topic_partition_list_new(static_cast<int>(moved.size())));
  for (const Turn* turn : moved) {
    rd_kafka_topic_partition_t* const place =
        rd_kafka_topic_partition_list_add(offsets.get(), turn->topic.c_str(), turn->partition);
    place->offset = turn->ledger.checkpoint();
    if (turn->note.empty()) continue;
    place->metadata = ::strdup(turn->note.c_str());  // the list frees it
    place->metadata_size = place->metadata == nullptr ? 0 : turn->note.size();
  }
  const std::vector<CommitFailure> failures =
      waits ? commit_and_wait(client_.get(), offsets.get())
            : failures_of_commit(rd_kafka_commit(client_.get(), offsets.get(), 1), nullptr);
  if (!failures.empty()) throw error_of_commit(options_.group_id, failures);
}

}  // namespace v1
}  // namespace rowtide
