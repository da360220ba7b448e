#include <utility>

#include "sdk/src/consumer_impl.h"
#include "sdk/src/options_check.h"
#include "sdk/src/start_position.h"

namespace rowtide {
inline namespace v1 {

namespace {

/// Trying again would say the same: what is asked for is not in the topic any more.
bool is_for_good(ErrorCode code) {
  return code == ErrorCode::PositionLost || code == ErrorCode::TimeOutsideDataRange;
}

}  // namespace

void Consumer::Impl::require_all_partitions(rd_kafka_topic_partition_list_t* assigned) {
  int all = 0;
  for (const std::string& name : options_.topics) all += count_partitions(client_.get(), options_, name);
  if (assigned->cnt == all) return;
  hold([](std::size_t) { return true; });
  is_part_only_ = true;
  part_only_since_ = Clock::now();
}

void Consumer::Impl::tell_part_only() {
  constexpr std::chrono::seconds kPatience{10};
  if (!is_part_only_ || !part_only_since_ || Clock::now() - *part_only_since_ < kPatience) return;
  part_only_since_.reset();
  throw Error(ErrorCode::Kafka,
              "another member of group " + options_.group_id +
                  " has a part of the partitions: whole transactions need all of them in one; "
                  "this one gives nothing until it has them");
}

void Consumer::Impl::require_topic(const std::string& name) {
  const KafkaTopic topic(rd_kafka_topic_new(client_.get(), name.c_str(), nullptr));
  const Clock::time_point end = Clock::now() + options_.connect_timeout;
  const struct rd_kafka_metadata* metadata = nullptr;
  constexpr milliseconds kOneTry{1000};
  while (true) {
    const auto wait = static_cast<int>(std::clamp(until(end), milliseconds{1}, kOneTry).count());
    const rd_kafka_resp_err_t error = rd_kafka_metadata(client_.get(), 0, topic.get(), &metadata, wait);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) break;
    rd_kafka_poll(client_.get(), 0);
    throw_failure();
    if (until(end).count() > 0) continue;
    throw Error(ErrorCode::Unreachable, "no answer from " + options_.bootstrap_servers + " within " +
                                            std::to_string(options_.connect_timeout.count()) + " ms: " +
                                            (last_reason_.empty() ? rd_kafka_err2str(error) : last_reason_));
  }
  const rd_kafka_resp_err_t error =
      metadata->topic_cnt == 1 ? metadata->topics[0].err : RD_KAFKA_RESP_ERR_NO_ERROR;
  rd_kafka_metadata_destroy(metadata);
  const ErrorCode code = code_of(error);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR || code == ErrorCode::Kafka)
    return;  // such as a leader being elected
  throw Error(code, "topic " + name + " at " + options_.bootstrap_servers + ": " + rd_kafka_err2str(error),
              name, -1, -1);
}

void Consumer::Impl::subscribe() {
  const KafkaOffsets topics(rd_kafka_topic_partition_list_new(static_cast<int>(options_.topics.size())));
  for (const std::string& topic : options_.topics)
    rd_kafka_topic_partition_list_add(topics.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
  const rd_kafka_resp_err_t error = rd_kafka_subscribe(client_.get(), topics.get());
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
    throw Error(ErrorCode::Kafka, std::string("cannot subscribe: ") + rd_kafka_err2str(error));
}

void Consumer::Impl::leave() {
  if (!client_) return;
  rd_kafka_consumer_close(client_.get());
  client_.reset();
  end_client_.reset();
}

void Consumer::Impl::rebalance(rd_kafka_resp_err_t event, rd_kafka_topic_partition_list_t* partitions) {
  not_begun_.reset();
  if (event == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) return begin(partitions);
  try {
    if (rd_kafka_assignment_lost(client_.get()) == 0) save(true);
  } catch (...) {
    unsaved_ = std::current_exception();
  }
  drop_turns();
  rd_kafka_assign(client_.get(), nullptr);
}

void Consumer::Impl::drop_turns() {
  // A pause outlives an assignment, and the partitions may come back.
  is_part_only_ = false;
  hold([](std::size_t) { return false; });
  turns_.clear();
  assembler_.clear();
  delivered_.clear();
  delivered_size_ = {};
  end_watch_.reset();
  lacks_marks_since_.reset();
  statistics_.unacknowledged = 0;
  buffered_bytes_ = 0;
  is_paused_ = false;
}

void Consumer::Impl::begin(rd_kafka_topic_partition_list_t* partitions) {
  try {
    return assign(partitions);
  } catch (const Error& error) {
    (is_for_good(error.code()) ? failure_ : passing_) = std::current_exception();
  } catch (...) {
    passing_ = std::current_exception();
  }
  drop_turns();
  // The group is to have an answer, or this member takes no part in its next division.
  const KafkaOffsets none(rd_kafka_topic_partition_list_new(0));
  rd_kafka_assign(client_.get(), none.get());
  constexpr std::chrono::seconds kAgainAfter{1};
  not_begun_ =
      NotBegun{KafkaOffsets(rd_kafka_topic_partition_list_copy(partitions)), Clock::now() + kAgainAfter};
}

void Consumer::Impl::begin_when_due() {
  if (!not_begun_ || Clock::now() < not_begun_->try_at) return;
  const KafkaOffsets partitions = std::move(not_begun_->partitions);
  not_begun_.reset();
  begin(partitions.get());
  throw_failure();
}

void Consumer::Impl::assign(rd_kafka_topic_partition_list_t* partitions) {
  const KafkaHandle reader = options_.checkpoint_store ? make_committed_reader(options_) : nullptr;
  for (int i = 0; i < partitions->cnt; ++i) {
    rd_kafka_topic_partition_t& partition = partitions->elems[i];
    const StartPosition start =
        start_position(client_.get(), reader.get(), options_, partition.topic, partition.partition);
    partition.offset = start.offset;
    const auto stored = start.is_saved ? std::optional(start.offset) : std::nullopt;
    turns_.push_back({partition.topic, partition.partition, ++last_assignment_, PartitionLedger(start.offset),
                      stored, stored, start.note, start.origin});
    turns_.back().has_marks = options_.transactions && partition.topic == topic_of_marks(options_);
    if (options_.transactions && !turns_.back().has_marks) assembler_.begin(last_assignment_);
  }
  const rd_kafka_resp_err_t error = rd_kafka_assign(client_.get(), partitions);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
    throw Error(ErrorCode::Kafka,
                std::string("cannot begin with the partitions: ") + rd_kafka_err2str(error));
  if (options_.transactions) require_all_partitions(partitions);
  // Where nothing was saved, a restart before the first change must begin here too.
  next_save_ = Clock::now();
}

void Consumer::Impl::note_error(rd_kafka_resp_err_t error, const char* reason) {
  last_reason_ = reason;
  if (error == RD_KAFKA_RESP_ERR__FATAL) {
    failure_ =
        std::make_exception_ptr(Error(ErrorCode::Kafka, std::string("librdkafka gives up: ") + reason));
  } else if (code_of(error) == ErrorCode::Unauthorized) {
    passing_ = std::make_exception_ptr(
        Error(ErrorCode::Unauthorized, std::string(reason) + "; check Options::security"));
  }
}

}  // namespace v1
}  // namespace rowtide
