// ConsumerGroups whose places are behind the end that committed readers see, against real Kafka.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/integration/consumer_groups_fixture.h"
#include "tests/support/group_consumer.h"
#include "tests/support/kafka_transaction.h"
#include "tracker/groups/group_admin.h"
#include "tracker/groups/topic_reader.h"

namespace rowtide::test {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

TEST_F(ConsumerGroups, ThatReadWhatIsNotCommittedStandBehindNoEnd) {
  const KafkaBroker& broker = KafkaBroker::shared();
  start(broker);
  insert(2);
  put_group("g", {{"checkpoint", {{"mode", "Earliest"}}}});
  wait_for("g", "unconsumedRecords", 3);
  KafkaTransaction open(broker, "open-" + topic());
  for (int i = 0; i < 4; ++i) open.produce(topic(), "not committed");
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
