// Events that no server here writes (MySQL 8.0.20+ compressed transactions, 8.3+ tagged GTIDs), through the
// whole way: made by hand, after the layouts that tracker/binlog cites. The sink keeps what it gets in
// memory.
#include "tracker/pipeline/pipeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zstd.h>

#include <nlohmann/json.hpp>

#include "common/status/text.h"
#include "tests/unit/tracker/binlog/table_map_bytes.h"
#include "tests/unit/tracker/schema/recorded_session.h"

namespace rowtide::pipeline {
namespace {

using binlog::EventBytes;
using binlog::EventType;
using nlohmann::json;
using testing::HasSubstr;

class MemorySink final : public sink::Sink {
 public:
  [[nodiscard]] absl::Status open() override { return absl::OkStatus(); }
  [[nodiscard]] absl::Status write(const encode::RecordBatch& batch, std::stop_token /*stop*/) override {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (const auto value = batch.record(i).value) records.push_back(json::parse(*value));
    }
    return absl::OkStatus();
  }
  void end_transaction(const binlog::Position& position) override { position_ = position; }
  [[nodiscard]] std::optional<binlog::Position> durable() const override { return position_; }
  [[nodiscard]] absl::Status flush(std::chrono::milliseconds /*deadline*/) override {
    return absl::OkStatus();
  }
  [[nodiscard]] absl::Status error() const override { return absl::OkStatus(); }
  [[nodiscard]] sink::SinkCounters counters() const override { return {}; }
  [[nodiscard]] std::vector<std::string> topics() const override { return {}; }

  std::vector<json> records;

 private:
  std::optional<binlog::Position> position_;
};

constexpr std::string_view kUuid = "\x3e\x11\xfa\x47\x71\xca\x11\xe1\x9e\x33\xc8\x0a\xa9\x42\x95\x62";
constexpr std::uint32_t kTable = 7;

std::string table_map() {
  // id INT, name VARCHAR(40) utf8mb4; names and key as with binlog_row_metadata=FULL.
  std::string body = binlog::TableMapBytes("shop", "orders")
                         .column(types::WireType::Long)
                         .column(types::WireType::Varchar, {160, 0}, true)
                         .field(1, std::string(1, '\0'))
                         .field(2, "\x2d")
                         .field(4, std::string("\x02id\x04name"))
                         .field(8, std::string(1, '\0'))
                         .str();
  return body.replace(0, 6, EventBytes().u48(kTable).str());
}

std::string inserts(std::uint32_t first, unsigned count) {
  EventBytes body;
  body.u48(kTable).u16(1).u16(2).u8(2).u8(0xff);
  for (unsigned i = 0; i < count; ++i) body.u8(0).u32(first + i).counted("row " + std::to_string(first + i));
  return body.str();
}

std::string query(std::string_view sql) {
  return EventBytes().u32(11).u32(0).u8(4).u16(0).u16(0).text("shop").u8(0).text(sql).str();
}

std::string gtid(std::uint64_t number) {
  return EventBytes().u8(0).text(kUuid).u64(number).str();
}

struct Event {
  EventType type;
  std::string body;
};

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

class PipelineEvents : public testing::Test {
 protected:
  PipelineEvents() {
    task::ObjectRule rule;
    rule.database = "shop";
    selector_.emplace(*select::TableSelector::create({.include = {rule}, .exclude = {}}));
    encoder_ = *encode::make_encoder("debezium-json",
                                     {.source_name = "t", .connector = "mysql", .schema_topic = "schema"});
    pipeline_.emplace(
        Pipeline::Parts{.selector = *selector_,
                        .catalog = catalog_,
                        .encoder = *encoder_,
                        .sink = sink_,
                        .counters = counters_,
                        .topic_for = [](const auto&, const auto&) { return std::string("topic"); }});
    pipeline_->start({binlog::MysqlGtidSet(), "binlog.000001", 4, {}});
    EXPECT_TRUE(put({EventType::FormatDescription, binlog::format_body("8.4.0")}).ok());
  }

  /// Gives the pipeline an event and returns what it says.
  absl::Status put(const Event& event, std::uint16_t flags = 0) {
    const std::size_t size = binlog::kEventHeaderSize + event.body.size() + 4;
    end_ += size;
    const std::string bytes = binlog::make_event(
        event.type, event.body, {.log_pos = static_cast<std::uint32_t>(end_), .flags = flags});
    return pipeline_->on_event(as_bytes(bytes), {});
  }
  void put_all(const std::vector<Event>& events) {
    for (const Event& event : events) {
      const absl::Status status = put(event);
      ASSERT_TRUE(status.ok()) << text(status);
    }
  }
  /// What a consumer sees of a record, but for where it stood.
  static json content(json record) {
    for (const char* place : {"pos", "row", "gtid"}) record["source"].erase(place);
    for (const char* time : {"ts_ms", "ts_us", "ts_ns"}) record.erase(time);
    return record;
  }

  test::RecordedSession session_;
  schema::Catalog catalog_{session_};
  std::optional<select::TableSelector> selector_;
  std::unique_ptr<encode::Encoder> encoder_;
  MemorySink sink_;
  Counters counters_;
  std::optional<Pipeline> pipeline_;
  std::uint64_t end_ = 4;
};

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
  EXPECT_EQ(pipeline_->position().offset, end_) << "the stream goes on behind the payload, never inside it";
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
      fields.u8(value << 1U);
    } else {
      fields.u16(value << 2U | 1U);
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

}  // namespace
}  // namespace rowtide::pipeline
