// A record that is larger than what librdkafka takes in one answer by itself, 100,000,000 bytes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/integration/sdk_fixture.h"
#include "tests/support/kafka_produce_each.h"

namespace rowtide::test {
namespace {

TEST(SdkLargeRecord, IsReadAndWhatFollowsItToo) {
  ServerOptions server;
  server.options = {"message.max.bytes=104000000"};
  KafkaBroker broker(server);
  broker.create_topic("orders");
  // No change, so that it need not be kept in memory as one.
  const auto large = [] { return std::string(101'000'000, 'x'); };
  produce_each(broker, "orders", 1, [](int) { return 1; }, large, {{"message.max.bytes", "1000000000"}});
  broker.produce("orders", std::nullopt, insert_of(2));
  Options options = options_for("orders", "g");
  options.bootstrap_servers = broker.bootstrap();
  options.on_undecodable = OnUndecodable::Skip;
  Consumer consumer(options);
  EXPECT_THAT(ids(take(consumer, 1)), testing::ElementsAre(2));
  EXPECT_EQ(consumer.statistics().skipped, 1U);
}

}  // namespace
}  // namespace rowtide::test
