// A tracker with ConsumerGroups that is told to stop while Kafka is away.
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <nlohmann/json.hpp>

#include "tests/integration/consumer_groups_fixture.h"
#include "tests/support/kafka_broker.h"
#include "tests/support/wait_until.h"

namespace rowtide::test {
namespace {

using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

TEST_F(ConsumerGroups, DoNotKeepATrackerFromStoppingWhileKafkaIsAway) {
  KafkaBroker broker;
  start(broker);
  put_group("g", {{"checkpoint", {{"mode", "Earliest"}}}});
  wait_for("g", "checkpoint.reason", "Applied");
  broker.kill9();
  wait_until(
      "the log says that the groups cannot be looked at",
      [&] { return tracker->process().err().find("Consumer groups: ") != std::string::npos; }, seconds{60});
  write_groups();
  // A changed file is looked at within two seconds, and a look that nobody answers takes thirty.
  const auto looking = Clock::now() + seconds{4};
  wait_until("the next look", [&] { return Clock::now() > looking; });
  const auto told = Clock::now();
  EXPECT_EQ(tracker->stop(SIGTERM).code, 0);
  EXPECT_LT(Clock::now() - told, seconds{10});
}

}  // namespace
}  // namespace rowtide::test
