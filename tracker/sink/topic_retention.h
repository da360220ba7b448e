#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "common/task/secrets.h"
#include "common/task/spec.h"
#include "tracker/sink/retention_marks.h"

struct rd_kafka_s;

namespace rowtide::sink {

/// Deletes what was written to the topic's partition 0 longer than the retention of `marks` ago, as far as
/// these know, and notes in them how far the topic goes at `now`. Kafka deletes for good: consumers that were
/// there go on at what is left. Returns the offset of the first message that is left.
[[nodiscard]] absl::StatusOr<std::int64_t> delete_expired(rd_kafka_s& client, const std::string& topic,
                                                          RetentionMarks& marks, RetentionMarks::Time now,
                                                          std::chrono::milliseconds timeout);

/// Keeps sink.kafka.topic.retentionHours in a topic whose timestamps are seconds, where Kafka's own retention
/// would take every message for one of 1970. Counted from when a message was written, which its timestamp
/// does not say: of a backlog that is that of the commit, maybe days before. What was there at the start
/// counts from then. A thread of its own with a client of its own, from construction to destruction; what
/// fails is logged and tried again.
class RetentionKeeper {
 public:
  RetentionKeeper(task::KafkaSink kafka, task::SecretReader secrets, std::string topic);

 private:
  std::jthread thread_;
};

}  // namespace rowtide::sink
