// With schemas: the real Debezium connector and Rowtide read the same binlog, and the schema of each record
// is compared, key and value.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "tests/integration/oracle_columns.h"
#include "tests/integration/tracker_process.h"
#include "tests/support/debezium_connector.h"
#include "tests/support/kafka_broker.h"

namespace rowtide::test {
namespace {

using ordered = nlohmann::ordered_json;

constexpr const char* kLastTable = "last_one";

struct OtherType {
  std::string_view declared;  ///< what the type begins with
  std::string_view theirs;
  std::string_view ours;
};

// The differences of docs/formats/debezium-differences.md, as they are in schemas.
constexpr std::array kOtherTypes{
    OtherType{"BOOL", "boolean", "int16"},
    OtherType{"FLOAT(9,3)", "double", "float"},
    OtherType{"REAL", "float", "double"},
    OtherType{"VARCHAR", "string", "bytes"},  // CHARACTER SET binary
    OtherType{"INTEGER UNSIGNED", "int32", "int64"},
};

bool is_other_type(std::string_view declared, const ordered& theirs, const ordered& ours) {
  return std::any_of(kOtherTypes.begin(), kOtherTypes.end(), [&](const OtherType& type) {
    return declared.starts_with(type.declared) && theirs["type"] == type.theirs && ours["type"] == type.ours;
  });
}

/// One part of a record: its schema with Rowtide's name where Debezium has its own.
ordered schema_of(const std::optional<std::string>& text, const std::string& source) {
  if (!text) return nullptr;
  std::string schema = ordered::parse(*text).at("schema").dump();
  const std::string name = "\"name\":\"" + source + ".";
  for (std::size_t at = schema.find(name); at != std::string::npos; at = schema.find(name, at))
    schema.replace(at, name.size(), "\"name\":\"TASK.");
  return ordered::parse(schema);
}

/// What the record is of: one of each is compared.
std::string subject_of(const KafkaRecord& record) {
  if (!record.value) return "tombstone of " + record.key.value_or("none");
  const auto payload = ordered::parse(*record.value).at("payload");
  if (payload.contains("ddl")) return "ddl";
  if (payload.contains("status")) return payload["status"];
  return payload.at("op").get<std::string>() + " " + payload.at("source").at("table").get<std::string>();
}

std::map<std::string, KafkaRecord> by_subject(const std::vector<KafkaRecord>& records) {
  std::map<std::string, KafkaRecord> found;
  for (const KafkaRecord& record : records)
    if (record.value) found.emplace(subject_of(record), record);
  return found;
}

/// x and y may be null in ours.
void require_coordinates(ordered& point) {
  for (ordered& part : point.at("fields")) {
    if (part.at("field") != "x" && part.at("field") != "y") continue;
    EXPECT_EQ(part.at("optional"), true);
    part["optional"] = false;
  }
}

class DebeziumSchemas : public testing::TestWithParam<bool> {
 protected:
  void sql(const std::string& statement) { client_.exec(statement); }

  void create_every_type() {
    for (const OracleTable& table : oracle_tables(server_)) {
      std::string create = "CREATE TABLE " + table.name + " (id INT PRIMARY KEY";
      for (std::size_t i = 0; i < table.columns.size(); ++i) {
        create += fmt::format(", c{} {}", i, table.columns[i].type);
        declared_[fmt::format("{}.c{}", table.name, i)] = table.columns[i].type;
      }
      sql(create + ") " + table.options);
      sql("INSERT INTO " + table.name + " (id) VALUES (1)");
    }
    sql("CREATE TABLE `od``d na.me größe` (`i\"d` DECIMAL(9,2), at DATETIME(6), bits BIT(9), n INT DEFAULT 5,"
        " PRIMARY KEY (at, `i\"d`))");
    sql("INSERT INTO `od``d na.me größe` VALUES (1.5, '2020-01-02', 3, 4)");
    sql("UPDATE `od``d na.me größe` SET at = '2021-01-02'");
    sql("DELETE FROM `od``d na.me größe`");
    sql("CREATE TABLE keyless (b BLOB, u BIGINT UNSIGNED NOT NULL)");
    sql("INSERT INTO keyless VALUES ('x', 1)");
    sql("TRUNCATE TABLE keyless");
    sql(fmt::format("CREATE TABLE {} (id INT PRIMARY KEY)", kLastTable));
    sql(fmt::format("INSERT INTO {} VALUES (1)", kLastTable));
  }

