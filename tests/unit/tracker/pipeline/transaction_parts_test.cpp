// Very large transactions: durable in parts, and after a restart midway nothing of them twice.
#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "tests/unit/tracker/pipeline/pipeline_fixture.h"

namespace rowtide::pipeline {
namespace {

using testing::HasSubstr;

constexpr unsigned kGroup = 30;
constexpr std::uint32_t kItems = 8;
constexpr std::size_t kPartSize = 300'000;

task::ObjectRule shop(std::string_view table = "") {
  task::ObjectRule rule;
  rule.database = "shop";
  if (!table.empty()) rule.tables = {std::string(table)};
  return rule;
}

/// Transaction `number` with a table of each in turn.
std::vector<Event> transaction(std::uint64_t number, unsigned groups, std::string_view begin = "BEGIN") {
  std::vector<Event> events{{EventType::GtidLog, gtid(number)}, {EventType::Query, query(begin)}};
  for (unsigned i = 0; i < groups; ++i) {
    const bool is_item = i % 3 == 0;
    const std::uint32_t id = is_item ? kItems : kTable;
    events.push_back({EventType::TableMap, table_map(is_item ? "items" : "orders", id)});
    events.push_back({EventType::WriteRows, inserts(i * kGroup, kGroup, id)});
  }
  events.push_back({EventType::Xid, EventBytes().u64(99).str()});
  return events;
}

class TransactionParts : public PipelineEvents {
 protected:
  /// Reads `events` to their end from `from` on, and gives what the sink got.
  MemorySink run(const std::vector<Event>& events,
                 const binlog::Position& from = {binlog::MysqlGtidSet(), "binlog.000001", 4, {}},
                 const task::ObjectRule& rule = shop()) {
    sink_ = {};
    track(rule, *binlog::position_from_json(binlog::to_json(from)), kPartSize,
          {.transaction_metadata = true});
    put_all(events);
    return sink_;
  }
  static std::vector<json> contents(const std::vector<json>& records, std::size_t first = 0) {
    std::vector<json> all;
    for (std::size_t i = first; i < records.size(); ++i) {
      all.push_back(records[i].contains("source") ? content(records[i]) : records[i]);
    }
    return all;
  }
  static std::size_t count_of(const std::vector<json>& records, std::string_view table) {
    return static_cast<std::size_t>(std::ranges::count_if(records, [&](const json& record) {
      return record.contains("source") && record["source"]["table"] == table;
    }));
  }
};

TEST_F(TransactionParts, GoOnWhereTheLastOneEnded) {
  const std::vector<Event> events = transaction(7, 100);
  const MemorySink whole = run(events);
  EXPECT_EQ(whole.records.size(), 100 * kGroup + 2) << "the rows, BEGIN and END";
  ASSERT_GE(whole.positions.size(), 3U);
  EXPECT_FALSE(whole.positions.back().position.midway);
  for (const MemorySink::End& part : whole.positions) {
    if (!part.position.midway) continue;
    EXPECT_EQ(binlog::to_string(part.position.gtids), "");
    EXPECT_THAT(binlog::to_string(part.position), HasSubstr("rows of transaction 3e11fa47"));
    const MemorySink rest = run(events, part.position);
    EXPECT_EQ(contents(rest.records), contents(whole.records, part.records));
    EXPECT_EQ(rest.positions.back().position, whole.positions.back().position);
  }
}

// Else Kafka would give up what waits for the end of a transaction that is mostly of tables of no interest.
TEST_F(TransactionParts, EndAlsoByAgeWhileRowsOfOthersAreRead) {
  constexpr std::chrono::milliseconds kAge{300};
  constexpr unsigned kSelected = 45;  // groups: handed over once, and no more
  part_age_ = kAge;
  sink_ = {};
  track(shop("orders"), {binlog::MysqlGtidSet(), "binlog.000001", 4, {}}, std::size_t{1} << 30U);
  std::vector<Event> events{{EventType::GtidLog, gtid(7)}, {EventType::Query, query("BEGIN")}};
  events.push_back({EventType::TableMap, table_map("orders", kTable)});
  events.push_back({EventType::TableMap, table_map("items", kItems)});
  for (unsigned i = 0; i < kSelected; ++i)
    events.push_back({EventType::WriteRows, inserts(i * kGroup, kGroup)});
  put_all(events);
  ASSERT_GT(sink_.records.size(), 0U);
  ASSERT_TRUE(sink_.positions.empty()) << "the part is young";
  std::this_thread::sleep_for(kAge);
  ASSERT_TRUE(put({EventType::WriteRows, inserts(0, kGroup, kItems)}).ok());
  ASSERT_EQ(sink_.positions.size(), 1U);
  EXPECT_TRUE(sink_.positions[0].position.midway);
  EXPECT_EQ(sink_.records.size(), kSelected * kGroup) << "all of it that was read";
  ASSERT_TRUE(put({EventType::WriteRows, inserts(kGroup, kGroup, kItems)}).ok());
  EXPECT_EQ(sink_.positions.size(), 1U) << "nothing was handed over since";
}

TEST_F(TransactionParts, SmallTransactionsHaveNone) {
  const MemorySink got = run(transaction(7, 10));
  ASSERT_EQ(got.positions.size(), 1U);
  EXPECT_FALSE(got.positions[0].position.midway);
}

TEST_F(TransactionParts, ARestartInTheMiddleOfTheRestIsOneToo) {
  const std::vector<Event> events = transaction(7, 200);
  const MemorySink whole = run(events);
  const binlog::Position first = whole.positions.at(0).position;
  const MemorySink rest = run(events, first);
  ASSERT_TRUE(rest.positions.at(0).position.midway);
  const std::size_t told = whole.positions.at(0).records + rest.positions.at(0).records;
  const MemorySink second_rest = run(events, rest.positions.at(0).position);
  EXPECT_EQ(contents(second_rest.records), contents(whole.records, told));
}

// A replica that took over may have committed in another order.
TEST_F(TransactionParts, AnotherTransactionThatComesFirstIsDeliveredAsAWhole) {
  const std::vector<Event> events = transaction(7, 100);
  const MemorySink whole = run(events);
  const MemorySink::End part = whole.positions.at(0);
  const MemorySink other = run(transaction(9, 100), part.position);
  EXPECT_EQ(count_of(other.records, "orders") + count_of(other.records, "items"), 100 * kGroup);
  ASSERT_EQ(other.positions.size(), 1U) << "one position says midway for one transaction";
  EXPECT_EQ(other.positions[0].position.midway, part.position.midway);
  const MemorySink rest = run(events, other.positions[0].position);
  EXPECT_EQ(contents(rest.records), contents(whole.records, part.records));
}

TEST_F(TransactionParts, ATransactionThatLostRowsIsNotTheSame) {
  const MemorySink whole = run(transaction(7, 100));
  sink_ = {};
  track(shop(), whole.positions.at(0).position, kPartSize);
  std::vector<Event> events = transaction(7, 3);
  const Event end = events.back();
  events.pop_back();
  put_all(events);
  const absl::Status status = put(end);
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(text(status), HasSubstr("30 rows of table shop.items"));
  EXPECT_TRUE(sink_.positions.empty());
}

TEST_F(TransactionParts, ATableThatIsNoLongerTrackedIsNotMissed) {
  const std::vector<Event> events = transaction(7, 100);
  const MemorySink whole = run(events);
  const MemorySink::End part = whole.positions.at(0);
  const MemorySink rest = run(events, part.position, shop("items"));
  EXPECT_EQ(count_of(rest.records, "items"),
            count_of(whole.records, "items") - part.position.midway->rows.at("shop.items"));
  EXPECT_EQ(count_of(rest.records, "orders"), 0U);
  EXPECT_FALSE(rest.positions.back().position.midway);
}

// MySQL 8.0.21 and later write CREATE TABLE ... SELECT so.
TEST_F(TransactionParts, TheSchemaChangeBeforeTheRowsIsNotRepeated) {
  const std::vector<Event> events =
      transaction(7, 100, "CREATE TABLE orders (id INT, name VARCHAR(40)) START TRANSACTION");
  const MemorySink whole = run(events);
  const MemorySink::End part = whole.positions.at(0);
  EXPECT_EQ(part.position.midway->schema_changes, 1U);
  const MemorySink rest = run(events, part.position);
  EXPECT_EQ(contents(rest.records), contents(whole.records, part.records));
}

}  // namespace
}  // namespace rowtide::pipeline
