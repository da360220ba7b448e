#pragma once

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>

namespace rowtide::sink {

/// Frees an object of librdkafka's by the function that its documentation names.
template <auto Function>
struct KafkaDeleter {
  template <class T>
  void operator()(T* object) const noexcept {
    Function(object);
  }
};

template <class T, auto Function>
using KafkaHandle = std::unique_ptr<T, KafkaDeleter<Function>>;

using KafkaTopicHandle = KafkaHandle<rd_kafka_topic_t, rd_kafka_topic_destroy>;
using KafkaMessageHandle = KafkaHandle<rd_kafka_message_t, rd_kafka_message_destroy>;
using KafkaMetadata = KafkaHandle<const rd_kafka_metadata_t, rd_kafka_metadata_destroy>;
using KafkaPartitions = KafkaHandle<rd_kafka_topic_partition_list_t, rd_kafka_topic_partition_list_destroy>;
using KafkaQueue = KafkaHandle<rd_kafka_queue_t, rd_kafka_queue_destroy>;
using KafkaEvent = KafkaHandle<rd_kafka_event_t, rd_kafka_event_destroy>;
using KafkaAdminOptions = KafkaHandle<rd_kafka_AdminOptions_t, rd_kafka_AdminOptions_destroy>;
using KafkaDeletion = KafkaHandle<rd_kafka_DeleteRecords_t, rd_kafka_DeleteRecords_destroy>;

/// What is left, as calls of librdkafka take it: at least 1, because 0 is not to wait at all and -1 for ever.
[[nodiscard]] inline int ms_until(std::chrono::steady_clock::time_point deadline) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
  return static_cast<int>(std::max<std::int64_t>(left, 1));
}

}  // namespace rowtide::sink
