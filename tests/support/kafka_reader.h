#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/wait_until.h"

namespace rowtide::test {

struct KafkaRecord {
  std::string topic;
  int partition = 0;
  std::int64_t offset = 0;
  std::int64_t timestamp_ms = 0;
  std::optional<std::string> key;
  std::optional<std::string> value;  ///< nothing: a tombstone
  std::vector<std::pair<std::string, std::optional<std::string>>> headers;

  /// The last header of that name; nothing if there is none or it is null.
  [[nodiscard]] std::optional<std::string> header(std::string_view name) const;
};

/// Reads all partitions of one topic from the beginning and keeps what it read. Sees committed transactions
/// only (isolation.level=read_committed). Order holds within a partition. Survives restarts of the broker.
/// Functions throw std::runtime_error on failure. Not thread-safe.
class KafkaReader {
 public:
  /// 'config' is added to librdkafka's settings: security.protocol, sasl.username, ...
  KafkaReader(const std::string& bootstrap, std::string topic,
              const std::map<std::string, std::string>& config = {});
  ~KafkaReader();
  KafkaReader(KafkaReader&&) noexcept;

  /// Everything read so far, but for what was taken.
  [[nodiscard]] const std::vector<KafkaRecord>& records() const;
  /// The same, and forgets it; reading goes on after it.
  [[nodiscard]] std::vector<KafkaRecord> take();

  /// Reads to where each partition ends for a committed reader at this moment.
  const std::vector<KafkaRecord>& read_to_end(std::chrono::milliseconds deadline = kDeadline);
  /// Reads until there are at least 'count' records in all; throws at the deadline with what came.
  const std::vector<KafkaRecord>& wait_for_count(std::size_t count,
                                                 std::chrono::milliseconds deadline = kDeadline);
  /// Reads until 'enough' says so of all records; throws at the deadline.
  const std::vector<KafkaRecord>& wait_for(std::string_view what,
                                           const std::function<bool(const std::vector<KafkaRecord>&)>& enough,
                                           std::chrono::milliseconds deadline = kDeadline);

 private:
  struct Consumer;
  std::unique_ptr<Consumer> consumer_;
};

}  // namespace rowtide::test
