#include "tracker/readers/line_sink.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "absl/strings/escaping.h"
#include "tests/unit/allocations.h"

namespace rowtide::readers {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

record::RecordBatch batch_of(const std::vector<std::string>& values) {
  record::RecordBatch batch;
  for (const std::string& value : values) {
    batch.begin_record("topic", "shop.t", 0);
    batch.buffer() += value;
    batch.end_record();
  }
  batch.mark_rows(0, record::Operation::Insert);
  return batch;
}

binlog::Position at(std::uint64_t offset) {
  return {.gtids = {}, .file = "mysql-bin.000001", .offset = offset};
}

std::vector<json> lines_of(const std::string& text) {
  std::vector<json> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(json::parse(line));
  return lines;
}

class LineSinkTest : public testing::Test {
 protected:
  void transaction(std::uint64_t end, const std::vector<std::string>& values) {
    if (!values.empty()) ASSERT_TRUE(sink_.write(batch_of(values), {}).ok());
    sink_.end_transaction(at(end), 5'000'000);
  }
  /// And it is saved.
  [[nodiscard]] bool acknowledges(const PositionToken& token) {
    const bool is_taken = sink_.acknowledge(token).ok();
    if (is_taken) sink_.release();
    return is_taken;
  }
  PositionToken take_token() {
    for (const json& line : lines_of(sink_.take(milliseconds(0)))) {
      if (line.contains("position")) last_ = *token_from_text(line["position"].get<std::string>());
    }
    return last_;
  }
  LineSink sink_{{.buffer_bytes = 1000, .session = "s1", .is_acknowledged = true}};
  PositionToken last_;
};

TEST_F(LineSinkTest, ACommitLineFollowsTheChangesOfATransaction) {
  transaction(100, {R"({"a":1})", R"({"a":2})"});
  transaction(200, {});
  const std::vector<json> lines = lines_of(sink_.take(milliseconds(0)));
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[1], json({{"a", 2}}));
  EXPECT_EQ(lines[2].at("rowtide"), "commit");
  EXPECT_EQ(lines[2].at("changes"), 2);
  EXPECT_EQ(lines[2].at("committedAtMs"), 5000);
  EXPECT_EQ(token_from_text(lines[2].at("position").get<std::string>())->position, at(100));
}

TEST_F(LineSinkTest, DurableIsWhatIsAcknowledgedAndWhatHasNoChangesAfterIt) {
  transaction(50, {});
  EXPECT_EQ(sink_.durable(), at(50)) << "the beginning";
  transaction(100, {"{}"});
  const PositionToken first = take_token();
  transaction(200, {"{}"});
  transaction(300, {});
  EXPECT_EQ(sink_.durable(), at(50));
  EXPECT_TRUE(acknowledges(first));
  EXPECT_EQ(sink_.durable(), at(100));
  EXPECT_TRUE(acknowledges(take_token()));
  EXPECT_EQ(sink_.durable(), at(300));
}

TEST_F(LineSinkTest, AcknowledgesInOrderAndOnlyWhatWasGivenHere) {
  transaction(100, {"{}"});
  const PositionToken first = take_token();
  transaction(200, {"{}"});
  const PositionToken second = take_token();
  EXPECT_FALSE(acknowledges({"s1", 3, at(900)}));
  EXPECT_FALSE(acknowledges({"s0", 1, at(100)}));
  EXPECT_TRUE(acknowledges(second));
  EXPECT_TRUE(acknowledges(second)) << "again";
  EXPECT_FALSE(acknowledges(first));
  EXPECT_EQ(sink_.durable(), at(200));
}

TEST_F(LineSinkTest, DurableWaitsUntilWhatIsAcknowledgedIsSaved) {
  transaction(100, {"{}"});
  ASSERT_TRUE(sink_.acknowledge(take_token()).ok());
  transaction(200, {});
  transaction(300, {"{}"});
  EXPECT_EQ(sink_.durable(), at(100)) << "or who waits for it would wait in vain, or not at all";
  ASSERT_TRUE(sink_.acknowledge(take_token()).ok());
  transaction(400, {});
  EXPECT_EQ(sink_.durable(), at(300));
  sink_.release();
  EXPECT_EQ(sink_.durable(), at(300));
  sink_.release();
  EXPECT_EQ(sink_.durable(), at(400));
}

