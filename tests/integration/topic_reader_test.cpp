// What reading many partitions at once holds in memory, and what is said of one that is refused, against a
// real Kafka.
#include "tracker/groups/topic_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "tests/support/heap.h"
#include "tests/support/kafka_broker.h"
#include "tests/support/kafka_produce_each.h"
#include "tests/support/wait_until.h"

namespace rowtide::groups {
namespace {

using test::KafkaBroker;
using testing::AllOf;
using testing::HasSubstr;

constexpr int kFull = 32;
constexpr int kRecordsInFull = 2000;
constexpr std::ptrdiff_t kMib = 1024 * 1024;

/// A kilobyte of which LZ4 makes about a sixteenth, as it does of changes with their schemas.
std::string much_the_same() {
  static std::mt19937 random{1};
  std::string value(1000, 's');
  std::generate_n(value.begin(), 48, [] { return static_cast<char>(random()); });
  return value;
}

TEST(TopicReader, HoldsLittleOfManyFullPartitionsAtOnce) {
  KafkaBroker& broker = KafkaBroker::shared();
  const std::string topic = broker.fresh_topic(kFull);
  test::produce_each(broker, topic, kFull, [](int) { return kRecordsInFull; }, much_the_same,
                     {{"compression.type", "lz4"}, {"linger.ms", "200"}});
  task::KafkaSink kafka;
  kafka.bootstrap_servers = {broker.bootstrap()};
  TopicReader reader = TopicReader::open(kafka, task::SecretReader("")).value();
  std::vector<ReadFrom> from;
  for (int i = 0; i < kFull; ++i) from.push_back({{topic, i}, 0});

  const std::ptrdiff_t before = test::heap_bytes();
  std::ptrdiff_t most = before;
  std::size_t records = 0;
  const auto read_to = reader.read_each(from, std::chrono::steady_clock::now() + std::chrono::seconds{60},
                                        [&](std::size_t, const SeenRecord&) {
                                          if (++records % 10 == 0) most = std::max(most, test::heap_bytes());
                                          return true;
                                        });
  ASSERT_TRUE(read_to.ok()) << read_to.status();
  EXPECT_EQ(records, std::size_t{kFull} * kRecordsInFull);
  EXPECT_LT(most - before, 12 * kMib);
}

TEST(TopicReader, ReadsOnBehindARecordOfMoreThanAHundredMegabytes) {
  constexpr std::size_t kHuge = 105'000'000;
  KafkaBroker broker({.bind = "127.0.0.1",
                      .port = 0,
                      .options = {"message.max.bytes=150000000", "socket.request.max.bytes=150000000"}});
  broker.create_topic("huge");
  test::produce_each(
      broker, "huge", 1, [](int) { return 1; }, [] { return std::string(kHuge, 'h'); },
      {{"message.max.bytes", "150000000"}});
  broker.produce("huge", std::nullopt, "small");
  task::KafkaSink kafka;
  kafka.bootstrap_servers = {broker.bootstrap()};
  TopicReader reader = TopicReader::open(kafka, task::SecretReader("")).value();
  std::vector<std::size_t> sizes;
  const auto read_to =
      reader.read({"huge", 0}, 0, std::chrono::steady_clock::now() + std::chrono::seconds{30},
                  [&](const SeenRecord& record) {
                    sizes.push_back(record.value.size());
                    return true;
                  });
  ASSERT_TRUE(read_to.ok()) << read_to.status();
  EXPECT_FALSE(read_to->is_timed_out);
  EXPECT_EQ(sizes, (std::vector<std::size_t>{kHuge, 5}));
}

TEST(TopicReader, NamesTheTopicThatIsRefusedAmongOthers) {
  std::vector<std::string> options = test::plain_logins({{"tracker", "right"}});
  options.emplace_back("authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer");
  KafkaBroker broker({.bind = "127.0.0.1", .port = 0, .options = options});
  for (const char* topic : {"allowed", "refused"}) broker.create_topic(topic);
  const std::string command =
      "kafka-acls.sh --bootstrap-server x --allow-principal User:tracker --operation ";
  broker.run_commands(command + "Describe --add --topic allowed; " + command +
                      "Describe --add --topic refused");
  task::KafkaSink kafka;
  kafka.bootstrap_servers = {broker.bootstrap()};
  kafka.security.protocol = task::SecurityProtocol::SaslPlaintext;
  kafka.security.mechanism = "PLAIN";
  kafka.security.credentials = {.username = "tracker", .password = "right"};
  TopicReader reader = TopicReader::open(kafka, task::SecretReader("")).value();
  const auto refusal = [&] {
    constexpr std::int64_t kNewest = -1;
    const auto offsets = reader.offsets_at({{"allowed", 0}, {"refused", 0}}, kNewest,
                                           std::chrono::steady_clock::now() + std::chrono::seconds{20});
    return std::string(offsets.status().message());
  };
  EXPECT_EQ(refusal(), "");
  broker.run_commands(command + "Describe --remove --force --topic refused");
  test::wait_until("it is refused", [&] { return !refusal().empty(); });
  // The client knows the leaders: it hears of it from their answers.
  EXPECT_THAT(refusal(), AllOf(HasSubstr("of topic refused"), HasSubstr("--topic refused")));
}

}  // namespace
}  // namespace rowtide::groups
