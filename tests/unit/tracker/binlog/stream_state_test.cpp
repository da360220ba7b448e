#include "tracker/binlog/stream_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/tracker/binlog/event_bytes.h"

namespace rowtide::binlog {
namespace {

using testing::HasSubstr;

constexpr std::uint32_t kAlsoInFile = 0;

/// A stream opened at a place, and events put into it one after the other.
class Stream {
 public:
  explicit Stream(std::string file = "binlog.000001", std::uint64_t offset = 4) {
    state.reset({.gtids = {}, .file = std::move(file), .offset = offset});
  }

  absl::StatusOr<EventView> put(EventType type, std::string_view body, EventOptions options = {}) {
    bytes_ = make_event(type, body, options);
    return state.accept(as_bytes(bytes_));
  }
  absl::StatusOr<EventView> put_raw(std::string bytes) {
    bytes_ = std::move(bytes);
    return state.accept(as_bytes(bytes_));
  }
  void put_ok(EventType type, std::string_view body, EventOptions options = {}) {
    const auto event = put(type, body, options);
    EXPECT_TRUE(event.ok()) << event.status();
  }
  void put_format(EventOptions options = {}) {
    put_ok(EventType::FormatDescription, format_body("8.0.15", options.has_checksum ? 1 : 0),
           {.log_pos = options.log_pos, .flags = options.flags, .has_checksum = true});
  }
  void put_rotate(std::string_view file, std::uint64_t position, EventOptions options) {
    put_ok(EventType::Rotate, EventBytes().u64(position).text(file).str(), options);
  }

  StreamState state;

