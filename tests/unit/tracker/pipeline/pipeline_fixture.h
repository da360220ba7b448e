#pragma once

#include <gtest/gtest.h>
#include <zstd.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "common/status/text.h"
#include "tests/unit/tracker/binlog/table_map_bytes.h"
#include "tests/unit/tracker/sql/recorded_session.h"
#include "tracker/pipeline/pipeline.h"
#include "tracker/schema/source_catalog.h"

namespace rowtide::pipeline {

using binlog::EventBytes;
using binlog::EventType;
using nlohmann::json;

/// Keeps what it gets, and how many records there were when each position was told.
class MemorySink final : public sink::Sink {
 public:
  [[nodiscard]] absl::Status open() override { return absl::OkStatus(); }
  [[nodiscard]] absl::Status write(const record::RecordBatch& batch, std::stop_token /*stop*/) override {
    if (is_deaf) return absl::OkStatus();
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (const auto value = batch.record(i).value) records.push_back(json::parse(*value));
    }
    return absl::OkStatus();
  }
  void end_transaction(const binlog::Position& position, std::int64_t /*committed_at_us*/) override {
    positions.push_back({position, records.size()});
  }
  [[nodiscard]] std::optional<binlog::Position> durable() const override {
    return positions.empty() ? std::nullopt : std::optional(positions.back().position);
  }
  [[nodiscard]] absl::Status flush(std::chrono::milliseconds /*deadline*/) override {
    return absl::OkStatus();
  }
  [[nodiscard]] absl::Status error() const override { return absl::OkStatus(); }
  [[nodiscard]] sink::SinkCounters counters() const override { return {}; }
  [[nodiscard]] std::vector<std::string> topics(std::size_t /*known*/) const override { return {}; }

  struct End {
    binlog::Position position;
    std::size_t records = 0;
  };
  bool is_deaf = false;  ///< keeps no records, which would take memory
  std::vector<json> records;
  std::vector<End> positions;
};

inline constexpr std::string_view kUuid = "\x3e\x11\xfa\x47\x71\xca\x11\xe1\x9e\x33\xc8\x0a\xa9\x42\x95\x62";
inline constexpr std::uint32_t kTable = 7;

/// Which server the events come from.
inline constexpr const char* kServer = "5f0c7f5e-0000";
/// When it began its file: the second that every event here was written in.
inline constexpr std::uint32_t kCreated = binlog::EventOptions{}.timestamp;

inline std::string table_map(std::string_view name = "orders", std::uint32_t id = kTable) {
  // id INT, name VARCHAR(40) utf8mb4; names and key as with binlog_row_metadata=FULL.
  std::string body = binlog::TableMapBytes("shop", std::string(name))
                         .column(types::WireType::Long)
                         .column(types::WireType::Varchar, {160, 0}, true)
                         .field(1, std::string(1, '\0'))
                         .field(2, "\x2d")
                         .field(4, std::string("\x02id\x04name"))
                         .field(8, std::string(1, '\0'))
                         .str();
  return body.replace(0, 6, EventBytes().u48(id).str());
}

inline std::string inserts(std::uint32_t first, unsigned count, std::uint32_t id = kTable) {
  EventBytes body;
  body.u48(id).u16(1).u16(2).u8(2).u8(0xff);
  for (unsigned i = 0; i < count; ++i) body.u8(0).u32(first + i).counted("row " + std::to_string(first + i));
  return body.str();
}

inline std::string query(std::string_view sql) {
  return EventBytes().u32(11).u32(0).u8(4).u16(0).u16(0).text("shop").u8(0).text(sql).str();
}

inline std::string gtid(std::uint64_t number) {
  return EventBytes().u8(0).text(kUuid).u64(number).str();
}

struct Event {
  EventType type;
  std::string body;
};

class PipelineEvents : public testing::Test {
 protected:
  PipelineEvents() {
    task::ObjectRule rule;
    rule.database = "shop";
    track(rule);
  }

  /// A tracker's process begins: at `from`, whose binlog has nothing before it.
  void track(const task::ObjectRule& rule,
             const binlog::Position& from = {binlog::MysqlGtidSet(), "binlog.000001", 4, {}},
             std::size_t part_size = std::size_t{64} << 20U, task::DebeziumOptions debezium = {}) {
    pipeline_.reset();
    selector_.emplace(*select::TableSelector::create({.include = {rule}, .exclude = {}}));
    encoder_ = *encode::make_encoder(
        "debezium-json",
        {.source_name = "t", .connector = "mysql", .schema_topic = "schema", .debezium = debezium});
    pipeline_.emplace(
        Pipeline::Parts{.selector = *selector_,
                        .catalog = catalog_,
                        .encoder = *encoder_,
                        .sink = sink_,
                        .counters = counters_,
                        .topic_for = [](const auto&, const auto&) { return std::string("topic"); },
                        .unprocessable = unprocessable_,
                        .server = kServer,
                        .part_size = part_size,
                        .part_age = part_age_});
    pipeline_->start(from);
    end_ = from.offset;
    EXPECT_TRUE(put({EventType::FormatDescription, binlog::format_body("8.4.0")}).ok());
  }

  /// Gives the pipeline an event and returns what it says.
  absl::Status put(const Event& event, std::uint16_t flags = 0) {
    const std::string bytes = bytes_of(event, flags);
    return pipeline_->on_event(as_bytes(bytes), {});
  }
  /// The event, after the last one.
  std::string bytes_of(const Event& event, std::uint16_t flags = 0) {
    end_ += binlog::kEventHeaderSize + event.body.size() + 4;
    return binlog::make_event(event.type, event.body,
                              {.log_pos = static_cast<std::uint32_t>(end_), .flags = flags});
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

  std::chrono::nanoseconds part_age_ = std::chrono::hours(1);
  task::Unprocessable unprocessable_ = task::Unprocessable::Stop;  ///< from the next track() on
  test::RecordedSession session_;
  schema::SourceCatalog catalog_{session_};
  std::optional<select::TableSelector> selector_;
  std::unique_ptr<encode::Encoder> encoder_;
  MemorySink sink_;
  Counters counters_;
  std::optional<Pipeline> pipeline_;
  std::uint64_t end_ = 4;
};

}  // namespace rowtide::pipeline
