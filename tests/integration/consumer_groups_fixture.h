#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "tests/integration/tracker_process.h"
#include "tests/support/kafka_broker.h"
#include "tests/support/kafka_reader.h"
#include "tests/support/sql_client.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wait_until.h"

namespace rowtide::test {

/// A task that runs with a file of ConsumerGroups, against a real MySQL and a real Kafka.
class ConsumerGroups : public testing::Test {
 protected:
  void start(const KafkaBroker& broker, const nlohmann::json& security = nullptr,
             const std::string& topic = {}, const nlohmann::json& debezium = nullptr) {
    task = kafka_task(server, database, broker.bootstrap());
    if (!topic.empty()) task["spec"]["sink"]["kafka"]["topic"] = {{"name", topic}};
    if (!debezium.is_null()) task["spec"]["sink"]["kafka"]["debezium"] = debezium;
    if (!security.is_null()) task["spec"]["sink"]["kafka"]["security"] = security;
    write_groups();
    tracker.emplace(task, std::vector<std::string>{"--groups", groups_file()});
    tracker->start_streaming();
    server.connect(database).exec("CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, v INT)");
  }
  [[nodiscard]] std::string groups_file() const { return folder.path() / "groups.yaml"; }
  void put_group(const std::string& name, nlohmann::json spec) {
    spec["taskRef"] = {{"name", task.at("metadata").at("name")}};
    groups[name] = {{"apiVersion", "rowtide.dev/v1alpha1"},
                    {"kind", "ConsumerGroup"},
                    {"metadata", {{"name", name}}},
                    {"spec", std::move(spec)}};
    write_groups();
  }
  void write_groups() {
    std::string text;
    for (const auto& [name, group] : groups) text += group.dump() + "\n---\n";
    replace_groups(text + "# " + std::to_string(++writes) + "\n");  // a file that changed is looked at now
  }
  /// At once: the tracker must not find half of it.
  void replace_groups(const std::string& text) const {
    std::ofstream(groups_file() + ".new") << text;
    std::filesystem::rename(groups_file() + ".new", groups_file());
  }
  /// Has the groups looked at soon, not in ten seconds.
  void poke() {
    const auto now = std::chrono::steady_clock::now();
    if (now - poked_at < std::chrono::seconds{1}) return;
    poked_at = now;
    write_groups();
  }
  /// Transactions of one row each.
  void insert(int count) {
    SqlClient client = server.connect(database);
    for (int i = 0; i < count; ++i) client.exec("INSERT INTO t (v) VALUES (" + std::to_string(i) + ")");
    inserted += count;
    KafkaReader reader(KafkaBroker::shared().bootstrap(), topic());
    reader.wait_for_count(static_cast<std::size_t>(inserted) + 1);  // and the schema change
  }
  [[nodiscard]] std::string topic() const { return topic_of(task); }
  [[nodiscard]] nlohmann::json status_of(const std::string& name) const {
    const nlohmann::json status = tracker->status();
    for (const nlohmann::json& group : status.at("consumerGroups")) {
      if (group.at("name") == name) return group;
    }
    return nullptr;
  }
  /// Waits until the group's status has the field, "checkpoint.reason", with the value.
  nlohmann::json wait_for(const std::string& name, const std::string& field, const nlohmann::json& value) {
    nlohmann::json found;
    wait_until(
        name + ": " + field + " is " + value.dump(),
        [&] {
          poke();
          found = status_of(name);
          if (found.is_null()) return false;
          nlohmann::json at = found;
          for (std::size_t begin = 0; begin <= field.size();) {
            const std::size_t dot = std::min(field.find('.', begin), field.size());
            at = at.at(field.substr(begin, dot - begin));
            begin = dot + 1;
          }
          return at == value;
        },
        std::chrono::seconds{60}, [&] { return found.dump() + "\n" + tracker->process().err(); });
    return found;
  }

  MysqlServer& server = tracked_server(SqlFlavor::Mysql8);
  std::string database = server.fresh_database();
  TempDir folder;
  nlohmann::json task;
  std::map<std::string, nlohmann::json> groups;
  int writes = 0;
  std::chrono::steady_clock::time_point poked_at;
  int inserted = 0;
  std::optional<TrackerProcess> tracker;
};

/// A broker whose users may do nothing until they are let.
class ConsumerGroupAccess : public ConsumerGroups {
 protected:
  static nlohmann::json login(const std::string& user) {
    return {{"protocol", "SASL_PLAINTEXT"},
            {"mechanism", "PLAIN"},
            {"credentials", {{"username", user}, {"password", "${env:ROWTIDE_TEST_PASSWORD}"}}}};
  }
  static std::map<std::string, std::string> client_login(const std::string& user) {
    return {{"security.protocol", "SASL_PLAINTEXT"},
            {"sasl.mechanism", "PLAIN"},
            {"sasl.username", user},
            {"sasl.password", kTrackerPassword}};
  }
  static std::vector<std::string> options() {
    std::vector<std::string> options = plain_logins(
        {{"rowtide", kTrackerPassword}, {"cache", kTrackerPassword}, {"other", kTrackerPassword}});
    options.emplace_back("authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer");
    return options;
  }
};

}  // namespace rowtide::test
