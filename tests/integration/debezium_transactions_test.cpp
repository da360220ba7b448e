// What Debezium tells of transactions (provide.transaction.metadata), and what Rowtide does.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "tests/integration/record_diff.h"
#include "tests/integration/tracker_process.h"
#include "tests/support/debezium_connector.h"
#include "tests/support/kafka_broker.h"

namespace rowtide::test {
namespace {

using nlohmann::json;

void transactions(SqlClient& client) {
  for (const char* statement : {"CREATE TABLE a (id INT PRIMARY KEY, v INT)",
                                "CREATE TABLE b (id INT PRIMARY KEY)",
                                "INSERT INTO a VALUES (1, 1)",  // one row
                                "BEGIN",
                                "INSERT INTO a VALUES (2, 2), (3, 3)",
                                "INSERT INTO b VALUES (1)",
                                "DELETE FROM a WHERE id = 1",
                                "COMMIT",                     // several tables, a tombstone
                                "UPDATE a SET id = id + 10",  // changed keys
                                "BEGIN",
                                "INSERT INTO b VALUES (2)",
                                "SAVEPOINT s",
                                "INSERT INTO b VALUES (3)",
                                "ROLLBACK TO s",
                                "INSERT INTO a VALUES (4, 4)",
                                "COMMIT",  // partly rolled back
                                "ALTER TABLE a ADD w INT",
                                "INSERT INTO a VALUES (5, 5, 5)",  // schema changes do not count
                                "CREATE TABLE the_end (id INT PRIMARY KEY)",
                                "INSERT INTO the_end VALUES (1)"}) {
    client.exec(statement);
  }
}

bool is_mark(const KafkaRecord& record) {
  return record.value && record.value->find(R"("status":)") != std::string::npos;
}

bool is_end(const KafkaRecord& record, const std::string& of) {
  return is_mark(record) && record.value->find(R"("END")") != std::string::npos &&
         record.value->find(of) != std::string::npos;
}

/// Debezium's are in the order of a hash.
std::vector<KafkaRecord> with_ordered_collections(std::vector<KafkaRecord> marks) {
  for (KafkaRecord& mark : marks) {
    auto value = nlohmann::ordered_json::parse(*mark.value);
    if (auto& collections = value.at("data_collections"); collections.is_array()) {
      std::sort(collections.begin(), collections.end(),
                [](const auto& one, const auto& other) { return one.dump() < other.dump(); });
    }
    mark.value = value.dump();
  }
  return marks;
}

TEST(DebeziumComparisonOfTransactions, RecordByRecord) {
  MysqlServer& server = MysqlServer::shared(SqlFlavor::Mysql8);
  server.create_user(kTrackerUser, kTrackerPassword);
  KafkaBroker broker;
  const std::string database = server.fresh_database();
  const DebeziumConnector debezium(server, broker, database, {"provide.transaction.metadata=true"});
  json task = kafka_task(server, database, broker.bootstrap());
  for (const std::string& topic :
       {DebeziumConnector::rows_topic(), topic_of(task), topic_of(task) + ".transaction"})
    broker.create_topic(topic);
  task["spec"]["sink"]["kafka"]["debezium"] = {{"transactionMetadata", true}};
  TrackerProcess tracker(task);
  tracker.start_streaming();
  SqlClient client = server.connect(database);
  transactions(client);

  const auto ended = [](const std::vector<KafkaRecord>& records) {
    return !records.empty() && is_end(records.back(), "the_end");
  };
  KafkaReader our_reader = broker.reader(topic_of(task));
  our_reader.wait_for("Rowtide's last row", [](const std::vector<KafkaRecord>& records) {
    return !records.empty() &&
           records.back().value.value_or("").find(R"("after":{"id":1})") != std::string::npos &&
           records.back().value->find(R"("table":"the_end")") != std::string::npos;
  });
  KafkaReader our_marks_reader = broker.reader(topic_of(task) + ".transaction");
  const std::vector<KafkaRecord> our_marks = our_marks_reader.wait_for("Rowtide's end", ended);
  KafkaReader their_reader = broker.reader(DebeziumConnector::rows_topic());  // the marks too
  std::vector<KafkaRecord> their_rows;
  std::vector<KafkaRecord> their_marks;
  for (const KafkaRecord& record : their_reader.wait_for("Debezium's end", ended, std::chrono::seconds{60})) {
    (is_mark(record) ? their_marks : their_rows).push_back(record);
  }
  std::vector<KafkaRecord> our_rows = our_reader.records();
  std::erase_if(our_rows, [](const KafkaRecord& record) {
    return record.value && record.value->find(R"("ddl":)") != std::string::npos;
  });

  RecordComparison comparison({}, allowed_differences());
  ASSERT_EQ(their_rows.size(), our_rows.size());
  for (std::size_t i = 0; i < our_rows.size(); ++i) comparison.compare(their_rows[i], our_rows[i]);

  // Debezium tells of statements' transactions too, which have no rows.
  std::set<std::string> ids;
  for (const KafkaRecord& mark : our_marks) ids.insert(json::parse(*mark.value).at("id"));
  std::erase_if(their_marks, [&ids](const KafkaRecord& mark) {
    return !ids.contains(json::parse(*mark.value).at("id").get<std::string>());
  });
  their_marks = with_ordered_collections(std::move(their_marks));
  const std::vector<KafkaRecord> ordered = with_ordered_collections(our_marks);
  ASSERT_EQ(their_marks.size(), ordered.size());
  for (std::size_t i = 0; i < ordered.size(); ++i) comparison.compare(their_marks[i], ordered[i]);

  EXPECT_EQ(ids.size(), 6U);
  EXPECT_GT(comparison.records(), 2 * ids.size());
  for (const std::string& line : comparison.unexpected()) ADD_FAILURE() << line;
  server.exec("DROP USER " + std::string(kTrackerUser));
}

}  // namespace
}  // namespace rowtide::test
