// The main job on a real Kubernetes: the operator and its trackers run as pods, MySQL and Kafka on the host's
// address that pods reach (ROWTIDE_TEST_ADDRESS). scripts/test.sh brings cluster, image and operator up.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "tests/e2e/host_process.h"
#include "tests/e2e/task_fixture.h"
#include "tests/support/group_consumer.h"
#include "tests/support/wait_until.h"

namespace rowtide::test {
namespace {

using nlohmann::json;
using std::chrono::seconds;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class Tasks : public TaskFixture {};

TEST_F(Tasks, AppliedTaskDeliversExactlyTheRowsInOrder) {
  sql("CREATE TABLE orders (id INT PRIMARY KEY, name VARCHAR(40), total DECIMAL(12,2), at DATETIME(3), note "
      "TEXT)");
  apply_and_wait_ready(task());

  sql("INSERT INTO orders VALUES (1, 'Zoë', 12.50, '2026-01-31 09:30:00.125', NULL), (2, 'b', -0.01, NULL, "
      "'\"q\"')");
  sql("UPDATE orders SET total = 13.50 WHERE id = 1");
  sql("DELETE FROM orders WHERE id = 2");
  std::string bulk = "INSERT INTO orders VALUES ";
  for (int id = 100; id < 10'100; ++id) {
    bulk += (id == 100 ? "" : ",") + ("(" + std::to_string(id)) + ",'n" + std::to_string(id) + "'," +
            std::to_string(id) + ".25,'2026-02-01 00:00:00',NULL)";
  }
  sql(bulk);

  KafkaReader reader = kafka_->reader(topic());
  const std::vector<json> all = wait_for(reader, "all changes", [](const Changes& changes) {
                                  return changes.all.size() >= 10'004;
                                }).all;
  ASSERT_EQ(all.size(), 10'004U);
  EXPECT_EQ(all[0].at("after"),
            json::parse(R"({"id":1,"name":"Zoë","total":"12.50","at":1769851800125,"note":null})"));
  EXPECT_EQ(all[1].at("after"),
            json::parse(R"({"id":2,"name":"b","total":"-0.01","at":null,"note":"\"q\""})"));
  EXPECT_EQ(all[2].at("op"), "u");
  EXPECT_EQ(all[2].at("before").at("total"), "12.50");
  EXPECT_EQ(all[2].at("after").at("total"), "13.50");
  EXPECT_EQ(all[3].at("op"), "d");
  EXPECT_EQ(all[3].at("before").at("id"), 2);

  // Values equal to SELECT, in the order of the statement.
  const Rows rows =
      mysql_->query("SELECT id, name, total FROM " + database_ + ".orders WHERE id >= 100 ORDER BY id");
  ASSERT_EQ(rows.size(), 10'000U);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const json& after = all[4 + i].at("after");
    ASSERT_EQ(after.at("id").dump(), rows[i][0].value());
    ASSERT_EQ(after.at("name"), rows[i][1].value());
    ASSERT_EQ(after.at("total"), rows[i][2].value());
  }
  const json status = space_->get("ctt", "orders").at("status");
  EXPECT_EQ(status.at("phase"), "Tracking");
  const std::string table = space_->kubectl({"get", "ctt"});
  EXPECT_THAT(table, testing::ContainsRegex("NAME +PHASE +READY +PRECHECK +WHITELIST +LAG +ROWS/S +AGE"));
  EXPECT_THAT(table, testing::ContainsRegex("orders +Tracking +True +([0-9]+)/([0-9]+) +Allowed +[0-9]"));
  EXPECT_EQ(status.at("whitelist").at("state"), "Allowed");
  EXPECT_EQ(status.at("observedGeneration"), 1);
}

TEST_F(Tasks, AConsumerGroupIsSeenToLagAndToCatchUp) {
  sql("CREATE TABLE orders (id INT PRIMARY KEY AUTO_INCREMENT, v INT)");
  space_->apply({{"apiVersion", "rowtide.dev/v1alpha1"},
                 {"kind", "ConsumerGroup"},
                 {"metadata", {{"name", "cache"}}},
                 {"spec", {{"taskRef", {{"name", "orders"}}}, {"checkpoint", {{"mode", "Earliest"}}}}}});
  apply_and_wait_ready(task());
  for (int i = 0; i < 50; ++i) sql("INSERT INTO orders (v) VALUES (1), (2)");
  // The kubelet shows a changed ConfigMap within about a minute, and numbers are written twice a minute.
  const auto wait_for_unconsumed = [&](int records) {
    json group;
    wait_until(
        std::to_string(records) + " records are not consumed",
        [&] {
          group = space_->get("ctg", "cache");
          return group.contains("status") && group["status"].value("unconsumedRecords", -1) == records;
        },
        seconds{180}, [&] { return group.dump(); });
    return group.at("status");
  };
  json status = wait_for_unconsumed(100);
  EXPECT_EQ(status.at("state"), "Empty");
  EXPECT_EQ(status.at("groupId"), space_->name() + ".cache");
  EXPECT_THAT(space_->kubectl({"get", "ctg"}),
              AllOf(testing::ContainsRegex("NAME +TASK +STATE +MEMBERS +UNCONSUMED +DELAY +AGE"),
                    testing::ContainsRegex("cache +orders +Empty +0 +100 +[0-9]+")));
  EXPECT_THAT(space_->kubectl({"wait", "ctg/cache", "--for=condition=Ready", "--timeout=120s"}),
              HasSubstr("condition met"));
  {
    GroupConsumer consumer(kafka_->bootstrap(), space_->name() + ".cache", topic());
    EXPECT_EQ(consumer.consume(100).size(), 100U);
    wait_for_unconsumed(0);
  }
  EXPECT_EQ(space_->get("ctt", "orders").at("status").at("restarts"), 0) << "no group restarts a tracker";
}

TEST_F(Tasks, BinlogOffIsSaidWithItsRepairAndGoesOnAfterIt) {
  MysqlServer off(SqlFlavor::Mysql8,
                  on_bridge({"--skip-log-bin", "--gtid-mode=OFF", "--enforce-gtid-consistency=OFF"}));
  off.create_user("rowtide", kPassword);
  off.exec("CREATE DATABASE " + database_);
  space_->apply(task(address(), off.port()));
  space_->wait_for_condition("orders", "PrecheckPassed", "False ChecksFailed");
  const json item = space_->precheck_item("orders", "BinlogEnabled");
  EXPECT_EQ(item.at("result"), "Failed");
  EXPECT_THAT(item.at("observed").get<std::string>(), HasSubstr("log_bin"));
  EXPECT_FALSE(item.at("repair").get<std::string>().empty());
  EXPECT_EQ(space_->condition("orders", "Ready"), "False ChecksFailed");

  off.restart(std::vector<std::string>{});
  space_->wait_for_condition("orders", "Ready", "True Streaming", seconds{180});
}

TEST_F(Tasks, AWrongPasswordIsSaidAndMendedByTheSecretAlone) {
  space_->set_secret("source", "rowtide", "wr0ng-Secret");
  space_->apply(task());
  space_->wait_for_condition("orders", "PrecheckPassed", "False ChecksFailed");
  EXPECT_EQ(space_->precheck_item("orders", "Authentication").value("reason", ""), "AccessDenied");
  space_->set_secret("source", "rowtide", kPassword);
  space_->wait_for_condition("orders", "Ready", "True Streaming", seconds{180});
  const std::string everything = space_->everything();
  EXPECT_THAT(everything, Not(HasSubstr("wr0ng-Secret")));
  EXPECT_THAT(everything, Not(HasSubstr(kPassword)));
}

TEST_F(Tasks, AnUnknownHostIsItsOwnReason) {
  space_->apply(task("no-such-host.invalid", 3306));
  space_->wait_for_condition("orders", "PrecheckPassed", "False ChecksFailed");
  EXPECT_EQ(space_->precheck_item("orders", "SourceReachable").value("reason", ""), "UnknownHost");
  EXPECT_EQ(space_->condition("orders", "WhitelistReady"), "Unknown UnknownHost");
}

TEST_F(Tasks, ABlockedHostIsTheWhitelists) {
  MysqlServer closed(SqlFlavor::Mysql8, on_bridge());
  closed.exec(std::string("CREATE USER 'rowtide'@'192.0.2.1' IDENTIFIED BY '") + kPassword + "'");
  space_->apply(task(address(), closed.port()));
  space_->wait_for_condition("orders", "WhitelistReady", "False HostNotPrivileged");
  EXPECT_EQ(space_->precheck_item("orders", "SourceReachable").value("reason", ""), "HostNotPrivileged");
  EXPECT_EQ(space_->get("ctt", "orders").at("status").at("whitelist").at("state"), "Blocked");
}

TEST_F(Tasks, AMissingSecretIsNamedAndMendedByMakingIt) {
  space_->kubectl({"delete", "secret", "source"});
  space_->apply(task());
  space_->wait_for_condition("orders", "PrecheckPassed", "False ChecksFailed");
  const json item = space_->precheck_item("orders", "Authentication");
  EXPECT_EQ(item.value("reason", ""), "SecretMissing");
  EXPECT_THAT(item.dump(),
              testing::AllOf(HasSubstr("spec.source.credentialsSecretRef"), HasSubstr("source")));
  space_->set_secret("source", "rowtide", kPassword);
  space_->wait_for_condition("orders", "Ready", "True Streaming", seconds{180});
}

TEST_F(Tasks, SuspendEditAndDelete) {
  sql("CREATE TABLE orders (id INT PRIMARY KEY)");
  sql("CREATE TABLE other (id INT PRIMARY KEY)");
  json object = task();
  object["spec"]["objects"]["exclude"] =
      json::array({{{"database", database_}, {"tables", json::array({"other"})}}});
  apply_and_wait_ready(object);
  sql("INSERT INTO orders VALUES (1)");
  sql("INSERT INTO other VALUES (1)");
  std::optional<KafkaReader> reader(kafka_->reader(topic()));
  wait_for_id(*reader, "the first row", 1);

  object["spec"]["suspend"] = true;
  space_->apply(object);
  space_->wait_for_condition("orders", "Ready", "False Suspended");
  const auto tracker_pods = [&] {
    return space_->kubectl({"get", "pods", "-l", "app.kubernetes.io/component=tracker", "-o", "name"});
  };
  wait_until(
      "no tracker pod", [&] { return tracker_pods().empty(); }, seconds{90});
  EXPECT_EQ(space_->get("ctt", "orders").at("status").at("phase"), "Suspended");
  sql("INSERT INTO orders VALUES (2)");

  object["spec"]["suspend"] = false;
  space_->apply(object);
  space_->wait_for_condition("orders", "Ready", "True Streaming");
  wait_for_id(*reader, "the row committed while suspended", 2);

  // Ready speaks of the newest generation: when kubectl has waited for it, the edit runs.
  object["spec"]["objects"].erase("exclude");
  space_->apply(object);
  space_->kubectl({"wait", "--for=condition=Ready", "ctt/orders", "--timeout=120s"});
  sql("INSERT INTO other VALUES (101)");
  wait_for_id(*reader, "a row of the table that was excluded before", 101);

  // A spec that CEL cannot see to be wrong: the tracker of the last good one goes on.
  json invalid = object;
  invalid["spec"]["objects"]["include"][0] = {{"databasePattern", "a["}};
  space_->apply(invalid);
  space_->wait_for_condition("orders", "Accepted", "False InvalidSpec");
  EXPECT_THAT(space_->condition_message("orders", "Accepted"),
              HasSubstr("spec.objects.include[0].databasePattern"));
  EXPECT_EQ(space_->condition("orders", "Ready"), "False InvalidSpec");
  EXPECT_EQ(space_->condition("orders", "Streaming"), "True EventsFlowing");
  sql("INSERT INTO orders VALUES (5)");
  wait_for_id(*reader, "a row after the invalid edit", 5);

  object["spec"]["deletionPolicy"] = "Delete";
  space_->apply(object);
  space_->wait_for_condition("orders", "Ready", "True Streaming");
  EXPECT_EQ(kafka_->partitions(topic()), 1);
  reader.reset();
  space_->kubectl({"delete", "ctt", "orders", "--timeout=120s"});
  EXPECT_EQ(kafka_->partitions(topic()), 0) << "deleted before the task was let go";
  // The Job that cleaned up stays for an hour, for who wants to read what it did.
  const auto others = [&] {
    std::vector<std::string> names = space_->names("deployments,replicasets,jobs,pods,services,configmaps");
    std::erase_if(names, [](const std::string& name) {
      return name == "configmap/kube-root-ca.crt" || name.starts_with("job.batch/orders-cleanup") ||
             name.starts_with("pod/orders-cleanup");
    });
    return names;
  };
  wait_until(
      "nothing else is left", [&] { return others().empty(); }, seconds{120});
}

TEST_F(Tasks, ATrackerKilledWhileRowsAreCommittedLosesNone) {
  sql("CREATE TABLE orders (id INT PRIMARY KEY, filler VARCHAR(100))");
  apply_and_wait_ready(task());
  constexpr int kRows = 6'000;
  std::atomic<int> committed{0};
  std::jthread writer([&] {
    SqlClient client = mysql_->connect(database_);
    for (int id = 1; id <= kRows; ++id) {
      client.exec("INSERT INTO orders VALUES (" + std::to_string(id) + ", REPEAT('x', 100))");
      committed = id;
    }
  });
  for (int kill = 1; kill <= 2; ++kill) {
    wait_until("some rows are committed", [&] { return committed >= kill * 500; });
    const std::string pod = space_->kubectl({"get", "pods", "-l", "app.kubernetes.io/component=tracker", "-o",
                                             "jsonpath={.items[0].metadata.name}"});
    ASSERT_EQ(::kill(host_process("/usr/local/bin/rowtide-tracker", "run", pod), SIGKILL), 0);
    wait_until(
        "the pod was restarted",
        [&] {
          const json status = space_->get("pod", pod).at("status");
          const json& container = status.at("containerStatuses").at(0);
          return container.at("restartCount") == kill && container.at("state").contains("running");
        },
        seconds{120});
  }
  writer.join();
  KafkaReader reader = kafka_->reader(topic());
  const Changes changes =
      wait_for(reader, "every row", [](const Changes& seen) { return seen.inserted_ids.size() == kRows; });
  EXPECT_EQ(*changes.inserted_ids.rbegin(), kRows);
}

TEST_F(Tasks, BadResourcesAreRefusedWithTheField) {
  json unknown = task();
  unknown["spec"]["source"]["hots"] = "x";
  EXPECT_THAT(space_->refusal_of(unknown), HasSubstr("spec.source.hots"));
  json type = task();
  type["spec"]["source"]["port"] = "3306";
  EXPECT_THAT(space_->refusal_of(type), HasSubstr("spec.source.port"));
  json range = task();
  range["spec"]["source"]["port"] = 99999;
  EXPECT_THAT(space_->refusal_of(range), testing::AllOf(HasSubstr("spec.source.port"), HasSubstr("99999")));
  json combination = task();
  combination["spec"]["source"]["tls"] = {{"mode", "VerifyCA"}};
  EXPECT_THAT(space_->refusal_of(combination), HasSubstr("caSecretRef is required"));
  json delivery = task();
  delivery["spec"]["sink"]["kafka"]["delivery"] = "AtMostOnce";
  EXPECT_THAT(space_->refusal_of(delivery), HasSubstr("AtLeastOnce"));
}

}  // namespace
}  // namespace rowtide::test
