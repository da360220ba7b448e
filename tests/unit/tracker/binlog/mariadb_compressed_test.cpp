// Layout: MariaDB sql/log_event.cc, binlog_buf_compress(). Events of a real server are read in
// tests/integration.
#include "tracker/binlog/mariadb_compressed.h"

#include <gtest/gtest.h>

#include "tests/unit/tracker/binlog/event_bytes.h"

namespace rowtide::binlog {
namespace {

std::string compressed(std::string_view text, unsigned width = 2) {
  std::string zlib(compressBound(text.size()), '\0');
  uLongf size = zlib.size();
  compress(reinterpret_cast<Bytef*>(zlib.data()), &size, reinterpret_cast<const Bytef*>(text.data()),
           text.size());
  zlib.resize(size);
  EventBytes bytes;
  bytes.u8(0x80 | width);
  for (unsigned i = width; i > 0; --i) bytes.u8(text.size() >> (8 * (i - 1)));
  return bytes.text(zlib).str();
}

absl::StatusOr<EventView> read(EventType type, std::string_view body, std::vector<std::byte>& buffer) {
  EventView event;
  event.header.type = type;
  event.body = as_bytes(body);
  return uncompress_mariadb(event, buffer);
}

TEST(MariadbCompressed, Query) {
  const std::string sql(5000, 'q');
  const std::string head =
      EventBytes().u32(3).u32(0).u8(4).u16(0).u16(5).text("\x01xxxx").text("shop").u8(0).str();
  const std::string body = head + compressed(sql);
  std::vector<std::byte> buffer;
  const auto event = read(EventType::MariadbQueryCompressed, body, buffer);
  ASSERT_TRUE(event.ok()) << event.status().message();
  EXPECT_EQ(event->header.type, EventType::Query);
  EXPECT_EQ(as_text(event->body), head + sql);
}

TEST(MariadbCompressed, RowsOfEachKind) {
  const std::string rows(70000, 'r');
  for (const auto& [type, plain] :
       {std::pair{EventType::MariadbWriteRowsCompressedV1, EventType::WriteRowsV1},
        {EventType::MariadbUpdateRowsCompressedV1, EventType::UpdateRowsV1},
        {EventType::MariadbDeleteRowsCompressedV1, EventType::DeleteRowsV1}}) {
    EventBytes head;
    head.u48(9).u16(1).u8(10).u16(0x3ff);
    if (plain == EventType::UpdateRowsV1) head.u16(0x3ff);
    const std::string body = head.str() + compressed(rows, 3);
    std::vector<std::byte> buffer;
    const auto event = read(type, body, buffer);
    ASSERT_TRUE(event.ok()) << event.status().message();
    EXPECT_EQ(event->header.type, plain);
    EXPECT_EQ(as_text(event->body), head.str() + rows);
  }
}

TEST(MariadbCompressed, OthersStayAsTheyAre) {
  std::vector<std::byte> buffer;
  const std::string body = "anything";
  const auto event = read(EventType::WriteRowsV1, body, buffer);
  ASSERT_TRUE(event.ok());
  EXPECT_EQ(event->body.data(), as_bytes(body).data());
}

TEST(MariadbCompressed, DamageIsFound) {
  const std::string head = EventBytes().u48(9).u16(1).u8(1).u8(1).str();
  const std::string body = head + compressed("some rows, and some more rows");
  std::vector<std::byte> buffer;
  for (std::size_t size = 0; size < body.size(); ++size) {
    EXPECT_EQ(read(EventType::MariadbWriteRowsCompressedV1, std::string_view(body).substr(0, size), buffer)
                  .status()
                  .code(),
              absl::StatusCode::kDataLoss)
        << size;
  }
  const std::string bomb = head + EventBytes().u8(0x84).u32(0xffffffff).text("xxxxxxxx").str();
  EXPECT_FALSE(read(EventType::MariadbWriteRowsCompressedV1, bomb, buffer).ok());
  const std::string unknown = head + EventBytes().u8(0x92).u16(1).text("x").str();
  EXPECT_EQ(read(EventType::MariadbWriteRowsCompressedV1, unknown, buffer).status().code(),
            absl::StatusCode::kUnimplemented);
}

}  // namespace
}  // namespace rowtide::binlog
