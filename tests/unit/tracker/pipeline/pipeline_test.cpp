// Events that no server here writes (MySQL 8.0.20+ compressed transactions, 8.3+ tagged GTIDs), through the
// whole way: made by hand, after the layouts that tracker/binlog cites. The sink keeps what it gets in
// memory.
#include <gmock/gmock.h>

#include "tests/unit/tracker/pipeline/pipeline_fixture.h"

namespace rowtide::pipeline {
namespace {

using testing::HasSubstr;

std::vector<Event> transaction() {
  return {{EventType::Query, query("BEGIN")},     {EventType::TableMap, table_map()},
          {EventType::WriteRows, inserts(1, 3)},  {EventType::TableMap, table_map()},
          {EventType::WriteRows, inserts(10, 2)}, {EventType::Xid, EventBytes().u64(99).str()}};
}

std::string payload(const std::vector<Event>& events) {
  std::string plain;
  for (const Event& event : events) {
    plain += binlog::make_event(event.type, event.body, {.log_pos = 0, .flags = 0, .has_checksum = false});
  }
  std::string packed(ZSTD_compressBound(plain.size()), '\0');
  packed.resize(ZSTD_compress(packed.data(), packed.size(), plain.data(), plain.size(), 3));
  const auto length = [](std::uint64_t value) { return EventBytes().u8(0xfd).number(value, 3).str(); };
  return EventBytes()
      .u8(2)
      .u8(1)
      .u8(0)
      .u8(3)
      .u8(4)
      .text(length(plain.size()))
      .u8(1)
      .u8(4)
      .text(length(packed.size()))
      .u8(0)
      .text(packed)
      .str();
}

TEST_F(PipelineEvents, APositionSaysWhoseFileItIsInAndWhenThatWasBegun) {
  put_all({{EventType::GtidLog, gtid(1)}});
  put_all(transaction());
  EXPECT_EQ(pipeline_->position().server, kServer);
  EXPECT_EQ(pipeline_->position().file_created, kCreated);

  // A new file: not known before its first event, and then told at once, though nobody writes.
  put_all({{EventType::Rotate, EventBytes().u64(4).text("binlog.000002").str()}});
  EXPECT_EQ(sink_.positions.back().position.file, "binlog.000002");
  EXPECT_EQ(sink_.positions.back().position.file_created, 0U);
  end_ = 4;
  put_all({{EventType::FormatDescription, binlog::format_body("8.4.0")}});
  EXPECT_EQ(sink_.positions.back().position.file, "binlog.000002");
  EXPECT_EQ(sink_.positions.back().position.file_created, kCreated);

  // Another server's file of the same name says nothing of it.
  task::ObjectRule rule;
  rule.database = "shop";
  track(rule, {.gtids = binlog::MysqlGtidSet(), .file = "binlog.000001", .offset = 4, .server = "another"});
  EXPECT_EQ(pipeline_->position().server, "another");
  EXPECT_EQ(pipeline_->position().file_created, 0U);
}

// SHOW MASTER STATUS: what commits just then stands before the place, and is not in the set.
TEST_F(PipelineEvents, ThePlaceOfAStartCountsWhenReadingHasComeThere) {
  task::ObjectRule rule;
  rule.database = "shop";
  track(rule, {.gtids = binlog::MysqlGtidSet(), .file = "binlog.000001", .offset = 900, .server = kServer});
  EXPECT_EQ(pipeline_->position().file_created, 0U);
  EXPECT_TRUE(sink_.positions.empty());
  put_all({{EventType::GtidLog, gtid(1)}});
  put_all(transaction());
  EXPECT_EQ(pipeline_->position().file_created, kCreated);
}

TEST_F(PipelineEvents, ATransactionInsideAnotherIsRefused) {
  put_all({{EventType::GtidLog, gtid(1)},
           {EventType::Query, query("BEGIN")},
           {EventType::TableMap, table_map()},
           {EventType::WriteRows, inserts(1, 1)}});
  const absl::Status status = put({EventType::GtidLog, gtid(2)});
  EXPECT_TRUE(absl::IsDataLoss(status));
  EXPECT_THAT(text(status),
              testing::AllOf(HasSubstr("GTID at binlog.000001:"), HasSubstr(":1, which has no end")));
  EXPECT_TRUE(sink_.positions.empty());
}

// A server with many tables gives ids all day.
TEST_F(PipelineEvents, AStatementsTablesAreKeptHoweverManyCameBefore) {
  put_all({{EventType::GtidLog, gtid(1)}, {EventType::Query, query("BEGIN")}});
  for (std::uint32_t id = 1; id < 20'000; ++id) {
    std::string body =
        binlog::TableMapBytes("elsewhere", fmt::format("t{}", id)).column(types::WireType::Long).str();
    ASSERT_TRUE(put({EventType::TableMap, body.replace(0, 6, EventBytes().u48(id).str())}).ok());
  }
  put_all({{EventType::Query, query("COMMIT")},
           {EventType::GtidLog, gtid(2)},
           {EventType::Query, query("BEGIN")},
           {EventType::TableMap, table_map("orders", 30'001)},
           {EventType::TableMap, table_map("items", 30'002)},
           {EventType::WriteRows, inserts(1, 1, 30'001)},
           {EventType::WriteRows, inserts(2, 1, 30'002)},
           {EventType::Query, query("COMMIT")}});
  ASSERT_EQ(sink_.records.size(), 2U);
  EXPECT_EQ(sink_.records[0]["source"]["table"], "orders");
  EXPECT_EQ(sink_.records[1]["source"]["table"], "items");
}

TEST_F(PipelineEvents, RowsOutsideATransactionAreRefused) {
  for (const Event& event :
       {Event{EventType::TableMap, table_map()}, Event{EventType::WriteRows, inserts(1, 1)},
        Event{EventType::TransactionPayload, payload(transaction())},
        Event{EventType::Xid, EventBytes().u64(99).str()}}) {
    const absl::Status status = put(event);
    EXPECT_TRUE(absl::IsDataLoss(status));
    EXPECT_THAT(text(status), HasSubstr("outside a transaction"));
  }
  EXPECT_TRUE(sink_.records.empty());
}

TEST_F(PipelineEvents, AFileThatEndsInsideATransactionHasNoneOfIt) {
  const auto begin_next_file = [this] {
    const Event rotate{EventType::Rotate, EventBytes().u64(4).text("binlog.000002").str()};
    EXPECT_TRUE(put(rotate, binlog::kFlagArtificial).ok());
    end_ = 4;
    return put({EventType::FormatDescription, binlog::format_body("8.4.0")});
  };
  // Without a GTID its rows are held until its end.
  put_all({{EventType::AnonymousGtid, gtid(0)},
           {EventType::Query, query("BEGIN")},
           {EventType::TableMap, table_map()},
           {EventType::WriteRows, inserts(1, 1)}});
  EXPECT_TRUE(begin_next_file().ok());
  put_all({{EventType::AnonymousGtid, gtid(0)}});
  put_all(transaction());
  EXPECT_EQ(sink_.records.size(), 5U);

  put_all({{EventType::GtidLog, gtid(1)},
           {EventType::Query, query("BEGIN")},
           {EventType::TableMap, table_map()},
           {EventType::WriteRows, inserts(1, 1)}});
  const absl::Status status = begin_next_file();
  EXPECT_TRUE(absl::IsDataLoss(status));
  EXPECT_THAT(text(status), HasSubstr("ends inside transaction"));
}

TEST_F(PipelineEvents, ATransactionThatWasDeliveredIsPassedOver) {
  put_all({{EventType::GtidLog, gtid(1)}});
  put_all(transaction());
  put_all(
      {{EventType::GtidLog, gtid(1)}});  // as a replica that is read by file and offset may have it once more
  put_all(transaction());
  EXPECT_EQ(sink_.records.size(), 5U);
  put_all({{EventType::GtidLog, gtid(1)}, {EventType::TransactionPayload, payload(transaction())}});
  EXPECT_EQ(sink_.records.size(), 5U);
  put_all({{EventType::AnonymousGtid, gtid(0)}});
  put_all(transaction());
  EXPECT_EQ(sink_.records.size(), 10U);
  put_all({{EventType::GtidLog, gtid(1)},
           {EventType::Query, query("DROP TABLE orders")},
           {EventType::GtidLog, gtid(2)},
           {EventType::Query, query("CREATE TABLE later (id INT)")}});
  ASSERT_EQ(sink_.records.size(), 11U);
  EXPECT_EQ(sink_.records.back()["ddl"], "CREATE TABLE later (id INT)");
}

TEST_F(PipelineEvents, ACompressedTransactionGivesTheRecordsOfAPlainOne) {
  put_all({{EventType::GtidLog, gtid(1)}});
  put_all(transaction());
  ASSERT_EQ(sink_.records.size(), 5U);
  const std::vector<json> plain = std::exchange(sink_.records, {});

  const std::uint64_t begin = end_;
  put_all({{EventType::GtidLog, gtid(2)}});
  const std::uint64_t payload_begin = end_;
  put_all({{EventType::TransactionPayload, payload(transaction())}});
  ASSERT_EQ(sink_.records.size(), 5U);
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(content(sink_.records[i]), content(plain[i]));
    // One place for all of it: the row tells them apart.
    EXPECT_EQ(sink_.records[i]["source"]["pos"], payload_begin);
    EXPECT_EQ(sink_.records[i]["source"]["row"], i);
  }
  EXPECT_GT(payload_begin, begin);
  EXPECT_EQ(pipeline_->position().offset, end_) << "the stream goes on after the payload, never inside it";
  EXPECT_EQ(binlog::to_string(pipeline_->position().gtids), "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-2");
  EXPECT_EQ(counters_.transactions, 2U);
}

TEST_F(PipelineEvents, ACompressedTransactionThatIsCutOffDoesNotCountAsDone) {
  std::vector<Event> events = transaction();
  events.pop_back();
  put_all({{EventType::GtidLog, gtid(1)}, {EventType::TransactionPayload, payload(events)}});
  EXPECT_EQ(binlog::to_string(pipeline_->position().gtids), "");
}

TEST_F(PipelineEvents, APayloadInsideAPayloadIsDamage) {
  put_all({{EventType::GtidLog, gtid(1)}});
  const absl::Status status = put(
      {EventType::TransactionPayload, payload({{EventType::TransactionPayload, payload(transaction())}})});
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(text(status), HasSubstr("binlog.000001:"));
  EXPECT_TRUE(sink_.records.empty());
}

TEST_F(PipelineEvents, TaggedGtidsAreNamedAndResumedFrom) {
  // Version 1, the size, nothing that must be known; fields 0 to 5: flags, uuid, number, tag, two sequence
  // numbers.
  EventBytes fields;
  fields.u8(0).u8(0).u8(0).u8(1 << 1);
  for (const char byte : kUuid) {
    const auto value = static_cast<unsigned char>(byte);
    if (value < 0x80) {
      fields.u8(static_cast<std::uint8_t>(value << 1U));
    } else {
      fields.u16(static_cast<std::uint16_t>(unsigned{value} << 2U | 1U));
    }
  }
  fields.u8(2 << 1).u8(5 << 2).u8(3 << 1).u8(4 << 1).text("blue").u8(4 << 1).u8(0).u8(5 << 1).u8(0);
  const std::string body =
      EventBytes().u8(1 << 1).u8((fields.str().size() + 2) << 1U).text(fields.str()).str();
  put_all({{EventType::GtidTagged, body}});
  put_all(transaction());
  ASSERT_EQ(sink_.records.size(), 5U);
  EXPECT_EQ(sink_.records[0]["source"]["gtid"], "3e11fa47-71ca-11e1-9e33-c80aa9429562:blue:5");
  EXPECT_EQ(binlog::to_string(sink_.durable()->gtids), "3e11fa47-71ca-11e1-9e33-c80aa9429562:blue:5");
}

TEST_F(PipelineEvents, WhatIsNotKnownStopsUnlessTheServerSaysThatItMayBeIgnored) {
  const auto unknown = static_cast<EventType>(77);
  EXPECT_TRUE(put({unknown, "anything"}, binlog::kFlagIgnorable).ok());
  const absl::Status status = put({unknown, "anything"});
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(text(status), HasSubstr("event type 77"));
}

TEST_F(PipelineEvents, AnIncidentStops) {
  const absl::Status status = put({EventType::Incident, EventBytes().u16(1).counted("lost").str()});
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(text(status), HasSubstr("events are missing"));
}

/// What ApsaraDB RDS for MySQL writes of `CREATE TABLE items (id INT, name VARCHAR(40))` with FULL metadata.
TEST_F(PipelineEvents, TheRowIdThatAHostedMysqlAddsIsNotTold) {
  std::string map = binlog::TableMapBytes("shop", "items")
                        .column(types::WireType::Long)
                        .column(types::WireType::Varchar, {160, 0}, true)
                        .column(types::WireType::LongLong)
                        .field(1, std::string(1, '\0'))
                        .field(2, "\x2d")
                        .field(4, std::string("\x02id\x04name\x18__#alibaba_rds_row_id#__"))
                        .str();
  map.replace(0, 6, EventBytes().u48(kTable).str());
  session_.record("information_schema.COLUMNS", {});
  EventBytes rows;
  rows.u48(kTable).u16(1).u16(2).u8(3).u8(0xff);
  rows.u8(0).u32(7).counted("seven").u64(41).u8(2).u32(8).u64(42);
  put_all({{EventType::GtidLog, gtid(1)},
           {EventType::Query, query("BEGIN")},
           {EventType::TableMap, map},
           {EventType::WriteRows, rows.str()},
           {EventType::Xid, EventBytes().u64(99).str()}});
  ASSERT_EQ(sink_.records.size(), 2U);
  EXPECT_EQ(sink_.records[0].at("after"), json::parse(R"({"id":7,"name":"seven"})"));
  EXPECT_EQ(sink_.records[1].at("after"), json::parse(R"({"id":8,"name":null})"));
}

TEST_F(PipelineEvents, AStatementThatIsNotKnownFollowsTheTasksChoice) {
  const Event unknown{EventType::Query, query("FROBNICATE TABLE orders")};
  const absl::Status status = put(unknown);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(text(status), testing::AllOf(HasSubstr("FROBNICATE TABLE orders"), HasSubstr("SkipAndCount")));

  unprocessable_ = task::Unprocessable::SkipAndCount;
  track({.database = "shop"});
  put_all({{EventType::GtidLog, gtid(1)}, unknown, {EventType::GtidLog, gtid(2)}});
  put_all(transaction());
  EXPECT_EQ(counters_.unprocessable_events, 1U);
  EXPECT_EQ(sink_.records.size(), 5U);
  EXPECT_EQ(binlog::to_string(sink_.durable()->gtids), "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-2");
}

// A damaged binlog's: the sink here parses what it gets.
TEST_F(PipelineEvents, ANameThatIsNoTextIsToldWithReplacementCharacters) {
  ASSERT_NO_FATAL_FAILURE(put_all({{EventType::GtidLog, gtid(1)},
                                   {EventType::Query, query("BEGIN")},
                                   {EventType::TableMap, table_map(std::string("o\xff\0", 3))},
                                   {EventType::WriteRows, inserts(1, 1)},
                                   {EventType::Xid, std::string(8, '\0')},
                                   {EventType::GtidLog, gtid(2)},
                                   {EventType::Query, query("CREATE TABLE t\xff (id INT)")}}));
  ASSERT_EQ(sink_.records.size(), 2U);
  EXPECT_EQ(sink_.records[0]["source"]["table"], std::string("o\uFFFD\0", 5));
  EXPECT_EQ(sink_.records[1]["ddl"], "CREATE TABLE t\uFFFD (id INT)");
}

}  // namespace
}  // namespace rowtide::pipeline
