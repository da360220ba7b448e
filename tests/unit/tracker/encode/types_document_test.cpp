// docs/types.md is made from the code: each line of the one table of column types, a cell of it decoded and
// written in the formats. ROWTIDE_UPDATE_DOCS=1 writes the file anew.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "tests/unit/tracker/types/decoding.h"
#include "tracker/encode/encoder.h"

namespace rowtide::encode {
namespace {

using nlohmann::ordered_json;
using types::metadata;
using types::WireType;

/// A cell of a column as a server writes it.
struct Sample {
  WireType type;
  std::string declared;
  std::string shown;  ///< what SELECT shows
  std::uint16_t wire_metadata = 0;
  std::string_view hex;
  std::uint16_t collation = 0;
  bool is_unsigned = false;
  std::vector<std::string> members = {};
  std::uint8_t geometry_type = 0;
  std::uint8_t decimals = 0;
  std::string declared_type = {};  ///< where it decides
};

constexpr std::uint16_t kUtf8mb4 = 255;
constexpr std::uint16_t kLatin1 = 8;

std::vector<Sample> samples() {
  return {
      {.type = WireType::Tiny, .declared = "TINYINT", .shown = "-1", .hex = "ff"},
      {.type = WireType::Tiny,
       .declared = "TINYINT UNSIGNED",
       .shown = "255",
       .hex = "ff",
       .is_unsigned = true},
      {.type = WireType::Short, .declared = "SMALLINT", .shown = "-2", .hex = "feff"},
      {.type = WireType::Int24, .declared = "MEDIUMINT", .shown = "-3", .hex = "fdffff"},
      {.type = WireType::Long, .declared = "INT", .shown = "-4", .hex = "fcffffff"},
      {.type = WireType::LongLong, .declared = "BIGINT", .shown = "-5", .hex = "fbffffffffffffff"},
      {.type = WireType::LongLong,
       .declared = "BIGINT UNSIGNED",
       .shown = "9223372036854775807",
       .hex = "ffffffffffffff7f",
       .is_unsigned = true},
      {.type = WireType::Year, .declared = "YEAR", .shown = "2024", .hex = "7c"},
      {.type = WireType::Float, .declared = "FLOAT", .shown = "0.1", .wire_metadata = 4, .hex = "cdcccc3d"},
      {.type = WireType::Double,
       .declared = "DOUBLE",
       .shown = "0.1",
       .wire_metadata = 8,
       .hex = "9a9999999999b93f"},
      {.type = WireType::NewDecimal,
       .declared = "DECIMAL(4,2)",
       .shown = "-12.50",
       .wire_metadata = metadata(4, 2),
       .hex = "73cd"},
      {.type = WireType::Date, .declared = "DATE", .shown = "2024-02-29", .hex = "5dd00f"},
      {.type = WireType::Date, .declared = "DATE", .shown = "0000-00-00", .hex = "000000"},
      {.type = WireType::NewDate, .declared = "DATE", .shown = "9999-12-31", .hex = "9f1f4e"},
      {.type = WireType::Time, .declared = "TIME, before MySQL 5.6", .shown = "-12:34:56", .hex = "c01dfe"},
      {.type = WireType::Time,
       .declared = "TIME(3), MariaDB 5.3",
       .shown = "-12:34:56.789",
       .hex = "00b15478eb",
       .decimals = 3},
      {.type = WireType::Time2, .declared = "TIME", .shown = "-00:00:01", .hex = "7fffff"},
      {.type = WireType::DateTime,
       .declared = "DATETIME, before MySQL 5.6",
       .shown = "2024-02-29 12:34:56",
       .hex = "80c5aa8b68120000"},
      {.type = WireType::DateTime,
       .declared = "DATETIME(3), MariaDB 5.3",
       .shown = "2024-02-29 12:34:56.789",
       .hex = "00422bb59e9895",
       .decimals = 3},
      {.type = WireType::DateTime2,
       .declared = "DATETIME(3)",
       .shown = "2024-02-29 12:34:56.789",
       .wire_metadata = 3,
       .hex = "99b2bac8b81ed2"},
      {.type = WireType::DateTime2,
       .declared = "DATETIME(6)",
       .shown = "2024-02-29 12:34:56.789012",
       .wire_metadata = 6,
       .hex = "99b2bac8b80c0a14"},
      {.type = WireType::Timestamp,
       .declared = "TIMESTAMP, before MySQL 5.6",
       .shown = "2024-02-29 12:34:56",
       .hex = "f079e065"},
      {.type = WireType::Timestamp,
       .declared = "TIMESTAMP(3), MariaDB 5.3",
       .shown = "2024-02-29 12:34:56.789",
       .hex = "65e079f00315",
       .decimals = 3},
      {.type = WireType::Timestamp2,
       .declared = "TIMESTAMP(2)",
       .shown = "2024-02-29 12:34:56.78",
       .wire_metadata = 2,
       .hex = "65e079f04e"},
      {.type = WireType::Bit,
       .declared = "BIT(1)",
       .shown = "b'1'",
       .wire_metadata = metadata(1, 0),
       .hex = "01"},
      {.type = WireType::Bit,
       .declared = "BIT(12)",
       .shown = "b'100000000001'",
       .wire_metadata = metadata(4, 1),
       .hex = "0801"},
      {.type = WireType::Varchar,
       .declared = "VARCHAR(10)",
       .shown = "é",
       .wire_metadata = 40,
       .hex = "02c3a9",
       .collation = kUtf8mb4},
      {.type = WireType::Varchar,
       .declared = "VARCHAR(10) CHARACTER SET latin1",
       .shown = "é",
       .wire_metadata = 10,
       .hex = "01e9",
       .collation = kLatin1},
      {.type = WireType::Varchar,
       .declared = "VARBINARY(10)",
       .shown = "0x00FF",
       .wire_metadata = 10,
       .hex = "0200ff",
       .collation = types::kBinaryCollation},
      {.type = WireType::VarString,
       .declared = "VARCHAR, before MySQL 5.0",
       .shown = "a",
       .wire_metadata = 10,
       .hex = "0161",
       .collation = kLatin1},
      {.type = WireType::String,
       .declared = "UUID, MariaDB",
       .shown = "123e4567-e89b-12d3-a456-426655440000",
       .wire_metadata = 0x10fe,
       .hex = "0e123e4567e89b12d3a45642665544",
       .collation = types::kBinaryCollation,
       .declared_type = "uuid"},
      {.type = WireType::String,
       .declared = "INET6, MariaDB",
       .shown = "2001:db8::1",
       .wire_metadata = 0x10fe,
       .hex = "1020010db8000000000000000000000001",
       .collation = types::kBinaryCollation,
       .declared_type = "inet6"},
      {.type = WireType::String,
       .declared = "INET4, MariaDB",
       .shown = "10.1.2.0",
       .wire_metadata = 0x04fe,
       .hex = "030a0102",
       .collation = types::kBinaryCollation,
       .declared_type = "inet4"},
      {.type = WireType::String,
       .declared = "CHAR(10)",
       .shown = "a",
       .wire_metadata = metadata(0xfe, 40),
       .hex = "0161",
       .collation = kUtf8mb4},
      {.type = WireType::String,
       .declared = "BINARY(3)",
       .shown = "0x610000",
       .wire_metadata = metadata(0xfe, 3),
       .hex = "0161",
       .collation = types::kBinaryCollation},
      {.type = WireType::String,
       .declared = "ENUM('s','m')",
       .shown = "m",
       .wire_metadata = metadata(0xf7, 1),
       .hex = "02",
       .collation = kUtf8mb4,
       .members = {"s", "m"}},
      {.type = WireType::String,
       .declared = "SET('a','b','c')",
       .shown = "a,c",
       .wire_metadata = metadata(0xf8, 1),
       .hex = "05",
       .collation = kUtf8mb4,
       .members = {"a", "b", "c"}},
      {.type = WireType::Blob,
       .declared = "TEXT",
       .shown = "a",
       .wire_metadata = 2,
       .hex = "010061",
       .collation = kUtf8mb4},
      {.type = WireType::Blob,
       .declared = "BLOB",
       .shown = "0x00FF",
       .wire_metadata = 2,
       .hex = "020000ff",
       .collation = types::kBinaryCollation},
      {.type = WireType::VarcharCompressed,
       .declared = "VARCHAR(10) COMPRESSED",
       .shown = "a",
       .wire_metadata = 41,
       .hex = "020061",
       .collation = kUtf8mb4},
      {.type = WireType::BlobCompressed,
       .declared = "BLOB COMPRESSED",
       .shown = "0xFF",
       .wire_metadata = 2,
       .hex = "020000ff",
       .collation = types::kBinaryCollation},
      {.type = WireType::Json,
       .declared = "JSON",
       .shown = R"({"a": [1, 1.0]})",
       .wire_metadata = 4,
       .hex = "1f000000 00 0100 1e00 0b00 0100 02 0c00 61 0200 1200 05 0100 0b 0a00 000000000000f03f"},
      {.type = WireType::Geometry,
       .declared = "POINT",
       .shown = "POINT(1 -2)",
       .wire_metadata = 4,
       .hex = "19000000 e6100000 01 01000000 000000000000f03f 00000000000000c0",
       .geometry_type = 1},
      {.type = WireType::Geometry,
       .declared = "GEOMETRY",
       .shown = "GEOMETRYCOLLECTION EMPTY",
       .wire_metadata = 4,
       .hex = "0d000000 00000000 01 07000000 00000000"},
      {.type = WireType::Vector,
       .declared = "VECTOR(3)",
       .shown = "[3.14,2024,18]",
       .wire_metadata = 4,
       .hex = "0c000000 c3f54840 0000fd44 00009041"},
  };
}

/// Wire types that stand in the table and never on the wire by themselves: they travel as another one.
bool travels_as_another(WireType type) {
  switch (type) {
    case WireType::Enum:  // and SET: as STRING
    case WireType::Set:
    case WireType::TinyBlob:  // and the others: as BLOB with the size of its length
    case WireType::MediumBlob:
    case WireType::LongBlob:
      return true;
    default:
      return false;
  }
}

types::ColumnDefinition definition_of(const Sample& sample) {
  types::ColumnDefinition definition;
  definition.name = "c";
  definition.wire_type = static_cast<std::uint8_t>(sample.type);
  definition.wire_metadata = sample.wire_metadata;
  definition.is_unsigned = sample.is_unsigned;
  definition.collation = sample.collation;
  definition.members = sample.members;
  definition.geometry_type = sample.geometry_type;
  definition.decimals = sample.decimals;
  definition.declared_type = sample.declared_type;
  return definition;
}

/// The value that a format writes for the sample.
std::string written(const Sample& sample, const std::string& format) {
  binlog::TablePlan plan;
  plan.database = "d";
  plan.table = "t";
  absl::StatusOr<types::Column> column = types::compile_column(definition_of(sample));
  EXPECT_TRUE(column.ok()) << sample.declared << column.status();
  if (!column.ok()) return "";
  const types::DecodeFunction decode = column->decode;
  plan.columns.push_back(*std::move(column));

  types::Scratch scratch;
  types::Value value;
  const std::string bytes = types::from_hex(sample.hex);
  ByteReader reader(as_bytes(bytes));
  EXPECT_EQ(decode(reader, plan.columns[0], scratch, value), types::DecodeStatus::Ok) << sample.declared;
  EXPECT_TRUE(reader.at_end()) << sample.declared;

  EncoderContext context;
  context.source_name = "s";
  context.connector = "mysql";
  context.schema_topic = "s";
  const auto encoder = make_encoder(format, context);
  EXPECT_TRUE(encoder.ok()) << encoder.status();
  const auto table = (*encoder)->bind(plan, "t");
  EXPECT_TRUE(table.ok()) << sample.declared << table.status();
  record::RecordBatch batch;
  RowChange change{.operation = binlog::RowOperation::Insert, .before = {}, .after = {&value, 1}};
  (*table)->encode(change, {}, batch);
  const auto record = ordered_json::parse(batch.record(0).value.value());
  return (record.contains("after") ? record.at("after") : record.at("data").at(0)).at("c").dump();
}

std::string code(std::string text) {
  for (std::size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2) text.insert(at, 1, '\\');
  return "`" + text + "`";
}

std::string document() {
  std::string text =
      "# Column types\n\n"
      "Every type that Rowtide reads, with a cell of it as a server writes it and as the formats have it. "
      "Made from the code's own\n"
      "table (`tracker/types/column_types.cpp`) by `tests/unit/tracker/encode/types_document_test.cpp`, "
      "which also compares:\n"
      "`ROWTIDE_UPDATE_DOCS=1` lets it write this file anew. Formats are shown with their default "
      "options.\n\n"
      "| wire type | column | value | debezium-json | canal-json |\n|---|---|---|---|---|\n";
  std::string refused;
  const std::vector<Sample> all = samples();
  for (const types::ColumnType& type : types::column_types()) {
    bool has_sample = false;
    for (const Sample& sample : all) {
      if (sample.type != type.type) continue;
      has_sample = true;
      text += fmt::format("| {} | {} | {} | {} | {} |\n", static_cast<int>(type.type), sample.declared,
                          code(sample.shown), code(written(sample, "debezium-json")),
                          code(written(sample, "canal-json")));
    }
    if (has_sample || travels_as_another(type.type)) continue;
    types::ColumnDefinition definition;
    definition.name = "c";
    definition.wire_type = static_cast<std::uint8_t>(type.type);
    EXPECT_EQ(types::compile_column(definition).status().code(), absl::StatusCode::kUnimplemented)
        << type.name << " is decoded, and has no sample here";
    refused += fmt::format("- {} (wire type {})\n", type.name, static_cast<int>(type.type));
  }
  return text +
         "\nENUM and SET travel as 254, TINY-, MEDIUM- and LONGBLOB and the TEXT types as 252. MariaDB's "
         "JSON is a LONGTEXT, its VECTOR a\n"
         "VARBINARY. MariaDB's UUID, INET6 and INET4 travel as BINARY, and are delivered as such where the "
         "table's definition is not\nknown. Binary values inside JSON are base64 without the "
         "`base64:type15:` that SELECT puts in front of them.\n\nMariaDB takes what MySQL refuses: surrogates in utf8mb3 and utf8mb4, of which a pair is delivered as the character that it\nstands for and a lone one as `?`; and an empty geometry (INSERT IGNORE without a value), which is delivered with an empty\n`wkb`, and of a POINT with `x` and `y` null.\n\nRefused, with the column and what to "
         "do:\n\n" +
         refused;
}

TEST(TypesDocument, IsWhatTheCodeDoes) {
  const std::string path = ROWTIDE_SOURCE_DIR "/docs/types.md";
  const std::string expected = document();
  if (std::getenv("ROWTIDE_UPDATE_DOCS") != nullptr) std::ofstream(path) << expected;
  std::ifstream stream(path);
  const std::string written((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  EXPECT_EQ(written, expected)
      << "docs/types.md is not what the code does: run this test with ROWTIDE_UPDATE_DOCS=1";
}

}  // namespace
}  // namespace rowtide::encode
