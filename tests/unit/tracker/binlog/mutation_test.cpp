// Valid events, damaged at random (always the same way): whatever comes out, nothing may be read or written
// out of bounds. AddressSanitizer and UndefinedBehaviorSanitizer are the judges.
#include <gtest/gtest.h>

#include <random>

#include "tests/unit/tracker/binlog/table_map_bytes.h"
#include "tracker/binlog/rows_event.h"
#include "tracker/binlog/stream_state.h"
#include "tracker/binlog/table_map.h"
#include "tracker/sql/statement.h"

namespace rowtide::binlog {
namespace {

using namespace std::string_literals;
using types::WireType;

constexpr int kRounds = 20000;

/// Memory of its own size, so that a read after its end is found.
class Mutator {
 public:
  std::vector<char> mutate(const std::string& original) {
    std::vector<char> bytes(original.begin(), original.end());
    if (random_() % 4 == 0) bytes.resize(random_() % (bytes.size() + 1));
    for (auto change = random_() % 4; change > 0 && !bytes.empty(); --change) {
      const auto at = random_() % bytes.size();
      // Single bits and the values at the borders find more than random bytes do.
      switch (random_() % 3) {
        case 0:
          bytes[at] = static_cast<char>(bytes[at] ^ static_cast<char>(1U << random_() % 8));
          break;
        case 1:
          bytes[at] = "\x00\x7f\x80\xfa\xfb\xfc\xfd\xfe\xff"[random_() % 9];
          break;
        default:
          bytes[at] = static_cast<char>(random_());
      }
    }
    return {bytes.begin(), bytes.end()};
  }

