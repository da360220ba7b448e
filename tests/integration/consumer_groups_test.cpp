// ConsumerGroups of a task that runs: their place, how far they are, who may read, against real Kafka.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <ctime>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/integration/consumer_groups_fixture.h"
#include "tests/integration/tracker_process.h"
#include "tests/support/group_consumer.h"
#include "tests/support/kafka_broker.h"
#include "tests/support/wait_until.h"

namespace rowtide::test {
namespace {

using nlohmann::json;
using std::chrono::seconds;
using testing::HasSubstr;

std::string rfc3339(std::int64_t seconds_since_1970) {
  const std::time_t time = seconds_since_1970;
  std::tm parts{};
  gmtime_r(&time, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

TEST_F(ConsumerGroups, BeginWhereTheirDocumentsSayAndCountRecordsNotMarks) {
  start(KafkaBroker::shared());
  insert(5);
  const std::int64_t between = std::time(nullptr) + 1;
  wait_until("the next second", [&] { return std::time(nullptr) > between; });
  insert(3);
  put_group("all", {{"checkpoint", {{"mode", "Earliest"}}}});
  put_group("new", {{"checkpoint", {{"mode", "Latest"}}}});
  put_group("since", {{"checkpoint", {{"mode", "Timestamp"}, {"time", rfc3339(between)}}}});

  const json all = wait_for("all", "unconsumedRecords", 9);
  EXPECT_EQ(all.at("checkpoint"), json({{"done", true}, {"reason", "Applied"}, {"message", ""}}));
  EXPECT_EQ(all.at("groupId"), "default.all");
  EXPECT_EQ(all.at("state"), "Empty");
  EXPECT_GT(all.at("delaySeconds"), 1);
  EXPECT_EQ(all.at("consumptionCheckpointMs"), all.at("dataBeginMs"));
  EXPECT_GT(all.at("dataEndMs"), all.at("dataBeginMs"));
  wait_for("since", "unconsumedRecords", 3);
  const json at_end = wait_for("new", "unconsumedRecords", 0);
  EXPECT_EQ(at_end.at("delaySeconds"), 0);

  {
    GroupConsumer consumer(KafkaBroker::shared().bootstrap(), "default.all", topic());
    EXPECT_EQ(consumer.consume(5).size(), 5U);
    wait_for("all", "unconsumedRecords", 4);
    EXPECT_EQ(status_of("all").at("members"), 1);
    EXPECT_EQ(status_of("all").at("state"), "Stable");
    EXPECT_EQ(tracker->metric("rowtide_consumer_group_unconsumed_records", "group=\"all\""), 4);
    EXPECT_GT(tracker->metric("rowtide_consumer_group_delay_seconds", "group=\"all\""), 0);
    EXPECT_EQ(tracker->metric("rowtide_consumer_group_members", "group=\"all\""), 1);
    EXPECT_EQ(consumer.consume(4).size(), 4U);
  }
  const json consumed = wait_for("all", "unconsumedRecords", 0);
  EXPECT_EQ(consumed.at("delaySeconds"), 0) << "only marks of transactions are left: " << consumed;
  insert(2);
  wait_for("new", "unconsumedRecords", 2);
  GroupConsumer since(KafkaBroker::shared().bootstrap(), "default.since", topic());
  const auto records = since.consume(5);
  EXPECT_EQ(json::parse(records.at(0).value.value()).at("after").at("id"), 6);
}

TEST_F(ConsumerGroups, AreMovedOnceAndOnlyWithoutMembers) {
  start(KafkaBroker::shared());
  insert(4);
  put_group("g", {{"checkpoint", {{"mode", "Earliest"}}}});
  wait_for("g", "unconsumedRecords", 5);
  std::optional<GroupConsumer> consumer;
  consumer.emplace(KafkaBroker::shared().bootstrap(), "default.g", topic());
  EXPECT_EQ(consumer->consume(5).size(), 5U);

  put_group("g", {{"checkpoint", {{"mode", "Earliest"}}}, {"checkpointNonce", 2}});
  const json refused = wait_for("g", "checkpoint.reason", "MembersActive");
  EXPECT_THAT(refused.at("checkpoint").at("message").get<std::string>(), HasSubstr("1 active members"));
  EXPECT_EQ(refused.at("unconsumedRecords"), 0) << "it is where its consumer left it";
  consumer.reset();
  wait_for("g", "appliedNonce", 2);
  wait_for("g", "unconsumedRecords", 5);

  consumer.emplace(KafkaBroker::shared().bootstrap(), "default.g", topic());
  EXPECT_EQ(consumer->consume(5).size(), 5U) << "all over again";
  consumer.reset();
  EXPECT_EQ(tracker->stop(SIGTERM).code, 0);
  tracker->start_streaming();
  const json after = wait_for("g", "appliedNonce", 2);
  wait_for("g", "unconsumedRecords", 0);
  EXPECT_EQ(after.at("checkpoint").at("reason"), "Applied") << "the move is not done again after a restart";

  for (const char* none : {"# nothing for a moment", ""}) {
    replace_groups(none);
    wait_until("no group is left", [&] { return status_of("g").is_null(); });
    write_groups();
    wait_for("g", "appliedNonce", 2);
    wait_for("g", "unconsumedRecords", 0);
  }
}

TEST_F(ConsumerGroups, OfATopicPerTableBeginInTopicsOfBeforeARestartToo) {
  start(KafkaBroker::shared(), nullptr, "{database}.{table}");
  SqlClient client = server.connect(database);
  client.exec("CREATE TABLE u (id INT PRIMARY KEY)");
  client.exec("INSERT INTO t (v) VALUES (1), (2)");
  client.exec("INSERT INTO u VALUES (1)");
  wait_until("the topic of u is made", [&] { return KafkaBroker::shared().partitions(database + ".u") > 0; });
  KafkaReader reader(KafkaBroker::shared().bootstrap(), database + ".u");
  reader.wait_for_count(1);
  EXPECT_EQ(tracker->stop(SIGTERM).code, 0);
  tracker->start_streaming();
  put_group("g", {{"checkpoint", {{"mode", "Latest"}}}});
  wait_for("g", "unconsumedRecords", 0);
  client.exec("INSERT INTO t (v) VALUES (3)");
  client.exec("INSERT INTO u VALUES (2)");
  wait_for("g", "unconsumedRecords", 2);
}

TEST_F(ConsumerGroups, OfATimeOutsideTheDataSayTheRange) {
  start(KafkaBroker::shared());
  insert(1);
  put_group("g", {{"checkpoint", {{"mode", "Timestamp"}, {"time", "2020-01-01T00:00:00Z"}}}});
  const json early = wait_for("g", "checkpoint.reason", "TimeOutsideDataRange");
  EXPECT_THAT(early.at("checkpoint").at("message").get<std::string>(),
              HasSubstr("the topics hold the records from 20"));
  EXPECT_EQ(early.at("unconsumedRecords"), nullptr);
  put_group("g", {{"checkpoint", {{"mode", "Timestamp"}, {"time", rfc3339(std::time(nullptr) + 3600)}}}});
  wait_until("the message is of the later time", [&] {
    return status_of("g").at("checkpoint").at("message").get<std::string>().find("not come yet") !=
           std::string::npos;
  });
  put_group("g", {{"checkpoint", {{"mode", "Earliest"}}}});
  wait_for("g", "unconsumedRecords", 2);
}

TEST_F(ConsumerGroups, WhoDoesNotReadTheMarksOfTransactionsIsNotBehindThem) {
  const KafkaBroker& broker = KafkaBroker::shared();
  start(broker, nullptr, {}, {{"transactionMetadata", true}});
  insert(3);
  put_group("g", {{"checkpoint", {{"mode", "Earliest"}}}});
  wait_for("g", "unconsumedRecords", 4);
  {
    GroupConsumer consumer(broker.bootstrap(), "default.g", topic());
    EXPECT_EQ(consumer.consume(4).size(), 4U);
  }
  wait_for("g", "unconsumedRecords", 0);
  const std::string marks = "default." + task.at("metadata").at("name").get<std::string>() + ".transaction";
  {
    GroupConsumer consumer(broker.bootstrap(), "default.g", marks);
    EXPECT_EQ(consumer.consume(2).size(), 2U);
  }
  wait_for("g", "unconsumedRecords", 4);  // BEGIN and END of three transactions, two of which are read
}

TEST_F(ConsumerGroups, WhatAConsumerHasNotMetCountsFromItsBeginning) {
  start(KafkaBroker::shared(), nullptr, "{database}.{table}");
  SqlClient client = server.connect(database);
  client.exec("INSERT INTO t (v) VALUES (1)");
  put_group("g", {{"checkpoint", {{"mode", "Earliest"}}}});
  wait_for("g", "checkpoint.reason", "Applied");
  wait_until("the topic of t is made", [&] { return KafkaBroker::shared().partitions(database + ".t") > 0; });
  GroupConsumer consumer(KafkaBroker::shared().bootstrap(), "default.g", database + ".t");
  EXPECT_EQ(consumer.consume(1).size(), 1U);
  client.exec("CREATE TABLE u (id INT PRIMARY KEY)");
  client.exec("INSERT INTO u VALUES (1), (2)");
  // And the two statements in the task's own topic, which it does not read either.
  EXPECT_EQ(wait_for("g", "unconsumedRecords", 4).at("members"), 1);
}

TEST_F(ConsumerGroups, OfATopicThatWasEmptiedBeginWhereNothingCanHaveBeenDeleted) {
  const KafkaBroker& broker = KafkaBroker::shared();
  start(broker);
  insert(1);
  put_group("first", {{"checkpoint", {{"mode", "Earliest"}}}});
  wait_for("first", "unconsumedRecords", 2);
  broker.delete_records(topic(), -1);
  const std::int64_t now = std::time(nullptr);
  put_group("g", {{"checkpoint", {{"mode", "Timestamp"}, {"time", rfc3339(now - 30L * 86'400)}}}});
  EXPECT_THAT(wait_for("g", "checkpoint.reason", "TimeOutsideDataRange")
                  .at("checkpoint")
                  .at("message")
                  .get<std::string>(),
              HasSubstr("partition 0 holds no records any more"));
  put_group("g", {{"checkpoint", {{"mode", "Timestamp"}, {"time", rfc3339(now - 60)}}}});
  wait_for("g", "checkpoint.reason", "Applied");
}

TEST_F(ConsumerGroups, AreDeletedWithTheirPlace) {
  start(KafkaBroker::shared());
  insert(1);
  put_group("g", {{"checkpoint", {{"mode", "Earliest"}}}, {"deletionPolicy", "Delete"}});
  wait_for("g", "unconsumedRecords", 2);
  groups["g"]["metadata"]["deletionTimestamp"] = "2026-11-30T00:00:00Z";
  std::optional<GroupConsumer> consumer;
  consumer.emplace(KafkaBroker::shared().bootstrap(), "default.g", topic());
  EXPECT_EQ(consumer->consume(2).size(), 2U);
  write_groups();
  wait_for("g", "deletion.reason", "MembersActive");
  consumer.reset();
  wait_for("g", "deletion.done", true);
  groups.clear();
  write_groups();
  wait_until("no group is left", [&] { return status_of("g").is_null(); });
  put_group("g", {{"checkpoint", {{"mode", "Earliest"}}}});
  wait_for("g", "unconsumedRecords", 2);
}

TEST_F(ConsumerGroups, AFileThatIsWrongIsRefusedAtTheStartAndLeftAloneLater) {
  start(KafkaBroker::shared());
  insert(1);
  put_group("g", {{"checkpoint", {{"mode", "Earliest"}}}});
  wait_for("g", "unconsumedRecords", 2);
  replace_groups(R"({"kind": "ConsumerGroup", "metadata": {"name": "g"}, "spec": {}})");
  wait_until("the log names the file", [&] {
    return tracker->process().err().find("the groups stay as they are") != std::string::npos;
  });
  EXPECT_EQ(status_of("g").at("unconsumedRecords"), 2);
  const RunResult refused = run_tracker("run", task, {"--groups", groups_file()});
  EXPECT_EQ(refused.status.code, 2);
  EXPECT_THAT(refused.err, HasSubstr("g: spec.taskRef.name"));
  for (const json& without : {stdout_task(server, database), stream_task(server, database)}) {
    const RunResult of_kafka = run_tracker("run", without, {"--groups", groups_file()});
    EXPECT_EQ(of_kafka.status.code, 2);
    EXPECT_THAT(of_kafka.err, HasSubstr("consumer groups are Kafka's"));
  }
}

TEST_F(ConsumerGroups, WhatIsPassedOverIsSaid) {
  start(KafkaBroker::shared());
  const auto says = [this](const char* words) {
    return tracker->process().err().find(words) != std::string::npos;
  };
  wait_until("the file without groups is said",
             [&] { return says("holds no document of kind ConsumerGroup"); });
  put_group("theirs", {{"groupId", "theirs-" + database}});
  groups["theirs"]["spec"]["taskRef"]["name"] = "other";
  write_groups();
  wait_until("the group of another task is said",
             [&] { return says("the ConsumerGroup default/theirs is of the task default/other"); });
}

TEST_F(ConsumerGroups, InKubernetesNoFileKeepsTheTrackerFromStreaming) {
  task = kafka_task(server, database, KafkaBroker::shared().bootstrap());
  task["spec"]["source"].erase("credentials");
  task["spec"]["source"]["credentialsSecretRef"] = {{"name", "login"}};
  std::filesystem::create_directory(folder.path() / "login");
  std::ofstream(folder.path() / "login" / "username") << kTrackerUser;
  std::ofstream(folder.path() / "login" / "password") << kTrackerPassword;
  replace_groups("somebody's: [");
  tracker.emplace(
      task, std::vector<std::string>{"--kubernetes", "--secrets", folder.path(), "--groups", groups_file()});
  tracker->start_streaming();
  wait_until("the log says what is wrong",
             [&] { return tracker->process().err().find("not YAML") != std::string::npos; });

  server.connect(database).exec("CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, v INT)");
  insert(1);
  put_group("good", {{"checkpoint", {{"mode", "Earliest"}}}});
  put_group("newer", {{"checkpoint", {{"mode", "Earliest"}}}, {"fromTheFuture", 1}});
  wait_for("good", "unconsumedRecords", 2);
  const json newer = wait_for("newer", "checkpoint.reason", "InvalidDocument");
  EXPECT_THAT(newer.at("checkpoint").at("message").get<std::string>(),
              HasSubstr("spec.fromTheFuture: unknown field"));
  EXPECT_EQ(newer.at("unconsumedRecords"), nullptr);
  put_group("newer", {{"checkpoint", {{"mode", "Earliest"}}}});
  wait_for("newer", "unconsumedRecords", 2);
  put_group("newer", {{"fromTheFuture", 1}});
  wait_for("newer", "checkpoint.reason", "InvalidDocument");
  EXPECT_EQ(status_of("good").at("checkpoint").at("done"), true);
}

TEST_F(ConsumerGroupAccess, IsGrantedToThePrincipalAndTakenBack) {
  const KafkaBroker broker({.bind = "127.0.0.1", .port = 0, .options = options()});
  broker.run_commands(
      "kafka-acls.sh --bootstrap-server x --add --allow-principal User:rowtide --operation All --topic * "
      "--transactional-id *; kafka-acls.sh --bootstrap-server x --add --allow-principal User:rowtide --operation "
      "Read --operation Describe --operation Delete --group *");
  start(broker, login("rowtide"));
  server.connect(database).exec("INSERT INTO t (v) VALUES (1)");
  put_group("g", {{"checkpoint", {{"mode", "Earliest"}}}, {"principal", "User:cache"}});
  const json refused = wait_for("g", "access.reason", "NotAuthorized");
  EXPECT_THAT(
      refused.at("access").at("message").get<std::string>(),
      HasSubstr("--add --allow-principal User:cache --operation Read --group default.g --topic " + topic()));
  broker.run_commands(
      "kafka-acls.sh --bootstrap-server x --add --allow-principal User:rowtide --operation Alter --cluster");
  write_groups();
  wait_for("g", "access.reason", "Granted");
  wait_for("g", "unconsumedRecords", 2);
  EXPECT_EQ(GroupConsumer(broker.bootstrap(), "default.g", topic(), client_login("cache")).consume(2).size(),
            2U);

  put_group("second", {{"checkpoint", {{"mode", "Earliest"}}}, {"principal", "User:cache"}});
  wait_for("second", "access.reason", "Granted");

  put_group("g",
            {{"checkpoint", {{"mode", "Earliest"}}}, {"principal", "User:other"}, {"checkpointNonce", 1}});
  wait_for("g", "appliedNonce", 1);
  wait_for("g", "access.reason", "Granted");
  const auto reads = [&](const std::string& group, const std::string& user) {
    return GroupConsumer(broker.bootstrap(), group, topic(), client_login(user)).consume(2).size();
  };
  EXPECT_EQ(reads("default.g", "other"), 2U);
  EXPECT_EQ(reads("default.second", "cache"), 2U) << "the topic is still its other group's to read";
  server.connect(database).exec("INSERT INTO t (v) VALUES (2)");
  try {
    (void)GroupConsumer(broker.bootstrap(), "default.g", topic(), client_login("cache"))
        .consume(1, seconds{15});
    ADD_FAILURE() << "the group is not its any more";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("Group authorization failed"));
  }
}

TEST_F(ConsumerGroups, OnBrokersWithoutAnAuthorizerEverybodyHasAccess) {
  start(KafkaBroker::shared());
  insert(1);
  put_group("g", {{"principal", "User:cache"}});
  const json status = wait_for("g", "access.reason", "NoAuthorizer");
  EXPECT_EQ(status.at("access").at("done"), true);
}

}  // namespace
}  // namespace rowtide::test