 private:
  std::string bytes_;
};

constexpr EventOptions kArtificial{.flags = kFlagArtificial};
constexpr std::uint64_t kFormatSize = 19 + 2 + 50 + 4 + 1 + 41 + 1 + 4;

std::string message(const absl::StatusOr<EventView>& event) {
  return std::string(event.status().message());
}

TEST(StreamStates, FollowsAFileFromItsBeginning) {
  Stream stream("", 0);
  stream.put_rotate("binlog.000007", 4, kArtificial);
  EXPECT_EQ(stream.state.file(), "binlog.000007");
  EXPECT_EQ(stream.state.offset(), 4U);
  stream.put_format({.log_pos = 4 + kFormatSize});
  EXPECT_EQ(stream.state.offset(), 4 + kFormatSize);
  EXPECT_EQ(stream.state.format().server_version, "8.0.15");
  EXPECT_TRUE(stream.state.format().has_checksum);

  const auto event = stream.put(EventType::Xid, "12345678", {.log_pos = 4 + kFormatSize + 31});
  ASSERT_TRUE(event.ok()) << event.status();
  EXPECT_EQ(event->start_offset, 4 + kFormatSize);
  EXPECT_EQ(as_text(event->body), "12345678");
  EXPECT_EQ(event->header.type, EventType::Xid);
  EXPECT_EQ(event->header.server_id, 7U);
  EXPECT_EQ(event->header.timestamp, 1700000000U);
  EXPECT_EQ(stream.state.offset(), 4 + kFormatSize + 31);
}

TEST(StreamStates, WithoutChecksumsTheBytesOfTheFormatDescriptionsAreAnything) {
  // MySQL 8 with binlog_checksum=NONE changes the event on its way to a reader and leaves its checksum as it
  // was.
  std::string bytes =
      make_event(EventType::FormatDescription, format_body("8.0.15", 0), {.log_pos = 4 + kFormatSize});
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  StreamState state;
  state.reset({{}, "binlog.000001", 4, {}});
  const auto event = state.accept(as_bytes(bytes));
  ASSERT_TRUE(event.ok()) << event.status().message();
  EXPECT_EQ(event->body.size(), bytes.size() - kEventHeaderSize - 4);
  EXPECT_FALSE(state.format().has_checksum);
}

TEST(StreamStates, FormatDescriptionOfAStreamThatBeginsMidwayDoesNotCount) {
  Stream stream("binlog.000007", 5000);
  stream.put_rotate("binlog.000007", 5000, kArtificial);
  stream.put_format({.log_pos = 0});
  EXPECT_EQ(stream.state.offset(), 5000U);
  // Some servers leave its position as it stands in the file.
  stream.put_rotate("binlog.000007", 5000, kArtificial);
  stream.put_format({.log_pos = 4 + kFormatSize});
  EXPECT_EQ(stream.state.offset(), 5000U);
  stream.put_ok(EventType::Xid, "12345678", {.log_pos = 5031});
  EXPECT_EQ(stream.state.offset(), 5031U);
}

TEST(StreamStates, AFileHasOneFormatDescription) {
  Stream stream;
  stream.put_format({.log_pos = 4 + kFormatSize});
  const auto second =
      stream.put(EventType::FormatDescription, format_body("8.0.15"), {.log_pos = 4 + 2 * kFormatSize});
  EXPECT_EQ(second.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(second.status().message()), testing::HasSubstr("binlog.000001:"));
}

TEST(StreamStates, ArtificialAndHeartbeatEventsDoNotCount) {
  Stream stream;
  stream.put_format({.log_pos = 4 + kFormatSize});
  const std::uint64_t offset = stream.state.offset();
  stream.put_ok(EventType::MariadbGtidList, "xxxx", {.log_pos = 999, .flags = kFlagArtificial});
  stream.put_ok(EventType::Heartbeat, "binlog.000001", {.log_pos = 4711});
  stream.put_ok(EventType::HeartbeatV2, "xxxx", {.log_pos = 4711});
  EXPECT_EQ(stream.state.offset(), offset);
}

TEST(StreamStates, ARealRotateNamesTheNextFile) {
  Stream stream;
  stream.put_format({.log_pos = 4 + kFormatSize});
  const auto rotate = stream.put(EventType::Rotate, EventBytes().u64(4).text("binlog.000002").str(),
                                 {.log_pos = kAlsoInFile});
  ASSERT_TRUE(rotate.ok());
  EXPECT_EQ(rotate->start_offset, 4 + kFormatSize);
  EXPECT_EQ(stream.state.file(), "binlog.000002");
  EXPECT_EQ(stream.state.offset(), 4U);
  stream.put_rotate("binlog.000002", 4, kArtificial);
  stream.put_format({.log_pos = 4 + kFormatSize});
  EXPECT_EQ(stream.state.offset(), 4 + kFormatSize);
}

TEST(StreamStates, MariadbGroupsWithoutPositionsAreCounted) {
  Stream stream;
  stream.put_format({.log_pos = 4 + kFormatSize});
  stream.put_ok(EventType::TableMap, std::string(100, 'x'), {.log_pos = 0});
  EXPECT_EQ(stream.state.offset(), 4 + kFormatSize + 123);
  stream.put_ok(EventType::Xid, "12345678", {.log_pos = 4 + kFormatSize + 123 + 31});
  EXPECT_EQ(stream.state.offset(), 4 + kFormatSize + 123 + 31);
}

TEST(StreamStates, EventsThatTheServerLeftOutMoveTheOffset) {
  Stream stream;
  stream.put_format({.log_pos = 4 + kFormatSize});
  const auto event = stream.put(EventType::GtidLog, std::string(25, 'x'), {.log_pos = 100048});
  ASSERT_TRUE(event.ok());
  EXPECT_EQ(event->start_offset, 100000U);
  EXPECT_EQ(stream.state.offset(), 100048U);
}

TEST(StreamStates, OffsetsGoOnBehind4GiB) {
  constexpr std::uint64_t kStart = 0xfffffff0U;
  Stream stream("binlog.000001", kStart);
  stream.put_format({.log_pos = 0});
  const auto event =
      stream.put(EventType::Xid, "12345678", {.log_pos = static_cast<std::uint32_t>(kStart + 31)});
  ASSERT_TRUE(event.ok());
  EXPECT_EQ(event->start_offset, kStart);
  EXPECT_EQ(stream.state.offset(), kStart + 31);
  stream.put_ok(EventType::Xid, "12345678", {.log_pos = static_cast<std::uint32_t>(kStart + 62)});
  EXPECT_EQ(stream.state.offset(), kStart + 62);
}

TEST(StreamStates, APositionBehindUsIsNotFollowed) {
  Stream stream("binlog.000001", 100000);
  stream.put_format({.log_pos = 0});
  stream.put_ok(EventType::Xid, "12345678", {.log_pos = 500});
  EXPECT_EQ(stream.state.offset(), 100031U);
}

TEST(StreamStates, WithoutChecksums) {
  Stream stream;
  stream.put_rotate("binlog.000001", 4, {.flags = kFlagArtificial, .has_checksum = false});
  EXPECT_EQ(stream.state.file(), "binlog.000001");
  stream.put_format({.log_pos = 4 + kFormatSize, .has_checksum = false});
  EXPECT_FALSE(stream.state.format().has_checksum);
  const auto event =
      stream.put(EventType::Xid, "12345678", {.log_pos = 4 + kFormatSize + 27, .has_checksum = false});
  ASSERT_TRUE(event.ok());
  EXPECT_EQ(as_text(event->body), "12345678");
}

TEST(StreamStates, AWrongChecksumIsSaidWithItsPlace) {
  Stream stream;
  stream.put_format({.log_pos = 4 + kFormatSize});
  std::string bytes = make_event(EventType::TableMap, "some body", {});
  for (const std::size_t at : {4UL, 20UL, bytes.size() - 1}) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    const auto event = stream.put_raw(damaged);
    ASSERT_FALSE(event.ok());
    EXPECT_EQ(event.status().code(), absl::StatusCode::kDataLoss);
    EXPECT_THAT(message(event), HasSubstr("wrong checksum"));
    EXPECT_THAT(message(event), HasSubstr("binlog.000001:" + std::to_string(4 + kFormatSize)));
  }
  EXPECT_THAT(message(stream.put_raw([&] {
                bytes[25] ^= 1;
                return bytes;
              }())),
              HasSubstr("TABLE_MAP (type 19)"));
  // Nothing of it counts.
  EXPECT_EQ(stream.state.offset(), 4 + kFormatSize);
}

TEST(StreamStates, AFileThatIsStillWrittenHasAFlagOutsideTheChecksum) {
  Stream stream;
  std::string bytes =
      make_event(EventType::FormatDescription, format_body("8.0.15"), {.log_pos = 4 + kFormatSize});
  bytes[17] = '\1';
  const auto event = stream.put_raw(bytes);
  EXPECT_TRUE(event.ok()) << event.status();
}

TEST(StreamStates, LengthsThatDoNotFitAreRefused) {
  Stream stream;
  stream.put_format({.log_pos = 4 + kFormatSize});
  const std::string bytes = make_event(EventType::Xid, "12345678", {});
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const std::vector<char> prefix(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    const auto event = stream.put_raw({prefix.data(), size});
    ASSERT_EQ(event.status().code(), absl::StatusCode::kDataLoss) << size;
  }
  EXPECT_THAT(message(stream.put_raw(bytes + "x")), HasSubstr("says that it has 31 bytes, but 32 were read"));
}

TEST(StreamStates, EventsBeforeTheFormatAreRefused) {
  Stream stream;
  const auto event = stream.put(EventType::Xid, "12345678");
  EXPECT_THAT(message(event), HasSubstr("before the FORMAT_DESCRIPTION"));
}

TEST(StreamStates, AnOldServerIsRefusedWithWhatIsNeeded) {
  Stream stream;
  const auto event = stream.put(EventType::FormatDescription, format_body("5.5.62"));
  EXPECT_EQ(event.status().code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(message(event), HasSubstr("5.5.62"));
  EXPECT_THAT(message(event), HasSubstr("MySQL 5.7 or later"));
}

}  // namespace
}  // namespace rowtide::binlog
