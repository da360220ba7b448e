#include "tracker/binlog/rows_event.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/tracker/binlog/event_bytes.h"
#include "tracker/types/families.h"

namespace rowtide::binlog {
namespace {

using types::Value;
using types::ValueKind;
using types::WireType;

types::Column column(std::string name, WireType type, std::uint16_t metadata = 0) {
  types::ColumnDefinition definition;
  definition.name = std::move(name);
  definition.wire_type = static_cast<std::uint8_t>(type);
  definition.wire_metadata = metadata;
  definition.collation = 45;
  return *types::compile_column(definition);
}

/// id INT, name VARCHAR(40), price DECIMAL(6,2)
TablePlan plan() {
  TablePlan plan;
  plan.columns = {column("id", WireType::Long), column("name", WireType::Varchar, 40),
                  column("price", WireType::NewDecimal, 0x0206)};
  return plan;
}

constexpr std::string_view kAllPresent = "\xff";

std::string header(bool is_v2, std::uint16_t flags = 1, std::string_view extra = "") {
  EventBytes bytes;
  bytes.u48(108).u16(flags);
  if (is_v2) bytes.u16(extra.size() + 2).text(extra);
  return bytes.str();
}

/// One row image: NULL name where `name` is nullptr; the price is 12.34.
std::string image(std::uint32_t id, const char* name) {
  EventBytes row;
  row.u8(name == nullptr ? 2 : 0).u32(id);
  if (name != nullptr) row.counted(name);
  return row.text(std::string_view("\x80\x0c\x22", 3)).str();
}

struct Rows {
  types::Scratch scratch;
  RowsReader reader{scratch};
  RowsHeader header;
  TablePlan table = plan();
  std::string body;