TEST_F(LineSinkTest, AHeartbeatHasNoPositionBeyondWhatTheReaderHas) {
  transaction(100, {"{}"});
  EXPECT_FALSE(json::parse(sink_.heartbeat("Streaming", "", 0)).contains("position")) << "lines wait";
  take_token();
  EXPECT_TRUE(json::parse(sink_.heartbeat("Streaming", "", 0)).contains("position"));
  ASSERT_TRUE(sink_.write(batch_of({"{}"}), {}).ok());
  take_token();
  EXPECT_FALSE(json::parse(sink_.heartbeat("Streaming", "", 0)).contains("position"))
      << "inside a transaction";
  EXPECT_TRUE(sink_.is_inside_transaction());
}

TEST_F(LineSinkTest, TheFirstHeartbeatSaysWhereTheLinesBeginWhateverHasCome) {
  EXPECT_EQ(sink_.first_heartbeat("Starting", "", 0), "") << "not known yet";
  transaction(50, {});
  transaction(100, {"{}"});
  const json first = json::parse(sink_.first_heartbeat("Streaming", "", 0));
  const PositionToken token = *token_from_text(first.at("position").get<std::string>());
  EXPECT_EQ(token.position, at(50));
  const PositionToken commit = take_token();
  EXPECT_TRUE(acknowledges(token));
  EXPECT_EQ(sink_.durable(), at(50)) << "the commit after it is not acknowledged by it";
  EXPECT_TRUE(acknowledges(commit));
  EXPECT_EQ(sink_.durable(), at(100));
}

TEST_F(LineSinkTest, AFullBufferHoldsTheWriterUntilItIsTakenOrToldToStop) {
  ASSERT_TRUE(sink_.write(batch_of({std::string(2000, '1')}), {}).ok());
  std::stop_source stop;
  absl::Status second;
  {
    std::jthread writer([&] { second = sink_.write(batch_of({"2"}), stop.get_token()); });
    std::string taken;
    while (taken.find('2') == std::string::npos) taken += sink_.take(milliseconds(100));
  }
  EXPECT_TRUE(second.ok());
  ASSERT_TRUE(sink_.write(batch_of({std::string(2000, '1')}), {}).ok());
  {
    std::jthread writer([&] { second = sink_.write(batch_of({"3"}), stop.get_token()); });
    stop.request_stop();
  }
  EXPECT_TRUE(absl::IsCancelled(second));
}

TEST_F(LineSinkTest, GivesTheMemoryOfAHugeRowBack) {
  constexpr std::size_t kHuge = std::size_t{64} * 1024 * 1024;
  const std::size_t before = test::held_bytes();
  ASSERT_TRUE(sink_.write(batch_of({std::string(kHuge, '1')}), {}).ok());
  EXPECT_GT(test::held_bytes() - before, kHuge) << "its line waits";
  EXPECT_EQ(sink_.take(milliseconds(0)).size(), kHuge + 1);
  EXPECT_LT(test::held_bytes() - before, 1024U * 1024);
}

TEST(PositionTokens, ComeBackAsTheyWereAndNothingElseDoes) {
  const PositionToken token{"s1", 7, at(4711)};
  const std::string text = to_text(token);
  EXPECT_EQ(text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_="),
            std::string::npos);
  const auto back = token_from_text(text);
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->session, "s1");
  EXPECT_EQ(back->commit, 7U);
  EXPECT_EQ(back->position, at(4711));
  for (const std::string& bad :
       {std::string(), std::string("x"), text.substr(0, text.size() / 2), "e30" + text})
    EXPECT_FALSE(token_from_text(bad).ok()) << bad;
  const std::string deep =
      R"({"s":"","n":0,"p":)" + std::string(200000, '[') + std::string(200000, ']') + "}";
  EXPECT_FALSE(token_from_text(std::string(absl::WebSafeBase64Escape(deep))).ok());
  const std::string deep_in =
      R"({"s":"","n":0,"p":{"file":)" + std::string(200000, '[') + std::string(200000, ']') + "}}";
  EXPECT_FALSE(token_from_text(std::string(absl::WebSafeBase64Escape(deep_in))).ok());
}

