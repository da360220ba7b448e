// Moves of ConsumerGroups that are interrupted: carried out once, against real Kafka.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/integration/consumer_groups_fixture.h"
#include "tests/support/group_consumer.h"
#include "tests/support/kafka_broker.h"
#include "tests/support/wait_until.h"
#include "tracker/groups/group_admin.h"
#include "tracker/groups/group_memory.h"
#include "tracker/groups/topic_reader.h"

namespace rowtide::test {
namespace {

using nlohmann::json;
using std::chrono::seconds;
using testing::HasSubstr;

class MovedGroups : public ConsumerGroups {
 protected:
  static groups::Deadline soon() { return std::chrono::steady_clock::now() + seconds{30}; }
  static task::KafkaSink kafka_of(const KafkaBroker& broker) {
    task::KafkaSink kafka;
    kafka.bootstrap_servers = {broker.bootstrap()};
    return kafka;
  }
  [[nodiscard]] std::optional<std::int64_t> place(const KafkaBroker& broker) const {
    const auto reader = groups::TopicReader::open(kafka_of(broker), task::SecretReader(""));
    const auto places =
        groups::committed_places(reader.value().client(), "default.g", {{topic(), 0}}, soon()).value();
    return places.at(0) ? std::optional(places.at(0)->offset) : std::nullopt;
  }
  /// As a tracker leaves it that ends between the beginning of a move and its end.
  void note_begun_move(const KafkaBroker& broker, std::int64_t nonce,
                       const std::optional<std::int64_t>& from) const {
    const groups::GroupNote note{.has_begun = true,
                                 .applied_nonce = nonce - 1,
                                 .move = groups::BegunMove{.nonce = nonce, .from = {{{topic(), 0}, from}}}};
    const std::string identity = "default/" + task.at("metadata").at("name").get<std::string>() + "/g";
    const absl::Status saved =
        groups::save_note(kafka_of(broker), task::SecretReader(""), identity, note, soon());
    ASSERT_TRUE(saved.ok()) << saved;
  }
};

TEST_F(MovedGroups, AreNotMovedAgainWhenTheNoteOfItIsMissing) {
  const KafkaBroker& broker = KafkaBroker::shared();
  start(broker);
  insert(4);
  put_group("g", {{"checkpoint", {{"mode", "Earliest"}}}});
  wait_for("g", "unconsumedRecords", 5);
  EXPECT_EQ(GroupConsumer(broker.bootstrap(), "default.g", topic()).consume(5).size(), 5U);
  const auto before = place(broker);

  put_group("g", {{"checkpoint", {{"mode", "Earliest"}}}, {"checkpointNonce", 1}});
  wait_for("g", "appliedNonce", 1);
  EXPECT_EQ(GroupConsumer(broker.bootstrap(), "default.g", topic()).consume(3).size(), 3U);
  EXPECT_EQ(tracker->stop(SIGTERM).code, 0);
  note_begun_move(broker, 1, before);
  tracker->start_streaming();
  wait_for("g", "appliedNonce", 1);
  wait_for("g", "unconsumedRecords", 2);
  EXPECT_THAT(tracker->process().err(), HasSubstr("move 1 of consumer group default.g was carried out"));

  // One that was begun and not carried out is.
  EXPECT_EQ(tracker->stop(SIGTERM).code, 0);
  note_begun_move(broker, 2, place(broker));
  put_group("g", {{"checkpoint", {{"mode", "Earliest"}}}, {"checkpointNonce", 2}});
  tracker->start_streaming();
  wait_for("g", "appliedNonce", 2);
  wait_for("g", "unconsumedRecords", 5);
}

TEST_F(MovedGroups, WaitUntilTheirMoveCanBeNoted) {
  KafkaBroker broker;
  start(broker);
  server.connect(database).exec("INSERT INTO t (v) VALUES (1)");
  KafkaReader(broker.bootstrap(), topic()).wait_for_count(2);
  put_group("g", {{"checkpoint", {{"mode", "Earliest"}}}});
  wait_for("g", "unconsumedRecords", 2);
  EXPECT_EQ(GroupConsumer(broker.bootstrap(), "default.g", topic()).consume(2).size(), 2U);
  const auto before = place(broker);
  wait_for("g", "unconsumedRecords", 0);

  const std::string alter =
      "kafka-configs.sh --bootstrap-server x --alter --entity-type topics --entity-name "
      "__rowtide_checkpoints --add-config max.message.bytes=";
  broker.run_commands(alter + "10");
  put_group("g", {{"checkpoint", {{"mode", "Earliest"}}}, {"checkpointNonce", 1}});
  wait_until(
      "the log says that the note cannot be written",
      [&] { return tracker->process().err().find("did not take a note of") != std::string::npos; },
      seconds{60}, [&] { return tracker->process().err(); });
  EXPECT_EQ(place(broker), before);
  // What consumers commit meanwhile does not come of the move.
  broker.produce(topic(), std::nullopt, "by hand: the tracker's own wait for the checkpoints");
  EXPECT_EQ(GroupConsumer(broker.bootstrap(), "default.g", topic()).consume(1).size(), 1U);
  broker.run_commands(alter + "1000000");
  wait_for("g", "appliedNonce", 1);
  wait_for("g", "unconsumedRecords", 3);
}

}  // namespace
}  // namespace rowtide::test
