#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/task/secrets.h"
#include "common/task/spec.h"
#include "tracker/sink/kafka_client_config.h"
#include "tracker/sink/kafka_handle.h"

namespace rowtide::groups {

using Deadline = std::chrono::steady_clock::time_point;

struct Partition {
  std::string topic;
  std::int32_t number = 0;
  auto operator<=>(const Partition&) const = default;
};

/// Where a partition begins and ends for committed readers.
struct PartitionEnds {
  std::int64_t begin = 0;
  std::int64_t end = 0;
};

struct ReadFrom {
  Partition partition;
  std::int64_t offset = 0;
};

/// How far a read came.
struct ReadTo {
  std::int64_t next = 0;      ///< the offset that would be read next; marks behind the last record are passed
  bool is_timed_out = false;  ///< the deadline ended it, not the partition's end or the caller
};

enum class Isolation { Committed, Uncommitted };

/// A record as far as it is looked at. Views into the library's message: of the call only.
struct SeenRecord {
  std::int64_t offset = 0;
  std::int64_t timestamp = 0;  ///< in the topic's own unit
  std::string_view key;
  std::string_view value;
};

/// Reads partitions as consumers do, without being one of any group. All calls block until their deadline at
/// most; UNAVAILABLE: worth trying again. One thread.
class TopicReader {
 public:
  [[nodiscard]] static absl::StatusOr<TopicReader> open(const task::KafkaSink& kafka,
                                                        const task::SecretReader& secrets,
                                                        Isolation isolation = Isolation::Committed);

  [[nodiscard]] rd_kafka_s& client() const { return *client_; }

  /// OK when a broker answers. The library's questions cannot be ended: this puts short ones, so that who is
  /// told to stop does not wait for brokers that are away. CANCELLED then.
  [[nodiscard]] absl::Status reach(Deadline deadline, const std::stop_token& stop);
  /// Of all topics that the account may see.
  [[nodiscard]] absl::StatusOr<std::vector<std::string>> topics(Deadline deadline);
  /// Of all of these topics, in their order; none of one that is not there. One question for all.
  [[nodiscard]] absl::StatusOr<std::vector<Partition>> partitions(const std::vector<std::string>& topics,
                                                                  Deadline deadline);
  /// In their order. Two questions for all.
  [[nodiscard]] absl::StatusOr<std::vector<PartitionEnds>> ends(const std::vector<Partition>& partitions,
                                                                Deadline deadline);
  /// For each, in their order, the offset of the first record at `timestamp` or later; nullopt: there is
  /// none.
  [[nodiscard]] absl::StatusOr<std::vector<std::optional<std::int64_t>>> offsets_at(
      const std::vector<Partition>& partitions, std::int64_t timestamp, Deadline deadline);
  /// From `offset` on until `on_record` says false, the partition ends, or the deadline.
  [[nodiscard]] absl::StatusOr<ReadTo> read(const Partition& partition, std::int64_t offset,
                                            Deadline deadline,
                                            const std::function<bool(const SeenRecord&)>& on_record);

  /// The same of several partitions at once, none of them twice; `on_record` is told which of them it is.
  /// Holds in memory about 4 MiB, and of each broker what 128 KiB of compressed records unpack to (a single
  /// batch, when it is greater), however many partitions there are.
  [[nodiscard]] absl::StatusOr<std::vector<ReadTo>> read_each(
      std::span<const ReadFrom> from, Deadline deadline,
      const std::function<bool(std::size_t index, const SeenRecord&)>& on_record);

 private:
  explicit TopicReader(sink::KafkaClient client) : client_(std::move(client)) {}
  [[nodiscard]] rd_kafka_topic_t& topic(const std::string& name);

  sink::KafkaClient client_;
  std::map<std::string, sink::KafkaTopicHandle> topics_;  // destroyed before the client
};

}  // namespace rowtide::groups
