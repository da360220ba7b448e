#pragma once

// What the tests of the C++ SDK share: records as a task writes them, and a consumer that reads them.
#include <gtest/gtest.h>
#include <rowtide/consumer.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/kafka_broker.h"
#include "tests/support/wait_until.h"

namespace rowtide::test {

using namespace std::chrono_literals;

inline Options options_for(const std::string& topic, const std::string& group) {
  Options options;
  options.bootstrap_servers = KafkaBroker::shared().bootstrap();
  options.group_id = group;
  options.topics = {topic};
  options.connect_timeout = 20s;
  return options;
}

/// Polls until there are that many changes.
inline std::vector<Change> take(Consumer& consumer, std::size_t count) {
  std::vector<Change> changes;
  wait_until(
      std::to_string(count) + " changes",
      [&] {
        for (Change& change : consumer.poll_batch(count - changes.size(), 100ms))
          changes.push_back(std::move(change));
        return changes.size() >= count;
      },
      kDeadline, [&] { return std::to_string(changes.size()) + " changes"; });
  return changes;
}

/// Nothing comes, although the broker was asked several times.
inline void expect_nothing_more(Consumer& consumer) {
  const auto change = consumer.poll(1s);
  EXPECT_FALSE(change.has_value()) << "offset " << change->offset;
}

inline std::vector<std::int64_t> ids(const std::vector<Change>& changes) {
  std::vector<std::int64_t> numbers;
  for (const Change& change : changes) numbers.push_back(change.after.at("id").as_int64().value());
  return numbers;
}

inline std::string insert_of(int id) {
  return R"({"before":null,"after":{"id":)" + std::to_string(id) +
         R"(},"source":{"db":"shop","table":"t","ts_ms":1,"gtid":"a:)" + std::to_string(id) +
         R"(","file":"b.1","pos":4},"op":"c"})";
}

/// A topic with inserts of the ids 1 to count.
inline std::string topic_with(int count, int partitions = 1) {
  KafkaBroker& broker = KafkaBroker::shared();
  const std::string topic = broker.fresh_topic(partitions);
  for (int id = 1; id <= count; ++id) broker.produce(topic, std::nullopt, insert_of(id));
  return topic;
}

/// The error that poll() ends with.
inline Error error_of(Consumer& consumer) {
  std::optional<Error> error;
  wait_until("an error", [&] {
    try {
      static_cast<void>(consumer.poll(100ms));
    } catch (const Error& thrown) {
      error = thrown;
    }
    return error.has_value();
  });
  return *error;
}

}  // namespace rowtide::test
