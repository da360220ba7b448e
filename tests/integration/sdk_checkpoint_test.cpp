// What commit() and close() of the SDK say of checkpoints that are on their way to Kafka, and fail.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "tests/integration/sdk_fixture.h"
#include "tests/support/script_server.h"

namespace rowtide::test {
namespace {

using testing::HasSubstr;

/// A broker that takes no checkpoint: it refuses what the consumer notes beside each.
class SdkCheckpoint : public testing::Test {
 protected:
  static ServerOptions refusing() {
    ServerOptions server;
    server.options = {"offset.metadata.max.bytes=1"};
    return server;
  }
  void SetUp() override {
    broker.create_topic("orders");
    broker.produce("orders", std::nullopt, insert_of(1));
    Options options = options_for("orders", "g");
    options.bootstrap_servers = broker.bootstrap();
    options.checkpoint_interval = 1ms;
    consumer.emplace(options);
    EXPECT_EQ(error_of(*consumer).code(), ErrorCode::Checkpoint);
  }
  /// A checkpoint is on its way, whose answer is not looked at before the next call.
  void send_checkpoint() {
    broker.suspend();
    if (const std::optional<Change> change = consumer->poll(250ms)) consumer->acknowledge(*change);
    EXPECT_FALSE(consumer->poll(250ms).has_value());  // long enough for one that is due
    broker.resume();
  }
  KafkaBroker broker{refusing()};
  std::optional<Consumer> consumer;
};

TEST_F(SdkCheckpoint, CommitSaysWhatIsNotStoredAlsoWhereItWasSentBefore) {
  send_checkpoint();
  for (int i = 0; i < 2; ++i) {
    try {
      consumer->commit();
      FAIL() << "it said that all is stored";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::Checkpoint);
      EXPECT_THAT(error.what(), HasSubstr("orders [0]: "));
    }
  }
}

TEST_F(SdkCheckpoint, CloseSaysWhatIsNotStoredAlsoWhereItWasSentBefore) {
  send_checkpoint();
  try {
    consumer->close();
    FAIL() << "it said that all is stored";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::Checkpoint);
  }
}

}  // namespace
}  // namespace rowtide::test
