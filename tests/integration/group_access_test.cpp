// Access to a topic that several tasks' ConsumerGroups give to one principal, against real Kafka.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/integration/consumer_groups_fixture.h"
#include "tests/integration/tracker_process.h"
#include "tests/support/group_consumer.h"
#include "tests/support/kafka_broker.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wait_until.h"

namespace rowtide::test {
namespace {

using nlohmann::json;

/// Another task with the same topic, and its ConsumerGroup "theirs" of User:cache.
class OtherTask {
 public:
  OtherTask(json document, const std::string& topic) : file_(folder_.path() / "groups.yaml") {
    document["spec"]["sink"]["kafka"]["topic"] = {{"name", topic}};
    std::ofstream(file_) << json{{"apiVersion", "rowtide.dev/v1alpha1"},
                                 {"kind", "ConsumerGroup"},
                                 {"metadata", {{"name", "theirs"}}},
                                 {"spec",
                                  {{"taskRef", {{"name", document.at("metadata").at("name")}}},
                                   {"principal", "User:cache"},
                                   {"checkpoint", {{"mode", "Earliest"}}}}}};
    tracker_.emplace(document, std::vector<std::string>{"--groups", file_});
    start();
  }
  void stop() { EXPECT_EQ(tracker_->stop(SIGTERM).code, 0); }
  void start() {
    tracker_->start_streaming();
    wait_until("the other task's group has its place and its access", [&] {
      const json groups = tracker_->status().at("consumerGroups");
      return groups.size() == 1 && groups[0].at("checkpoint").at("reason") == "Applied" &&
             groups[0].at("access").at("reason") == "Granted";
    });
  }

 private:
  TempDir folder_;
  std::string file_;
  std::optional<TrackerProcess> tracker_;
};

TEST_F(ConsumerGroupAccess, OfAnotherTasksGroupStaysAndComesBack) {
  const KafkaBroker broker({.bind = "127.0.0.1", .port = 0, .options = options()});
  broker.run_commands(
      "kafka-acls.sh --bootstrap-server x --add --allow-principal User:rowtide --operation All --topic * "
      "--transactional-id *; kafka-acls.sh --bootstrap-server x --add --allow-principal User:rowtide --operation "
      "Read --operation Describe --operation Delete --group *; kafka-acls.sh --bootstrap-server x --add "
      "--allow-principal User:rowtide --operation Alter --cluster");
  const std::string shared = "cdc." + database;
  start(broker, login("rowtide"), shared);
  server.connect(database).exec("INSERT INTO t (v) VALUES (1)");
  put_group("ours", {{"checkpoint", {{"mode", "Earliest"}}}, {"principal", "User:cache"}});
  wait_for("ours", "access.reason", "Granted");
  json document = kafka_task(server, database, broker.bootstrap());
  document["spec"]["sink"]["kafka"]["security"] = login("rowtide");
  OtherTask other(document, shared);

  put_group("ours",
            {{"checkpoint", {{"mode", "Earliest"}}}, {"principal", "User:other"}, {"checkpointNonce", 1}});
  wait_for("ours", "appliedNonce", 1);
  wait_for("ours", "access.reason", "Granted");
  const auto read = [&] {
    GroupConsumer(broker.bootstrap(), "default.theirs", shared, client_login("cache"))
        .consume(1, std::chrono::seconds{20});
  };
  EXPECT_NO_THROW(read()) << "it is still the other task's group's to read";

  other.stop();
  broker.run_commands(
      "kafka-acls.sh --bootstrap-server x --remove --force --allow-principal User:cache --operation Read "
      "--group default.theirs --topic " +
      shared);
  other.start();
  EXPECT_NO_THROW(read()) << "granted again at the start";
}

}  // namespace
}  // namespace rowtide::test