  /// Removes columns that are meant to differ, and the defaults, from both sides.
  void level(const std::string& table, ordered& theirs, ordered& ours) {
    if (!theirs.is_object() || !theirs.contains("fields")) return;
    for (std::size_t i = 0; i < theirs["fields"].size(); ++i) {
      ordered& field = theirs["fields"][i];
      const std::string name = field.at("field");
      if (name != "snapshot") field.erase("default");
      if (name == "before" || name == "after") level(table, field, ours.at("fields").at(i));
      const auto declared = declared_.find(table + "." + name);
      if (declared != declared_.end() && declared->second.starts_with("POINT"))
        require_coordinates(ours.at("fields").at(i));
      if (declared != declared_.end() && is_other_type(declared->second, field, ours.at("fields").at(i)))
        field = ours["fields"][i];
    }
  }

  void compare(const std::string& subject, const KafkaRecord& theirs, const KafkaRecord& ours,
               const std::string& source) {
    const std::string table = subject.size() > 2 ? subject.substr(2) : "";
    for (const auto part : {&KafkaRecord::key, &KafkaRecord::value}) {
      ordered expected = schema_of(theirs.*part, DebeziumConnector::schema_topic());
      ordered actual = schema_of(ours.*part, source);
      level(table, expected, actual);
      EXPECT_EQ(expected == actual, true) << subject << "\n"
                                          << ordered::diff(expected, actual).dump() << "\n"
                                          << expected.dump() << "\n"
                                          << actual.dump();
    }
    if (ours.value) {
      std::set<std::string> fields;
      const ordered record = ordered::parse(*ours.value);
      for (const auto& field : record["schema"]["fields"]) fields.insert(field["field"]);
      for (const auto& [name, member] : record["payload"].items()) EXPECT_TRUE(fields.contains(name)) << name;
    }
  }

  MysqlServer& server_ = tracked_server(SqlFlavor::Mysql8);
  std::string database_ = server_.fresh_database();
  SqlClient client_ = server_.connect(database_);
  std::map<std::string, std::string> declared_;
};

TEST_P(DebeziumSchemas, AreTheSame) {
  KafkaBroker broker;
  std::vector<std::string> more{"worker.key.converter.schemas.enable=true",
                                "worker.value.converter.schemas.enable=true",
                                "provide.transaction.metadata=true", "skipped.operations=none"};
  nlohmann::json options = {{"schemas", true}, {"transactionMetadata", true}, {"truncates", true}};
  if (GetParam()) {
    for (const char* line : {"decimal.handling.mode=precise", "time.precision.mode=connect",
                             "binary.handling.mode=hex", "bigint.unsigned.handling.mode=precise"})
      more.emplace_back(line);
    options["decimals"] = "precise";
    options["time"] = "connect";
    options["binary"] = "hex";
    options["unsignedBigint"] = "precise";
  }
  const DebeziumConnector debezium(server_, broker, database_, more);
  nlohmann::json task = kafka_task(server_, database_, broker.bootstrap());
  task["spec"]["sink"]["kafka"]["debezium"] = options;
  broker.create_topic(DebeziumConnector::rows_topic());  // Kafka Connect makes it with Debezium's first row
  TrackerProcess tracker(task);
  tracker.start_streaming();
  sql("SET sql_mode = ''");
  create_every_type();

  const auto ended = [](const std::vector<KafkaRecord>& records) {
    return std::any_of(records.begin(), records.end(), [](const KafkaRecord& record) {
      return record.value && subject_of(record) == "c " + std::string(kLastTable);
    });
  };
  KafkaReader our_reader = broker.reader(topic_of(task));
  auto ours = by_subject(our_reader.wait_for("Rowtide's last row", ended, std::chrono::seconds{60}));
  KafkaReader mark_reader = broker.reader(topic_of(task) + ".transaction");
  ours.merge(by_subject(mark_reader.wait_for_count(2)));
  KafkaReader their_reader = broker.reader(DebeziumConnector::rows_topic());
  auto theirs = by_subject(their_reader.wait_for("Debezium's last row", ended, std::chrono::seconds{60}));
  KafkaReader change_reader = broker.reader(DebeziumConnector::schema_topic());
  theirs.merge(by_subject(change_reader.wait_for_count(2)));

  std::size_t compared = 0;
  for (const auto& [subject, record] : theirs) {
    const auto found = ours.find(subject);
    if (found == ours.end()) {
      ADD_FAILURE() << subject << " is missing";
      continue;
    }
    compare(subject, record, found->second, topic_of(task));
    ++compared;
  }
  EXPECT_GT(compared, 10U);
  for (const char* kind : {"ddl", "BEGIN", "END", "t keyless", "c keyless", "d od`d na.me größe"})
    EXPECT_TRUE(theirs.contains(kind)) << kind;
}

INSTANTIATE_TEST_SUITE_P(Options, DebeziumSchemas, testing::Bool(), [](const auto& parameter) {
  return parameter.param ? "DebeziumsDefaults" : "RowtidesDefaults";
});

}  // namespace
}  // namespace rowtide::test
