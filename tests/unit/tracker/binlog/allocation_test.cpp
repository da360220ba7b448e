// Rows are read without a single allocation once the first event has been read.
#include <gtest/gtest.h>

#include "tests/unit/allocations.h"
#include "tests/unit/tracker/binlog/event_bytes.h"
#include "tracker/binlog/rows_event.h"
#include "tracker/types/families.h"

namespace rowtide::binlog {
namespace {

using types::WireType;

constexpr std::uint16_t kGbk = 28;
constexpr std::uint16_t kUtf8 = 45;
constexpr std::uint16_t kBinary = 63;

void add_column(TablePlan& plan, WireType type, std::uint16_t metadata, std::uint16_t collation = kUtf8) {
  types::ColumnDefinition definition;
  definition.name = "c";
  definition.wire_type = static_cast<std::uint8_t>(type);
  definition.wire_metadata = metadata;
  definition.collation = collation;
  definition.members = {"a name longer than what a string holds inline", "b"};
  plan.columns.push_back(*types::compile_column(definition));
}

std::string event_of(unsigned rows) {
  EventBytes body;
  body.u48(1).u16(1).u16(2).u8(8).text("\xff");
  for (unsigned row = 0; row < rows; ++row) {
    body.u8(0).u32(row).u8(3).text("abc").u16(20).text(
        "\xd6\xd0\xd6\xd0\xd6\xd0\xd6\xd0\xd6\xd0\xd6\xd0\xd6\xd0\xd6\xd0\xd6\xd0\xd6\xd0");
    body.text(std::string_view("\x80\x0c\x22", 3)).u8(3).counted("bin");
    body.u32(9).u8(0x0a).u64(~std::uint64_t{0}).text("\x7f\xff\xff\xff\xff");
  }
  return body.str();
}

TEST(Allocations, NoneARow) {
  TablePlan plan;
  add_column(plan, WireType::Long, 0);
  add_column(plan, WireType::Varchar, 40);
  add_column(plan, WireType::Blob, 2, kGbk);
  add_column(plan, WireType::NewDecimal, 0x0206);
  add_column(plan, WireType::String, 0x01f8);  // SET
  add_column(plan, WireType::String, 0x10fe, kBinary);
  add_column(plan, WireType::Json, 4);
  add_column(plan, WireType::Time2, 4);
  const std::string body = event_of(1000);
  types::Scratch scratch;
  RowsReader reader(scratch);
  const auto read = [&] {
    RowsHeader header;
    EXPECT_EQ(parse_rows_header(EventType::WriteRows, as_bytes(body), header), RowsStatus::Ok);
    EXPECT_EQ(reader.start(header, plan), RowsStatus::Ok);
    unsigned rows = 0;
    while (reader.next()) ++rows;
    EXPECT_EQ(reader.status(), RowsStatus::Ok) << reader.failed_column();
    EXPECT_EQ(rows, 1000U);
  };
  read();
  EXPECT_EQ(reader.after()[2].text, "中中中中中中中中中中");
  EXPECT_EQ(reader.after()[6].text, "18446744073709551615");
  const std::size_t before = test::allocations();
  read();
  EXPECT_EQ(test::allocations(), before);
  EXPECT_GT(before, 0U);
}

}  // namespace
}  // namespace rowtide::binlog
