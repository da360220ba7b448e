#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "tracker/sink/kafka_topics.h"

struct rd_kafka_topic_s;

namespace rowtide::sink {

/// Of the producer, unless a topic takes less.
inline constexpr std::int64_t kLargestBatchBytes = std::int64_t{512} * 1024;

struct SinkTopicDeleter {
  void operator()(rd_kafka_topic_s* topic) const noexcept;
};

/// A topic that the sink writes to, and the running producer's handle of it.
struct SinkTopic {
  std::string name;
  TopicInfo facts;
  std::unique_ptr<rd_kafka_topic_s, SinkTopicDeleter> handle;
};

/// The topics met so far. Of the writing thread, except limit() and names(), which are for any.
class SinkTopics {
 public:
  SinkTopic& add(const std::string& name, TopicInfo facts);
  /// With a handle of `producer`; NOT_FOUND: add it first.
  [[nodiscard]] absl::StatusOr<SinkTopic*> open(rd_kafka_s& producer, std::string_view name);
  /// Before the producer that the handles belong to is destroyed.
  void close();

  /// A topic whose limit is below the size of our batches would refuse whole batches of small records.
  [[nodiscard]] std::int64_t batch_bytes() const { return batch_bytes_; }
  /// max.message.bytes; 0: unknown.
  [[nodiscard]] std::int64_t limit(std::string_view name) const;
  /// As they were added, without the first `known` of them.
  [[nodiscard]] std::vector<std::string> names(std::size_t known) const;

 private:
  std::map<std::string, SinkTopic, std::less<>> topics_;
  SinkTopic* last_ = nullptr;
  std::int64_t batch_bytes_ = kLargestBatchBytes;
  mutable std::mutex mutex_;  // guards what follows
  std::map<std::string, std::int64_t, std::less<>> limits_;
  std::vector<std::string> names_;
};

}  // namespace rowtide::sink