TEST(ChangeFilters, KnowTablesAndOperations) {
  const auto wants = [](const ChangeFilter& filter, std::string_view table, record::Operation operation) {
    record::Record record;
    record.table = table;
    record.operation = operation;
    record.is_schema_change = operation == record::Operation::None;
    return filter.wants(record);
  };
  ChangeFilter tables;
  ASSERT_TRUE(tables.add_table("shop.*").ok());
  ASSERT_TRUE(tables.add_table("*.log").ok());
  EXPECT_TRUE(wants(tables, "shop.orders", record::Operation::Insert));
  EXPECT_TRUE(wants(tables, "other.log", record::Operation::Insert));
  EXPECT_FALSE(wants(tables, "other.orders", record::Operation::Insert));
  EXPECT_TRUE(wants(tables, "shop", record::Operation::None)) << "of the whole database";
  EXPECT_FALSE(tables.add_table("orders").ok());
  ChangeFilter operations;
  ASSERT_TRUE(operations.add_operation("delete").ok());
  EXPECT_TRUE(wants(operations, "shop.orders", record::Operation::Delete));
  EXPECT_FALSE(wants(operations, "shop.orders", record::Operation::Insert));
  EXPECT_FALSE(wants(operations, "shop.orders", record::Operation::None));
  ASSERT_TRUE(operations.add_operation("schema").ok());
  EXPECT_TRUE(wants(operations, "shop.orders", record::Operation::None));
  EXPECT_FALSE(wants(operations, "", record::Operation::None))
      << "a transaction's BEGIN, which is of no table";
  EXPECT_FALSE(wants(tables, "", record::Operation::None));
  EXPECT_TRUE(wants({}, "", record::Operation::None));
}

TEST(ChangeFilters, CompareNamesAsTheSourceDoes) {
  ChangeFilter filter;
  ASSERT_TRUE(filter.add_table("Shop.ÄRZTE").ok());
  record::Record record;
  record.table = "shop.ärzte";
  EXPECT_FALSE(filter.wants(record));
  filter.set_lower_case_names(true);
  EXPECT_TRUE(filter.wants(record));
  filter.set_lower_case_names(false);
  EXPECT_FALSE(filter.wants(record)) << "another server";
}

TEST(ChangeFilters, NamesMayHaveDots) {
  const auto wants = [](std::string_view pattern, std::string_view name, bool is_schema_change) {
    ChangeFilter filter;
    EXPECT_TRUE(filter.add_table(pattern).ok());
    record::Record record;
    record.table = name;
    record.is_schema_change = is_schema_change;
    return filter.wants(record);
  };
  EXPECT_TRUE(wants("my.db.*", "my.db.orders", false));
  EXPECT_TRUE(wants("my.db.*", "my.db", true)) << "DROP DATABASE";
  EXPECT_TRUE(wants("my.db.orders", "my.db.orders", false));
  EXPECT_TRUE(wants("my.db.orders", "my.db", true));
  EXPECT_TRUE(wants("*.orders", "my.db.orders", false));
  EXPECT_FALSE(wants("my.db.*", "my.dbs.orders", false));
  EXPECT_FALSE(wants("my.db.*", "my.other", false));
  EXPECT_FALSE(wants("my.db.orders", "my.db", false)) << "a row's table";
  EXPECT_FALSE(wants("*.orders", "my.db.old_orders", false));
}

TEST(ChangeFilters, WhatTheTaskDoesNotSelectIsNamed) {
  const task::Objects objects{.include = {{.database = "shop"}, {.database = "my.db", .tables = {"orders"}}},
                              .exclude = {{.database = "shop", .tables = {"log"}}}};
  const auto selector = select::TableSelector::create(objects);
  ASSERT_TRUE(selector.ok());
  const auto check = [&](std::string_view pattern) {
    ChangeFilter filter;
    EXPECT_TRUE(filter.add_table(pattern).ok());
    return filter.check_selected(*selector);
  };
  for (const char* pattern : {"shop.orders", "shop.*", "*.orders", "*.*", "my.db.orders", "my.db.*"})
    EXPECT_TRUE(check(pattern).ok()) << pattern;
  for (const char* pattern : {"shop.log", "shpo.*", "Shop.orders", "my.db.items", "my.*"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(check(pattern))) << pattern;
    EXPECT_NE(check(pattern).message().find(pattern), std::string_view::npos);
  }
}

TEST(ChangeFilters, ASchemaChangeOfSeveralTablesIsOfEach) {
  const std::vector<std::string> tables{"staging.next", "shop.orders"};
  record::Record record;
  record.table = "staging";
  record.is_schema_change = true;
  record.tables = tables;
  const auto wanted_by = [&](std::string_view pattern) {
    ChangeFilter filter;
    EXPECT_TRUE(filter.add_table(pattern).ok());
    return filter.wants(record);
  };
  EXPECT_TRUE(wanted_by("shop.orders"));
  EXPECT_TRUE(wanted_by("shop.*"));
  EXPECT_FALSE(wanted_by("shop.items"));
  EXPECT_FALSE(wanted_by("archive.*"));
}

}  // namespace
}  // namespace rowtide::readers
