#include "tracker/run/ddl_ahead.h"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "tests/unit/tracker/binlog/event_bytes.h"

// What a MySQL sends that leaves transactions out for their GTIDs: for seconds nothing but heartbeats with
// the place that it has come to. Real servers here are too fast for that.

namespace rowtide::run {
namespace {

using binlog::EventBytes;
using binlog::EventType;

/// Gives what it was told, then heartbeats of its last place for ever.
class Skipping final : public source::EventSource {
 public:
  [[nodiscard]] absl::Status open(const binlog::Position& /*from*/) override { return absl::OkStatus(); }
  [[nodiscard]] absl::StatusOr<Bytes> next() override {
    idle_offset_ = 0;
    if (steps_.empty()) {
      idle_offset_ = end_;
      return Bytes{};
    }
    event_ = std::move(steps_.front().event);
    idle_offset_ = steps_.front().idle_offset;
    steps_.pop_front();
    return as_bytes(event_);
  }
  void interrupt() override {}
  void close() override {}
  [[nodiscard]] const source::SourceInfo& info() const override { return info_; }
  [[nodiscard]] std::uint64_t idle_offset() const override { return idle_offset_; }

  void file(const std::string& name) {
    put(EventType::Rotate, EventBytes().u64(4).text(name).str(), 0, 0x20);
    put(EventType::FormatDescription, binlog::format_body("8.0.36"), 0, 0);
    end_ = 4;
  }
  void heartbeats(int count, std::uint64_t offset) {
    for (int i = 0; i < count; ++i) steps_.push_back({{}, offset});
    end_ = offset;
  }
  void query(const std::string& sql) {
    const std::string body =
        EventBytes().u32(11).u32(0).u8(4).u16(0).u16(0).text("shop").u8(0).text(sql).str();
    end_ += binlog::kEventHeaderSize + body.size() + 4;
    put(EventType::Query, body, static_cast<std::uint32_t>(end_), 0);
  }
  [[nodiscard]] std::uint64_t end() const { return end_; }

 private:
  struct Step {
    std::string event;  ///< empty: a heartbeat
    std::uint64_t idle_offset = 0;
  };
  void put(EventType type, const std::string& body, std::uint32_t log_pos, std::uint16_t flags) {
    steps_.push_back({binlog::make_event(type, body, {.log_pos = log_pos, .flags = flags}), 0});
  }

  source::SourceInfo info_{
      .version = "8.0.36", .is_mariadb = false, .server = "server-1", .client_address = {}};
  std::deque<Step> steps_;
  std::string event_;
  std::uint64_t end_ = 4;
  std::uint64_t idle_offset_ = 0;
};

class Ahead : public testing::Test {
 protected:
  [[nodiscard]] absl::Status read(const binlog::Position& from, const binlog::BinlogCoordinates& end) {
    return ahead_.read(from, end, {}, {});
  }
  [[nodiscard]] bool is_changed() const {
    return ahead_.changes().is_changed_from({"shop", "t"}, {"binlog.000001", 4});
  }
  std::unique_ptr<Skipping> owned_ = std::make_unique<Skipping>();
  Skipping& source_ = *owned_;
  DdlAhead ahead_{std::move(owned_), {}};
  const binlog::Position kBySet{.gtids = binlog::MysqlGtidSet(), .file = {}, .offset = 0};
};

TEST_F(Ahead, WhatIsLeftOutForLongIsNotTheEnd) {
  source_.file("binlog.000001");
  source_.heartbeats(9, 500'000);
  source_.file("binlog.000002");
  source_.heartbeats(9, 1'000);
  source_.query("ALTER TABLE t ADD b INT");
  const absl::Status status = read(kBySet, {"binlog.000002", source_.end()});
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_TRUE(is_changed());
}

TEST_F(Ahead, WhereAllIsLeftOutItEndsAtTheEnd) {
  source_.file("binlog.000001");
  source_.heartbeats(3, 700);
  EXPECT_TRUE(read(kBySet, {"binlog.000001", 700}).ok());
  EXPECT_FALSE(is_changed());
}

TEST_F(Ahead, HeartbeatsOfAFileBeyond4GiBAreWidened) {
  constexpr std::uint64_t kEnd = (std::uint64_t{1} << 32U) + 500;
  source_.file("binlog.000001");
  source_.heartbeats(1, 4'000'000'000);
  source_.heartbeats(1, 500);
  EXPECT_TRUE(read(kBySet, {"binlog.000001", kEnd}).ok());
}

TEST_F(Ahead, AHeartbeatOfAPlaceBeforeIsNotTheEnd) {
  source_.file("binlog.000001");
  source_.query("CREATE TABLE u (a INT)");
  const std::uint64_t before = source_.end() - 10;
  source_.heartbeats(2, before);
  source_.query("ALTER TABLE t ADD b INT");
  EXPECT_TRUE(read(kBySet, {"binlog.000001", source_.end()}).ok());
  EXPECT_TRUE(is_changed());
}

TEST_F(Ahead, AnotherServersPlaceIsNotCompared) {
  source_.file("binlog.000007");
  source_.query("ALTER TABLE t ADD b INT");
  const binlog::Position there{
      .gtids = binlog::MysqlGtidSet(), .file = "binlog.000120", .offset = 4, .server = "server-0"};
  EXPECT_TRUE(read(there, {"binlog.000007", source_.end()}).ok());
  EXPECT_TRUE(is_changed());
}

}  // namespace
}  // namespace rowtide::run