 private:
  std::mt19937 random_{17};
};

Bytes view(const std::vector<char>& bytes) {
  return as_bytes({bytes.data(), bytes.size()});
}

std::string full_table_map() {
  return TableMapBytes("d", "t")
      .column(WireType::Long)
      .column(WireType::Varchar, {0x90, 0x01}, true)
      .column(WireType::String, {0xf7, 1}, true)
      .column(WireType::NewDecimal, {20, 5}, true)
      .column(WireType::Json, {4}, true)
      .column(WireType::Time2, {4}, true)
      .column(WireType::DateTime2, {6}, true)
      .column(WireType::Bit, {3, 1}, true)
      .column(WireType::Blob, {2}, true)
      .column(WireType::String, {0xfe, 16}, true)
      .column(WireType::String, {0xf8, 1}, true)
      .column(WireType::BlobCompressed, {2}, true)
      .field(1, "\x80")
      .field(2, "\x2d\x01\x1c\x02\x3f"s)
      .field(4, "\1a\1b\1c\1d\1e\1f\1g\1h\1i\1j\1k\1l")
      .field(5, "\2\1x\1y")
      .field(6, "\2\1a\1b")
      .field(8, "\0"s)
      .field(10, "\x08")
      .str();
}

std::string rows_body() {
  EventBytes body;
  body.u48(0x010203040506U).u16(1).u16(2).u8(12).text("\xff\x0f");
  body.u16(0).u32(42).u16(3).text("abc").u8(1);
  body.text("\x80\0\0\0\0\0\x01\0\0"s.substr(0, 7)).text("\x00\x03\xe8"s);  // DECIMAL(20,5): 7 + 3 bytes
  body.u32(24).text(
      "\x00\x02\x00\x16\x00\x12\x00\x01\x00\x13\x00\x01\x00\x05\x01\x00\x0c\x14\x00\x61\x62\x01\x78\x00"s);
  body.text("\x7f\xff\xff\xff\xff"s).text("\x99\xa3\x5e\xc7\xad\x0f\x42\x3f"s).text("\x05\x55");
  body.u16(2).text("\xd6\xd0").counted("bin").u8(3).u16(3).text("\0ab"s);
  return body.str();
}

TablePlan compile(const TableMap& map) {
  TablePlan plan;
  for (std::size_t i = 0; i < map.column_count(); ++i) {
    types::ColumnDefinition definition;
    definition.name = map.has_names() ? map.column_names[i] : "c";
    definition.wire_type = map.wire_types[i];
    definition.wire_metadata = map.wire_metadata[i];
    definition.is_nullable = map.is_nullable[i];
    definition.is_unsigned = map.is_unsigned && (*map.is_unsigned)[i];
    definition.collation = map.collations[i];
    definition.members = map.members[i];
    absl::StatusOr<types::Column> column = types::compile_column(definition);
    if (!column.ok()) return {};
    plan.columns.push_back(*std::move(column));
  }
  return plan;
}

/// Reads all rows and all of their text; returns how many there were.
std::size_t read_rows(Bytes body, const TablePlan& plan, RowsReader& reader, RowsStatus& status) {
  RowsHeader header;
  status = parse_rows_header(EventType::WriteRows, body, header);
  if (status != RowsStatus::Ok || header.is_dummy()) return 0;
  status = reader.start(header, plan);
  std::size_t rows = 0;
  std::size_t sum = 0;
  while (reader.next()) {
    ++rows;
    for (const types::Value& value : reader.after())
      for (const char character : value.text) sum += static_cast<unsigned char>(character);
  }
  status = reader.status();
  EXPECT_LT(sum, std::size_t{1} << 40U);
  return rows;
}

TEST(Mutations, TheOriginalIsRead) {
  const auto map = parse_table_map(as_bytes(full_table_map()), false);
  ASSERT_TRUE(map.ok()) << map.status();
  const TablePlan plan = compile(*map);
  ASSERT_EQ(plan.columns.size(), 12U);
  types::Scratch scratch;
  RowsReader reader(scratch);
  RowsStatus status = RowsStatus::Ok;
  EXPECT_EQ(read_rows(as_bytes(rows_body()), plan, reader, status), 1U)
      << to_string(status) << " column " << reader.failed_column();
}

TEST(Mutations, TableMaps) {
  Mutator mutator;
  const std::string original = full_table_map();
  int accepted = 0;
  for (int round = 0; round < kRounds; ++round) {
    const std::vector<char> bytes = mutator.mutate(original);
    const auto map = parse_table_map(view(bytes), round % 2 == 0);
    if (map.ok() && !compile(*map).columns.empty()) ++accepted;
  }
  EXPECT_GT(accepted, kRounds / 20);
}

TEST(Mutations, Rows) {
  Mutator mutator;
  const std::string original = rows_body();
  const TablePlan plan = compile(*parse_table_map(as_bytes(full_table_map()), false));
  types::Scratch scratch;
  RowsReader reader(scratch);
  std::size_t rows = 0;
  for (int round = 0; round < kRounds; ++round) {
    const std::vector<char> bytes = mutator.mutate(original);
    RowsStatus status = RowsStatus::Ok;
    rows += read_rows(view(bytes), plan, reader, status);
  }
  EXPECT_GT(rows, 0U);
}

TEST(Mutations, RowsOfAMutatedTableMap) {
  Mutator mutator;
  const std::string original_map = full_table_map();
  const std::string rows = rows_body();
  types::Scratch scratch;
  RowsReader reader(scratch);
  int compiled = 0;
  for (int round = 0; round < kRounds; ++round) {
    const std::vector<char> bytes = mutator.mutate(original_map);
    const auto map = parse_table_map(view(bytes), false);
    if (!map.ok()) continue;
    const TablePlan plan = compile(*map);
    if (plan.columns.empty()) continue;
    ++compiled;
    const std::vector<char> exact(rows.begin(), rows.end());
    RowsStatus status = RowsStatus::Ok;
    read_rows(view(exact), plan, reader, status);
  }
  EXPECT_GT(compiled, kRounds / 20);
}

TEST(Mutations, WholeEvents) {
  Mutator mutator;
  const std::string originals[] = {
      make_event(EventType::FormatDescription, format_body("8.0.15", 1), {}),
      make_event(EventType::Rotate, EventBytes().u64(4).text("binlog.000002").str(),
                 {.flags = kFlagArtificial}),
      make_event(EventType::Xid, "12345678", {.has_checksum = false})};
  StreamState state;
  int accepted = 0;
  for (int round = 0; round < kRounds; ++round) {
    if (round % 100 == 0) state.reset({});
    const std::vector<char> bytes = mutator.mutate(originals[round % 3]);
    if (state.accept(view(bytes)).ok()) ++accepted;
  }
  EXPECT_GT(accepted, 0);
}

TEST(Mutations, OtherEvents) {
  Mutator mutator;
  const std::string gtid = EventBytes().u8(1).zeros(16).u64(5).u8(2).u64(1).u64(2).zeros(7).str();
  const std::string query = EventBytes()
                                .u32(1)
                                .u32(0)
                                .u8(1)
                                .u16(0)
                                .u16(8)
                                .u8(0)
                                .u32(0)
                                .u8(4)
                                .u16(8)
                                .text("d")
                                .u8(0)
                                .text("ALTER TABLE `a`.`b` RENAME c")
                                .str();
  for (int round = 0; round < kRounds; ++round) {
    const std::vector<char> bytes = mutator.mutate(round % 2 == 0 ? gtid : query);
    const auto parsed = parse_gtid(view(bytes));
    EXPECT_TRUE(!parsed.ok() || bytes.size() >= 25) << bytes.size();
    const auto statement = parse_query(view(bytes));
    EXPECT_TRUE(!statement.ok() ||
                sql::classify_statement(statement->sql, statement->database).tables.size() <= 2U);
  }
}

}  // namespace
}  // namespace rowtide::binlog
