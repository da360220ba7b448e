// No server here writes these (8.0.20+): the bytes are made with the zstd library as the server makes them.
// Layout: MySQL libs/mysql/binlog/event/codecs/binary.cpp.
#include "tracker/binlog/transaction_payload.h"

#include <gtest/gtest.h>
#include <zstd.h>

#include <random>

#include "tests/unit/tracker/binlog/event_bytes.h"

namespace rowtide::binlog {
namespace {

std::string compressed(std::string_view text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

std::string length_encoded(std::uint64_t value) {
  if (value < 251) return EventBytes().u8(value).str();
  return EventBytes().u8(0xfe).u64(value).str();
}

std::string field(std::uint64_t type, std::uint64_t value) {
  const std::string packed = length_encoded(value);
  return length_encoded(type) + length_encoded(packed.size()) + packed;
}

std::string payload(std::string_view events, bool is_compressed = true) {
  const std::string body = is_compressed ? compressed(events) : std::string(events);
  return field(2, is_compressed ? 0 : 255) + field(3, events.size()) + field(1, body.size()) +
         length_encoded(0) + body;
}

std::string event(EventType type, std::string_view body) {
  return make_event(type, body, {.log_pos = 0, .flags = 0, .has_checksum = false});
}

struct Read {
  std::vector<std::string> bodies;
  absl::Status status;
};

Read read_all(std::string_view bytes) {
  Read read;
  PayloadReader reader;
  read.status = reader.start(as_bytes(bytes));
  while (read.status.ok()) {
    const absl::StatusOr<EventView> next = reader.next();
    if (!next.ok()) {
      read.status = next.status();
    } else if (next->header.type == EventType::Unknown) {
      break;
    } else {
      read.bodies.emplace_back(as_text(next->body));
    }
  }
  return read;
}

TEST(TransactionPayloads, EventsComeOutAsTheyWere) {
  std::mt19937 random(7);  // NOLINT: the same at each run
  std::string events;
  std::vector<std::string> bodies;
  for (const std::size_t size : {0U, 1U, 100U, 131072U, 3U, 5'000'000U, 17U}) {
    std::string body(size, '\0');
    for (char& byte : body) byte = static_cast<char>(random());
    events += event(EventType::WriteRows, body);
    bodies.push_back(std::move(body));
  }
  for (const bool is_compressed : {true, false}) {
    const Read read = read_all(payload(events, is_compressed));
    EXPECT_TRUE(read.status.ok()) << read.status.message();
    EXPECT_EQ(read.bodies, bodies);
  }
}

TEST(TransactionPayloads, HighlyCompressedTransactionIsReadAsAStream) {
  const std::string one = event(EventType::WriteRows, std::string(8000, 'x'));
  std::string events;
  for (int i = 0; i < 4000; ++i) events += one;
  const std::string bytes = payload(events);
  EXPECT_LT(bytes.size(), 100'000U);
  PayloadReader reader;
  ASSERT_TRUE(reader.start(as_bytes(bytes)).ok());
  const std::byte* lowest = nullptr;
  const std::byte* highest = nullptr;
  for (int i = 0; i < 4000; ++i) {
    const absl::StatusOr<EventView> next = reader.next();
    ASSERT_TRUE(next.ok());
    ASSERT_EQ(next->body.size(), 8000U);
    if (lowest == nullptr || next->body.data() < lowest) lowest = next->body.data();
    highest = std::max(highest, next->body.data());
  }
  // 32 MB have gone through one buffer.
  EXPECT_LT(highest - lowest, 1 << 20);
}

TEST(TransactionPayloads, DamageIsFound) {
  const std::string bytes = payload(event(EventType::Query, "BEGIN") + event(EventType::Xid, "12345678"));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(read_all(std::string_view(bytes).substr(0, size)).status.code(), absl::StatusCode::kDataLoss)
        << size;
  }
  const std::string events = event(EventType::Xid, "12345678");
  EXPECT_FALSE(read_all(payload(std::string_view(events).substr(0, events.size() - 1))).status.ok());
  EXPECT_FALSE(read_all(payload(events + "x")).status.ok());
}

TEST(TransactionPayloads, AnEventsClaimCostsNoMemory) {
  std::string huge = event(EventType::WriteRows, "");
  huge.replace(9, 4, EventBytes().u32(1U << 30U).str());
  EXPECT_FALSE(read_all(payload(huge)).status.ok());
}

TEST(TransactionPayloads, UnknownCompressionSaysWhatToDo) {
  const std::string bytes = field(2, 7) + field(1, 0) + length_encoded(0);
  const absl::Status status = read_all(bytes).status;
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_NE(status.message().find("binlog_transaction_compression=OFF"), absl::string_view::npos);
}

}  // namespace
}  // namespace rowtide::binlog
