// Layout: MySQL libs/mysql/serialization/readme.md, Gtid_event::define_fields().
#include <gtest/gtest.h>

#include "tests/unit/tracker/binlog/event_bytes.h"
#include "tracker/binlog/transaction_events.h"

namespace rowtide::binlog {
namespace {

/// As many trailing ones in the first byte as bytes follow it.
std::string varlen(std::uint64_t value) {
  unsigned more = 0;
  while (more < 8 && value >> (7 * (more + 1)) != 0) ++more;
  EventBytes bytes;
  if (more == 8) return bytes.u8(0xff).u64(value).str();
  bytes.u8((value << (more + 1)) | ((1U << more) - 1));
  return bytes.number(value >> (7 - more), more).str();
}
std::string signed_varlen(std::int64_t value) {
  const auto folded = static_cast<std::uint64_t>(value) << 1U;
  return varlen(value < 0 ? ~folded | 1U : folded);
}

std::string message(const std::string& fields, std::uint64_t last_not_ignorable = 0) {
  const std::string tail = varlen(last_not_ignorable) + fields;
  const std::size_t size = 2 + tail.size() < 0x80 ? 2 + tail.size() : 3 + tail.size();
  return varlen(1) + varlen(size) + tail;
}

std::string uuid_field() {
  std::string field = varlen(1);
  for (unsigned i = 0; i < 16; ++i) field += varlen(i * 17);  // 00, 11, 22, ... ff
  return field;
}

std::string gtid_fields(std::int64_t number, std::string_view tag) {
  return varlen(0) + varlen(1) + uuid_field() + varlen(2) + signed_varlen(number) + varlen(3) +
         varlen(tag.size()) + std::string(tag) + varlen(4) + signed_varlen(7) + varlen(5) + signed_varlen(-1);
}

TEST(TaggedGtids, VarlenIsWhatTheServersManualShows) {
  EXPECT_EQ(varlen(65535), "\xfb\xff\x07");
}

TEST(TaggedGtids, EveryField) {
  constexpr std::uint64_t kImmediate = 1'700'000'000'123'456;
  const std::string bytes =
      message(gtid_fields(123456789, "blue_1") + varlen(6) + varlen(kImmediate) + varlen(7) +
              varlen(kImmediate - 5) + varlen(8) + varlen(UINT64_MAX) + varlen(9) + varlen(90000) +
              varlen(10) + varlen(80400) + varlen(11) + varlen(3));
  const absl::StatusOr<GtidEvent> event = parse_gtid_tagged(as_bytes(bytes));
  ASSERT_TRUE(event.ok()) << event.status().message();
  EXPECT_EQ(to_string(Gtid(event->gtid)), "00112233-4455-6677-8899-aabbccddeeff:blue_1:123456789");
  EXPECT_EQ(event->commit_timestamp_us, kImmediate - 5) << "the original commit's time, as in a GTID event";
}

TEST(TaggedGtids, NumbersOfEveryLength) {
  for (unsigned bits = 1; bits < 63; ++bits) {
    const auto number = static_cast<std::int64_t>((std::uint64_t{1} << bits) - 1);
    const std::string bytes = message(gtid_fields(number, "t"));
    const absl::StatusOr<GtidEvent> event = parse_gtid_tagged(as_bytes(bytes));
    ASSERT_TRUE(event.ok()) << bits << ": " << event.status().message();
    EXPECT_EQ(event->gtid.number, static_cast<std::uint64_t>(number));
  }
}

TEST(TaggedGtids, NewFieldsThatMayBeIgnoredAre) {
  const std::string fields = gtid_fields(5, "t") + varlen(12) + varlen(99);
  EXPECT_TRUE(parse_gtid_tagged(as_bytes(message(fields))).ok());
  EXPECT_FALSE(parse_gtid_tagged(as_bytes(message(fields, 13))).ok());
}

TEST(TaggedGtids, DamagedBytesAreRefused) {
  const std::string bytes = message(gtid_fields(5, "tag"));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(parse_gtid_tagged(as_bytes(bytes).first(size)).status().code(), absl::StatusCode::kDataLoss)
        << size;
  }
  EXPECT_FALSE(parse_gtid_tagged(as_bytes(message(gtid_fields(-5, "tag")))).ok());
  EXPECT_FALSE(parse_gtid_tagged(as_bytes(message(gtid_fields(5, std::string(33, 'x'))))).ok());
}

}  // namespace
}  // namespace rowtide::binlog
