#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/kafka_reader.h"
#include "tests/support/wait_until.h"

namespace rowtide::test {

/// A member of a consumer group, as a user's program is one: subscribes to one topic, reads committed
/// records, and commits when told. Leaves the group when it is destroyed. Throws std::runtime_error on
/// failure.
class GroupConsumer {
 public:
  /// 'config' is added to librdkafka's settings: security.protocol, sasl.username, ...
  GroupConsumer(const std::string& bootstrap, const std::string& group, const std::string& topic,
                const std::map<std::string, std::string>& config = {});
  ~GroupConsumer();
  GroupConsumer(GroupConsumer&&) noexcept;

  /// Waits until it has partitions to read.
  void join(std::chrono::milliseconds deadline = kDeadline);
  /// The next `count` records, and their place is committed.
  std::vector<KafkaRecord> consume(std::size_t count, std::chrono::milliseconds deadline = kDeadline);

 private:
  struct Client;
  std::unique_ptr<Client> client_;
};

}  // namespace rowtide::test