  RowsStatus start(EventType type, std::string event_body) {
    body = std::move(event_body);
    body.shrink_to_fit();
    const RowsStatus parsed = parse_rows_header(type, as_bytes(body), header);
    return parsed == RowsStatus::Ok ? reader.start(header, table) : parsed;
  }
};

TEST(RowsEvents, InsertV2WithExtraData) {
  Rows rows;
  ASSERT_EQ(rows.start(EventType::WriteRows, EventBytes()
                                                 .text(header(true, 1, "extra"))
                                                 .u8(3)
                                                 .text(kAllPresent)
                                                 .text(image(1, "one"))
                                                 .text(image(2, nullptr))
                                                 .str()),
            RowsStatus::Ok);
  EXPECT_EQ(rows.header.table_id, 108U);
  EXPECT_EQ(rows.header.operation, RowOperation::Insert);
  EXPECT_TRUE(rows.header.statement_end);
  ASSERT_TRUE(rows.reader.next());
  EXPECT_TRUE(rows.reader.before().empty());
  EXPECT_EQ(rows.reader.after()[0].integer, 1);
  EXPECT_EQ(rows.reader.after()[1].text, "one");
  EXPECT_EQ(rows.reader.after()[2].text, "12.34");
  EXPECT_EQ(rows.reader.row_index(), 0U);
  ASSERT_TRUE(rows.reader.next());
  EXPECT_EQ(rows.reader.after()[1].kind, ValueKind::Null);
  EXPECT_EQ(rows.reader.row_index(), 1U);
  EXPECT_FALSE(rows.reader.next());
  EXPECT_EQ(rows.reader.status(), RowsStatus::Ok);
  EXPECT_FALSE(rows.reader.next());
}

TEST(RowsEvents, UpdateAndDeleteV1) {
  Rows rows;
  ASSERT_EQ(rows.start(EventType::UpdateRowsV1, EventBytes()
                                                    .text(header(false, 0))
                                                    .u8(3)
                                                    .text(kAllPresent)
                                                    .text(kAllPresent)
                                                    .text(image(1, "one"))
                                                    .text(image(1, "uno"))
                                                    .str()),
            RowsStatus::Ok);
  EXPECT_FALSE(rows.header.statement_end);
  ASSERT_TRUE(rows.reader.next());
  EXPECT_EQ(rows.reader.before()[1].text, "one");
  EXPECT_EQ(rows.reader.after()[1].text, "uno");
  // Both rows' decimals stand side by side in the scratch.
  EXPECT_EQ(rows.reader.before()[2].text, "12.34");
  EXPECT_NE(rows.reader.before()[2].text.data(), rows.reader.after()[2].text.data());
  EXPECT_FALSE(rows.reader.next());

  ASSERT_EQ(rows.start(EventType::DeleteRowsV1,
                       EventBytes().text(header(false)).u8(3).text(kAllPresent).text(image(9, "nine")).str()),
            RowsStatus::Ok);
  ASSERT_TRUE(rows.reader.next());
  EXPECT_TRUE(rows.reader.after().empty());
  EXPECT_EQ(rows.reader.before()[0].integer, 9);
  EXPECT_FALSE(rows.reader.next());
}

TEST(RowsEvents, IncompleteImagesAreRefused) {
  Rows rows;
  const auto start = [&rows](EventType type, std::string_view bitmaps) {
    return rows.start(type, EventBytes().text(header(true)).u8(3).text(bitmaps).text(image(1, "x")).str());
  };
  EXPECT_EQ(start(EventType::WriteRows, "\x05"), RowsStatus::MissingColumns);
  EXPECT_FALSE(rows.reader.next());
  EXPECT_EQ(rows.reader.status(), RowsStatus::MissingColumns);
  EXPECT_EQ(start(EventType::UpdateRows, "\x01\x07"), RowsStatus::MissingColumns);
  EXPECT_EQ(start(EventType::DeleteRows, "\x01"), RowsStatus::MissingColumns);
  EXPECT_EQ(start(EventType::DeleteRows, "\x07"), RowsStatus::Ok);
}

/// MariaDB's DB_ROW_HASH_1 and _2: the second is NULL, or neither is in the image at all.
TEST(RowsEvents, WhatStandsBehindTheColumnsIsReadOver) {
  Rows rows;
  rows.table.unread = 2;
  const auto image = [](std::uint32_t id) {
    return EventBytes()
        .u8(0x12)
        .u32(id)
        .text(std::string_view("\x80\x0c\x22", 3))
        .u64(0x0102030405060708)
        .str();
  };
  ASSERT_EQ(
      rows.start(EventType::WriteRows,
                 EventBytes().text(header(true)).u8(5).text(kAllPresent).text(image(1)).text(image(2)).str()),
      RowsStatus::Ok);
  for (const unsigned id : {1U, 2U}) {
    ASSERT_TRUE(rows.reader.next());
    ASSERT_EQ(rows.reader.after().size(), 3U);
    EXPECT_EQ(rows.reader.after()[0].integer, id);
    EXPECT_EQ(rows.reader.after()[2].text, "12.34");
  }
  EXPECT_FALSE(rows.reader.next());
  EXPECT_EQ(rows.reader.status(), RowsStatus::Ok);

  const std::string update =
      EventBytes().text(header(true)).u8(5).text("\x01\x19").u8(0).u32(1).u8(0).u32(2).u64(3).u64(4).str();
  rows.body = update;
  ASSERT_EQ(parse_rows_header(EventType::UpdateRows, as_bytes(rows.body), rows.header), RowsStatus::Ok);
  ASSERT_EQ(rows.reader.start(rows.header, rows.table, Images::AsLogged), RowsStatus::Ok);
  ASSERT_TRUE(rows.reader.next());
  EXPECT_EQ(rows.reader.before()[0].integer, 1);
  EXPECT_EQ(rows.reader.after()[0].integer, 2);
  EXPECT_EQ(rows.reader.after()[1].kind, ValueKind::Absent);
  EXPECT_FALSE(rows.reader.next());
  EXPECT_EQ(rows.reader.status(), RowsStatus::Ok);

  ASSERT_EQ(
      rows.start(EventType::WriteRows,
                 EventBytes().text(header(true)).u8(5).text(kAllPresent).text(image(1).substr(0, 9)).str()),
      RowsStatus::Ok);
  EXPECT_FALSE(rows.reader.next());
  EXPECT_EQ(rows.reader.status(), RowsStatus::Truncated);
}

TEST(RowsEvents, AnotherColumnCountIsRefused) {
  Rows rows;
  EXPECT_EQ(rows.start(EventType::WriteRows, EventBytes().text(header(true)).u8(2).text(kAllPresent).str()),
            RowsStatus::ColumnCountMismatch);
  EXPECT_FALSE(rows.reader.next());
}

TEST(RowsEvents, DummyEventsHaveNoRows) {
  const std::string head = EventBytes().u48(0xffffff).u16(1).u16(2).str();
  for (const std::string& body : {head, EventBytes().text(head).u8(0).str()}) {
    RowsHeader rows;
    ASSERT_EQ(parse_rows_header(EventType::DeleteRows, as_bytes(body), rows), RowsStatus::Ok);
    EXPECT_TRUE(rows.is_dummy());
    EXPECT_TRUE(rows.statement_end);
    EXPECT_TRUE(rows.rows.empty());
  }
}

// Servers count their table ids up, and leave none out but 0 and the largest.
TEST(RowsEvents, ATableMayHaveTheIdOfDummyEvents) {
  RowsHeader rows;
  const std::string body =
      EventBytes().u48(0xffffff).u16(1).u16(2).u8(3).text(kAllPresent).text(image(1, "one")).str();
  ASSERT_EQ(parse_rows_header(EventType::WriteRows, as_bytes(body), rows), RowsStatus::Ok);
  EXPECT_FALSE(rows.is_dummy());
  EXPECT_EQ(rows.column_count, 3U);
  EXPECT_EQ(rows.rows.size(), image(1, "one").size());
}

TEST(RowsEvents, EveryPrefixEndsWithTheColumnThatBroke) {
  const std::string body = EventBytes()
                               .text(header(true))
                               .u8(3)
                               .text(kAllPresent)
                               .text(kAllPresent)
                               .text(image(1, "one"))
                               .text(image(1, "uno"))
                               .str();
  const std::size_t rows_begin = 13;
  for (std::size_t size = 0; size < body.size(); ++size) {
    Rows rows;
    const std::vector<char> prefix(body.begin(), body.begin() + static_cast<std::ptrdiff_t>(size));
    RowsStatus status =
        parse_rows_header(EventType::UpdateRows, as_bytes({prefix.data(), size}), rows.header);
    if (size < rows_begin) {
      EXPECT_EQ(status, RowsStatus::Truncated) << size;
      continue;
    }
    ASSERT_EQ(status, RowsStatus::Ok);
    ASSERT_EQ(rows.reader.start(rows.header, rows.table), RowsStatus::Ok);
    EXPECT_FALSE(rows.reader.next());
    EXPECT_EQ(rows.reader.status(), size == rows_begin ? RowsStatus::Ok : RowsStatus::Truncated) << size;
  }
}

TEST(RowsEvents, ABadValueIsNamedByItsColumn) {
  Rows rows;
  ASSERT_EQ(rows.start(EventType::WriteRows, EventBytes()
                                                 .text(header(true))
                                                 .u8(3)
                                                 .text(kAllPresent)
                                                 .text(image(1, "one"))
                                                 .text(image(2, "\xff"))
                                                 .text(image(3, "three"))
                                                 .str()),
            RowsStatus::Ok);
  ASSERT_TRUE(rows.reader.next());
  EXPECT_FALSE(rows.reader.next());
  EXPECT_EQ(rows.reader.status(), RowsStatus::BadValue);
  EXPECT_EQ(rows.reader.failed_column(), 1U);
  EXPECT_EQ(rows.reader.row_index(), 1U);
  EXPECT_FALSE(rows.reader.next());
}

TEST(RowsEvents, MoreThanEightColumns) {
  Rows rows;
  rows.table.columns.assign(10, column("c", WireType::Tiny));
  EventBytes body;
  body.text(header(true)).u8(10).text("\xff\x03").u8(0).u8(2);  // the tenth is NULL
  for (int i = 0; i < 9; ++i) body.u8(static_cast<std::uint64_t>(i));
  ASSERT_EQ(rows.start(EventType::WriteRows, body.str()), RowsStatus::Ok);
  ASSERT_TRUE(rows.reader.next());
  EXPECT_EQ(rows.reader.after()[8].integer, 8);
  EXPECT_EQ(rows.reader.after()[9].kind, ValueKind::Null);
  EXPECT_FALSE(rows.reader.next());
  EXPECT_EQ(rows.reader.status(), RowsStatus::Ok);
}

/// NULL bitmap over the present columns only, then their values.
std::string sparse_update(std::uint8_t before, std::uint8_t after, std::string_view rows) {
  return EventBytes().text(header(true)).u8(3).u8(before).u8(after).text(rows).str();
}

TEST(RowsEvents, MinimalImages) {
  // before: the key; after: the name alone. The key did not change.
  const std::string row = EventBytes().u8(0).u32(7).u8(0).counted("new").str();
  Rows rows;
  EXPECT_EQ(rows.start(EventType::UpdateRows, sparse_update(0b001, 0b010, row)), RowsStatus::MissingColumns);
  ASSERT_EQ(rows.reader.start(rows.header, rows.table, Images::AsLogged), RowsStatus::Ok);
  ASSERT_TRUE(rows.reader.next());
  EXPECT_EQ(rows.reader.before()[0].integer, 7);
  EXPECT_EQ(rows.reader.before()[1].kind, ValueKind::Absent);
  EXPECT_EQ(rows.reader.after()[0].integer, 7);
  EXPECT_EQ(rows.reader.after()[1].text, "new");
  EXPECT_EQ(rows.reader.after()[2].kind, ValueKind::Absent);
  EXPECT_FALSE(rows.reader.next());
  EXPECT_EQ(rows.reader.status(), RowsStatus::Ok);
}

TEST(RowsEvents, AbsentIsNotNull) {
  // An insert that sets the name to NULL and leaves the price to its default.
  Rows rows;
  const std::string body = EventBytes().text(header(true)).u8(3).u8(0b011).u8(0b10).u32(7).str();
  EXPECT_EQ(rows.start(EventType::WriteRows, body), RowsStatus::MissingColumns);
  ASSERT_EQ(rows.reader.start(rows.header, rows.table, Images::AsLogged), RowsStatus::Ok);
  ASSERT_TRUE(rows.reader.next());
  EXPECT_EQ(rows.reader.after()[1].kind, ValueKind::Null);
  EXPECT_EQ(rows.reader.after()[2].kind, ValueKind::Absent);
}

TEST(RowsEvents, WhatAFullBeforeImageHasIsNotMissing) {
  // MariaDB's FULL_NODUP: after an update only what changed.
  Rows rows;
  const std::string row = image(1, "one") + EventBytes().u8(1).str();
  ASSERT_EQ(rows.start(EventType::UpdateRows, sparse_update(0b111, 0b010, row)), RowsStatus::Ok);
  ASSERT_TRUE(rows.reader.next());
  EXPECT_EQ(rows.reader.after()[0].integer, 1);
  EXPECT_EQ(rows.reader.after()[1].kind, ValueKind::Null);
  EXPECT_EQ(rows.reader.after()[2].text, "12.34");
}

TEST(RowsEvents, JsonDiffsAreAppliedToTheImageBefore) {
  TablePlan table;
  table.columns = {column("id", WireType::Long), column("a", WireType::Json, 4),
                   column("b", WireType::Json, 4)};
  const std::string document("\x0c\x01x", 3);                              // "x"
  const std::string diff = std::string("\x00\x01$\x03\x0c\x01", 6) + "y";  // replace $ by "y"
  const auto cell = [](const std::string& bytes) { return EventBytes().u32(bytes.size()).text(bytes).str(); };
  const auto before = EventBytes().u8(0).u32(1).text(cell(document)).text(cell(document)).str();
  EventBytes body;
  body.text(header(true)).u8(3).text(kAllPresent).text(kAllPresent);
  body.text(before).u8(1).u8(0b10).u8(0).u32(1).text(cell(document)).text(cell(diff));  // b by its diff
  body.text(before).u8(0).u8(0).u32(2).text(cell(document)).text(cell(document));  // no diffs in this row
  Rows rows;
  rows.table = table;
  ASSERT_EQ(rows.start(EventType::PartialUpdateRows, body.str()), RowsStatus::Ok);
  EXPECT_EQ(rows.header.operation, RowOperation::Update);
  ASSERT_TRUE(rows.reader.next());
  EXPECT_EQ(rows.reader.before()[2].text, R"("x")");
  EXPECT_EQ(rows.reader.after()[1].text, R"("x")");
  EXPECT_EQ(rows.reader.after()[2].text, R"("y")");
  ASSERT_TRUE(rows.reader.next());
  EXPECT_EQ(rows.reader.after()[0].integer, 2);
  EXPECT_FALSE(rows.reader.next());
  EXPECT_EQ(rows.reader.status(), RowsStatus::Ok);
}

TEST(RowsEvents, ADiffOfNothingIsBroken) {
  TablePlan table;
  table.columns = {column("id", WireType::Long), column("a", WireType::Json, 4)};
  EventBytes body;
  body.text(header(true)).u8(2).text(kAllPresent).text(kAllPresent);
  body.u8(0b10).u32(1).u8(1).u8(1).u8(0).u32(1).u32(2).text(std::string_view("\x02\x00", 2));
  Rows rows;
  rows.table = table;
  ASSERT_EQ(rows.start(EventType::PartialUpdateRows, body.str()), RowsStatus::Ok);
  EXPECT_FALSE(rows.reader.next());
  EXPECT_EQ(rows.reader.status(), RowsStatus::BadValue);
  EXPECT_EQ(rows.reader.failed_column(), 1U);
}

}  // namespace
}  // namespace rowtide::binlog
