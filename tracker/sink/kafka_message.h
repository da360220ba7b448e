#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "tracker/record/record_batch.h"

struct rd_kafka_s;
struct rd_kafka_topic_s;

namespace rowtide::sink {

/// A message as librdkafka takes it. What it points to is copied.
struct KafkaMessage {
  rd_kafka_topic_s* topic = nullptr;  ///< else by name
  const char* topic_name = nullptr;
  std::int32_t partition = 0;
  std::optional<std::int64_t> timestamp_ms = {};  ///< nothing: now
  void* opaque = nullptr;                         ///< handed back with the delivery report
  std::optional<std::string_view> key = {};
  std::optional<std::string_view> value = {};
  std::span<const record::RecordHeader> headers = {};
};

struct ProduceError {
  int code = 0;  ///< rd_kafka_resp_err_t
  std::string reason;
};

/// The most bytes that a record can take in a batch of its own, uncompressed. Source: Kafka's record batch v2
/// (https://kafka.apache.org/documentation/#recordbatch): 61 bytes, then varints and the contents.
[[nodiscard]] std::uint64_t largest_size(const record::Record& record);

/// Hands the message to the producer's queue; nothing: taken. Any thread.
[[nodiscard]] std::optional<ProduceError> produce(rd_kafka_s& producer, const KafkaMessage& message);

}  // namespace rowtide::sink
