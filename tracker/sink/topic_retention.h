#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "common/task/secrets.h"
#include "common/task/spec.h"

struct rd_kafka_s;

namespace rowtide::sink {

/// Deletes the messages of the topic's partition 0 in front of the first one whose timestamp is `timestamp`
/// or later, in the topic's own unit. Returns the offset of the first message that is left. Kafka deletes for
/// good: consumers that were there go on at what is left.
[[nodiscard]] absl::StatusOr<std::int64_t> delete_before(rd_kafka_s& client, const std::string& topic,
                                                         std::int64_t timestamp,
                                                         std::chrono::milliseconds timeout);

/// Keeps sink.kafka.topic.retentionHours in a topic whose timestamps are seconds, where Kafka's own retention
/// would take every message for one of 1970. A thread of its own with a client of its own, from construction
/// to destruction; what fails is logged and tried again.
class RetentionKeeper {
 public:
  RetentionKeeper(task::KafkaSink kafka, task::SecretReader secrets, std::string topic);

 private:
  std::jthread thread_;
};

}  // namespace rowtide::sink
