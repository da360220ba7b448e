#include "tracker/sink/delivery_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>

#include <array>
#include <string>

#include "common/status/text.h"

namespace rowtide::sink {
namespace {

using testing::HasSubstr;

const RejectedRecord kRecord{.topic = "default.orders",
                             .table = "shop.orders",
                             .key = R"({"id":1})",
                             .bytes = 2'000'000,
                             .max_message_bytes = 1'048'588,
                             .bootstrap_servers = "kafka:9092"};

TEST(DeliveryError, TooLargeNamesSizeLimitAndCommand) {
  const absl::Status status = delivery_error(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, "too large", kRecord);
  EXPECT_TRUE(absl::IsResourceExhausted(status));
  EXPECT_EQ(
      text(status),
      "a record of table shop.orders with key {\"id\":1} has 2000000 bytes, more than topic "
      "default.orders allows with "
      "max.message.bytes (1048588 bytes); raise it: kafka-configs.sh --bootstrap-server kafka:9092 --alter "
      "--entity-type topics --entity-name default.orders --add-config max.message.bytes=2065536, then start "
      "the task again; or set spec.sink.kafka.oversizedRecord to KeysOnly or SkipAndCount");
}

TEST(DeliveryError, ALimitThatIsNotKnownIsSaid) {
  RejectedRecord record = kRecord;
  record.max_message_bytes = 0;
  const absl::Status status = delivery_error(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, "too large", record);
  EXPECT_THAT(std::string(text(status)), HasSubstr("DescribeConfigs on the topic"));
}

TEST(DeliveryError, KeysAreShownInPart) {
  const auto said = [](std::string key) {
    RejectedRecord record = kRecord;
    record.key = std::move(key);
    return std::string(text(delivery_error(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, "", record)));
  };
  EXPECT_THAT(said(""), HasSubstr("with key (none) has"));
  EXPECT_THAT(said(std::string("a\x01\xff", 3)), HasSubstr(R"(with key a\x01\xff has)"));
  // Not in the middle of a character.
  EXPECT_THAT(said(std::string(199, 'k') + "ä" + std::string(9, 'k')),
              HasSubstr("with key " + std::string(199, 'k') + "... has"));
}

TEST(DeliveryError, TooLargeWithoutAKnownLimit) {
  RejectedRecord record = kRecord;
  record.max_message_bytes = 0;
  EXPECT_THAT(std::string(text(delivery_error(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, "", record))),
              HasSubstr("allows with max.message.bytes; raise it"));
}

TEST(DeliveryError, EveryOtherSaysTableTopicReasonAndRepair) {
  struct Case {
    int code;
    const char* repair;
  };
  const std::array cases{
      Case{RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, "the topic was deleted"},
      Case{RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
           "--operation Write --operation Describe --topic default.orders"},
      Case{RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, "IdempotentWrite"},
      Case{RD_KAFKA_RESP_ERR_INVALID_RECORD, "cleanup.policy=compact wants keys"},
      Case{RD_KAFKA_RESP_ERR__FATAL, "see the broker's log"},
  };
  for (const Case& one : cases) {
    const absl::Status status = delivery_error(one.code, "the library's reason", kRecord);
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    EXPECT_THAT(std::string(text(status)),
                testing::AllOf(HasSubstr("shop.orders"), HasSubstr("topic default.orders"),
                               HasSubstr("the library's reason"), HasSubstr(one.repair)));
  }
}

TEST(DeliveryError, OfTheCheckpointNamesSizeTopicAndCommand) {
  const RejectedState state{.topic = "__checkpoints", .bytes = 2'000'000, .bootstrap_servers = "kafka:9092"};
  const absl::Status large = state_error(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, "too large", state).value();
  EXPECT_TRUE(absl::IsResourceExhausted(large));
  EXPECT_THAT(std::string(text(large)),
              testing::AllOf(HasSubstr("2000000 bytes"), HasSubstr("too large"),
                             HasSubstr("kafka-configs.sh --bootstrap-server kafka:9092 --alter --entity-type "
                                       "topics --entity-name __checkpoints --add-config "
                                       "max.message.bytes=2065536")));
  const absl::Status denied =
      state_error(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, "denied", state).value();
  EXPECT_TRUE(absl::IsFailedPrecondition(denied));
  EXPECT_THAT(std::string(text(denied)),
              HasSubstr("--operation Write --operation Describe --topic __checkpoints"));
  EXPECT_TRUE(absl::IsFailedPrecondition(state_error(RD_KAFKA_RESP_ERR_POLICY_VIOLATION, "", state).value()));
  EXPECT_FALSE(state_error(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, "", state))
      << "made again, it takes them";
}

}  // namespace
}  // namespace rowtide::sink
