#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tests/e2e/kubernetes.h"
#include "tests/support/kafka_broker.h"
#include "tests/support/mysql_server.h"

namespace rowtide::test {

inline constexpr const char* kPassword = "Tr4cker-pa55word";

inline std::string address() {
  const char* value = std::getenv("ROWTIDE_TEST_ADDRESS");
  if (value == nullptr) throw std::runtime_error("ROWTIDE_TEST_ADDRESS is not set; run scripts/test.sh");
  return value;
}

inline ServerOptions on_bridge(std::vector<std::string> options = {}) {
  return {.bind = address(), .port = 0, .options = std::move(options)};
}

/// MySQL and Kafka on the host's address that pods reach, shared by a program's tests; a namespace, a
/// database and the account's Secret for each test.
class TaskFixture : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    mysql_ = MysqlServer::mysql8(on_bridge()).release();
    mysql_->create_user("rowtide", kPassword);
    kafka_ = new KafkaBroker(on_bridge());
  }
  static void TearDownTestSuite() {
    delete mysql_;
    delete kafka_;
  }

  /// Namespace, database and Secret for one test.
  void SetUp() override {
    database_ = mysql_->fresh_database();
    space_ = std::make_unique<Namespace>("e2e");
    space_->set_secret("source", "rowtide", kPassword);
  }

  [[nodiscard]] nlohmann::json task(const std::string& host, int port) const {
    return {{"apiVersion", "rowtide.dev/v1alpha1"},
            {"kind", "ChangeTrackingTask"},
            {"metadata", {{"name", "orders"}}},
            {"spec",
             {{"source",
               {{"type", "MySQL"},
                {"host", host},
                {"port", port},
                {"credentialsSecretRef", {{"name", "source"}}}}},
              {"objects", {{"include", nlohmann::json::array({{{"database", database_}}})}}},
              {"sink", {{"kafka", {{"bootstrapServers", nlohmann::json::array({kafka_->bootstrap()})}}}}}}}};
  }
  [[nodiscard]] nlohmann::json task() const { return task(address(), mysql_->port()); }
  [[nodiscard]] std::string topic() const { return space_->name() + ".orders"; }

  void apply_and_wait_ready(const nlohmann::json& object) {
    space_->apply(object);
    space_->wait_for_condition("orders", "Ready", "True Streaming", std::chrono::seconds{120});
  }
  void sql(const std::string& statement) { mysql_->exec("USE " + database_), mysql_->exec(statement); }

  /// Row changes in a topic, without tombstones and schema changes. Looks at each record once: a reader asks
  /// after every record whether there are enough.
  struct Changes {
    std::size_t looked_at = 0;
    std::vector<nlohmann::json> all;
    std::set<std::int64_t> inserted_ids;

    void look(const std::vector<KafkaRecord>& records) {
      for (; looked_at < records.size(); ++looked_at) {
        if (!records[looked_at].value) continue;
        nlohmann::json value = nlohmann::json::parse(*records[looked_at].value);
        if (!value.contains("op")) continue;
        if (value.at("op") == "c") inserted_ids.insert(value.at("after").at("id").get<std::int64_t>());
        all.push_back(std::move(value));
      }
    }
  };
  static Changes wait_for(KafkaReader& reader, const std::string& what,
                          const std::function<bool(const Changes&)>& enough) {
    Changes changes;
    reader.wait_for(
        what,
        [&](const auto& records) {
          changes.look(records);
          return enough(changes);
        },
        std::chrono::seconds{90});
    return changes;
  }
  static Changes wait_for_id(KafkaReader& reader, const std::string& what, std::int64_t id) {
    return wait_for(reader, what, [id](const Changes& changes) { return changes.inserted_ids.contains(id); });
  }

  inline static MysqlServer* mysql_ = nullptr;
  inline static KafkaBroker* kafka_ = nullptr;
  std::string database_;
  std::unique_ptr<Namespace> space_;
};

}  // namespace rowtide::test
