// ConsumerGroups whose places are behind the end that committed readers see, against real Kafka.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>

#include <array>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

#include "tests/integration/consumer_groups_fixture.h"
#include "tests/support/group_consumer.h"
#include "tests/support/kafka_conf.h"
#include "tracker/groups/group_admin.h"
#include "tracker/groups/topic_reader.h"

namespace rowtide::test {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

void check(rd_kafka_error_t* error) {
  if (error == nullptr) return;
  const std::string text = rd_kafka_error_string(error);
  rd_kafka_error_destroy(error);
  throw std::runtime_error(text);
}

/// Records of a transaction that is not committed, and never will be.
class OpenTransaction {
 public:
  OpenTransaction(const KafkaBroker& broker, const std::string& topic, int records) {
    constexpr int kTimeoutMs = 30'000;
    std::array<char, 512> error{};
    client_.reset(rd_kafka_new(
        RD_KAFKA_PRODUCER,
        make_kafka_conf({{"bootstrap.servers", broker.bootstrap()}, {"transactional.id", "open-" + topic}}),
        error.data(), error.size()));
    if (client_ == nullptr) throw std::runtime_error(error.data());
    check(rd_kafka_init_transactions(client_.get(), kTimeoutMs));
    check(rd_kafka_begin_transaction(client_.get()));
    const std::unique_ptr<rd_kafka_topic_t, decltype(&rd_kafka_topic_destroy)> handle(
        rd_kafka_topic_new(client_.get(), topic.c_str(), nullptr), &rd_kafka_topic_destroy);
    for (int i = 0; i < records; ++i) {
      if (rd_kafka_produce(handle.get(), 0, RD_KAFKA_MSG_F_COPY, nullptr, 0, nullptr, 0, nullptr) != 0)
        throw std::runtime_error(rd_kafka_err2str(rd_kafka_last_error()));
    }
    if (rd_kafka_flush(client_.get(), kTimeoutMs) != RD_KAFKA_RESP_ERR_NO_ERROR)
      throw std::runtime_error("not all records were acknowledged");
  }

 private:
  std::unique_ptr<rd_kafka_t, decltype(&rd_kafka_destroy)> client_{nullptr, &rd_kafka_destroy};
};

TEST_F(ConsumerGroups, ThatReadWhatIsNotCommittedStandBehindNoEnd) {
  const KafkaBroker& broker = KafkaBroker::shared();
  start(broker);
  insert(2);
  put_group("g", {{"checkpoint", {{"mode", "Earliest"}}}});
  wait_for("g", "unconsumedRecords", 3);
  const OpenTransaction open(broker, topic(), 4);
  {
    GroupConsumer consumer(broker.bootstrap(), "default.g", topic(),
                           {{"isolation.level", "read_uncommitted"}});
    EXPECT_EQ(consumer.consume(7).size(), 7U);
  }
  EXPECT_EQ(wait_for("g", "unconsumedRecords", 0).at("checkpoint").at("reason"), "Applied");

  // As of a topic that was made anew.
  task::KafkaSink kafka;
  kafka.bootstrap_servers = {broker.bootstrap()};
  const auto reader = groups::TopicReader::open(kafka, task::SecretReader(""));
  ASSERT_TRUE(reader.ok()) << reader.status();
  const absl::Status moved = groups::set_offsets(reader->client(), "default.g", {{{topic(), 0}, 1000}}, "",
                                                 std::chrono::steady_clock::now() + seconds{30});
  ASSERT_TRUE(moved.ok()) << moved;
  EXPECT_THAT(
      wait_for("g", "checkpoint.reason", "OffsetBeyondEnd").at("checkpoint").at("message").get<std::string>(),
      HasSubstr("partition 0: offset 1000, the end is "));
}

}  // namespace
}  // namespace rowtide::test
