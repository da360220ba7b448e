// The records that the tracker makes of recorded binlogs, in each format, as the SDK reads them.
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "sdk/src/decoder.h"
#include "sdk/src/dts_decoder.h"
#include "tests/golden/golden_files.h"

namespace rowtide::test {
namespace {

struct Read {
  std::vector<Change> changes;
  std::vector<std::string> problems;
};

void take(Outcome outcome, Decoded& decoded, Read& read) {
  if (outcome == Outcome::Change) read.changes.push_back(std::move(decoded.change));
  if (outcome == Outcome::Damaged || outcome == Outcome::OtherFormat)
    read.problems.push_back(decoded.problem);
}

Read read_golden(const std::string& name, const std::string& format) {
  const std::string text = read_file(kGolden / "expected" / (name + "." + format));
  Read read;
  Decoded decoded;
  if (format == "dts-avro") {
    std::string_view rest = text;
    while (!rest.empty()) {
      std::size_t size = 0;
      const Outcome outcome = decode_dts({"topic", std::nullopt, rest}, decoded, size);
      take(outcome, decoded, read);
      if (size == 0) break;
      rest.remove_prefix(size + 1);  // and the end of the line
    }
    return read;
  }
  const auto decoder = make_decoder(Format::Auto);
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    take(decoder->decode({"topic", std::nullopt, line}, decoded), decoded, read);
  return read;
}

/// "Kind text", or the civil time of a kind that has one.
std::string shown(const Value* value) {
  if (value == nullptr) return "absent";
  if (value->is_null()) return "Null";
  return std::string(name_of(value->kind())) + " " + value->to_string();
}

std::string hex(std::string_view bytes) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    text += kDigits[static_cast<unsigned char>(c) >> 4U];
    text += kDigits[static_cast<unsigned char>(c) & 0xfU];
  }
  return text;
}

const Change& inserted(const Read& read, const std::string& table, std::int64_t id) {
  for (const Change& change : read.changes) {
    if (change.operation == Operation::Insert && change.table == table &&
        change.after.at("id").as_int64() == id)
      return change;
  }
  throw std::runtime_error("no insert of " + table + " " + std::to_string(id));
}

std::map<std::string, std::string> shown_row(const Row& row) {
  std::map<std::string, std::string> columns;
  for (const Column& column : row) {
    columns[std::string(column.name)] =
        column.value.kind() == ValueKind::Bytes ? "Bytes " + hex(column.value.text()) : shown(&column.value);
  }
  return columns;
}

using Columns = std::map<std::string, std::string>;

const Columns kExtremesBase = {
    {"id", "Int64 2"},
    {"t", "Int64 127"},
    {"s", "Int64 32767"},
    {"m", "Int64 8388607"},
    {"i", "Int64 2147483647"},
    {"b", "Int64 9223372036854775807"},
    {"bu", "UInt64 18446744073709551615"},
    {"f", "Double 3.4e+38"},
    {"db", "Double 1.7976931348623157e+308"},
    {"y", "Int64 2155"},
    {"o", "Int64 1"},
};

Columns with(Columns columns, const Columns& more) {
  for (const auto& [name, value] : more) columns[name] = value;
  return columns;
}

TEST(GoldenNumbers, DebeziumJson) {
  const Read read = read_golden("mysql-types", "debezium-json");
  const Columns expected =
      with(kExtremesBase, {{"tu", "Int64 255"},
                           {"su", "Int64 65535"},
                           {"mu", "Int64 16777215"},
                           {"iu", "Int64 4294967295"},
                           {"z", "Int64 42"},
                           {"d", "Text 99999999999999999999999999999999999.999999999999999999999999999999"},
                           {"d0", "Text 9999999999"},
                           {"du", "Text 999.99"},
                           {"b1", "Bool true"},
                           {"b12", "Text qgo="},
                           {"b64", "Text //////////8="}});
  EXPECT_EQ(shown_row(inserted(read, "numbers", 2).after), expected);
}

TEST(GoldenNumbers, CanalJson) {
  const Read read = read_golden("mysql-types", "canal-json");
  const Columns expected = with(
      kExtremesBase, {{"tu", "UInt64 255"},
                      {"su", "UInt64 65535"},
                      {"mu", "UInt64 16777215"},
                      {"iu", "UInt64 4294967295"},
                      {"z", "UInt64 42"},
                      {"d", "Decimal 99999999999999999999999999999999999.999999999999999999999999999999"},
                      {"d0", "Decimal 9999999999"},
                      {"du", "Decimal 999.99"},
                      {"b1", "UInt64 1"},
                      {"b12", "UInt64 2730"},
                      {"b64", "UInt64 18446744073709551615"}});
  EXPECT_EQ(shown_row(inserted(read, "numbers", 2).after), expected);
}

TEST(GoldenNumbers, DtsAvro) {
  const Read read = read_golden("mysql-types", "dts-avro");
  const Columns expected = with(
      kExtremesBase, {{"tu", "Int64 255"},
                      {"su", "Int64 65535"},
                      {"mu", "Int64 16777215"},
                      {"iu", "Int64 4294967295"},
                      {"z", "Int64 42"},
                      {"d", "Decimal 99999999999999999999999999999999999.999999999999999999999999999999"},
                      {"d0", "Decimal 9999999999"},
                      {"du", "Decimal 999.99"},
                      {"b1", "UInt64 1"},
                      {"b12", "UInt64 2730"},
                      {"b64", "UInt64 18446744073709551615"}});
  EXPECT_EQ(shown_row(inserted(read, "numbers", 2).after), expected);
}

TEST(GoldenTimes, DebeziumJsonHasThemAsNumbers) {
  const Change change = inserted(read_golden("mysql-types", "debezium-json"), "times", 4);
  const Change first = inserted(read_golden("mysql-types", "debezium-json"), "times", 1);
  EXPECT_EQ(date_of_days(first.after.at("d").as_int64().value()), (CivilTime{false, 1000, 1, 1}));
  EXPECT_TRUE(change.after.at("d").is_null()) << "2024-00-31 is no day";
  EXPECT_EQ(time_of_micros(change.after.at("t3").as_int64().value()),
            (CivilTime{false, 0, 0, 0, 12, 34, 56, 789000}));
  EXPECT_EQ(time_of_micros(change.after.at("t6").as_int64().value()),
            (CivilTime{true, 0, 0, 0, 12, 34, 56, 789012}));
  EXPECT_EQ(datetime_of_millis(change.after.at("dt1").as_int64().value()),
            (CivilTime{false, 2024, 2, 29, 12, 34, 56, 700000}));
  EXPECT_EQ(datetime_of_micros(change.after.at("dt6").as_int64().value()),
            (CivilTime{false, 2024, 2, 29, 12, 34, 56, 789012}));
  EXPECT_EQ(change.after.at("ts4").as_civil(), (CivilTime{false, 2024, 2, 29, 12, 34, 56, 789000}));
}

TEST(GoldenTimes, CanalJsonAndDtsAvroHaveThemAsTheTableDoes) {
  const Columns common = {{"id", "Int64 4"},
                          {"d", "Date 2024-00-31"},
                          {"t", "Time 12:34:56"},
                          {"t6", "Time -12:34:56.789012"},
                          {"dt6", "DateTime 2024-02-29 12:34:56.789012"},
                          {"dt", "DateTime 2024-05-00 12:00:00"},
                          {"ts", "Timestamp 2024-02-29 12:34:56"}};
  EXPECT_EQ(shown_row(inserted(read_golden("mysql-types", "canal-json"), "times", 4).after),
            with(common, {{"t3", "Time 12:34:56.789"},
                          {"dt1", "DateTime 2024-02-29 12:34:56.7"},
                          {"ts4", "Timestamp 2024-02-29 12:34:56.7890"}}));
  EXPECT_EQ(shown_row(inserted(read_golden("mysql-types", "dts-avro"), "times", 4).after),
            with(common, {{"t3", "Time 12:34:56.789000"},
                          {"dt1", "DateTime 2024-02-29 12:34:56.700000"},
                          {"ts4", "Timestamp 2024-02-29 12:34:56.789000"}}));
  for (const char* format : {"canal-json", "dts-avro"}) {
    const Change change = inserted(read_golden("mysql-types", format), "times", 1);
    EXPECT_EQ(change.after.at("t").as_civil(), (CivilTime{true, 0, 0, 0, 838, 59, 59, 0})) << format;
    EXPECT_EQ(change.after.at("t6").as_civil(), (CivilTime{true, 0, 0, 0, 0, 0, 0, 1})) << format;
    EXPECT_EQ(change.after.at("dt6").as_civil(), (CivilTime{false, 1000, 1, 1, 0, 0, 0, 1})) << format;
  }
}

TEST(GoldenTexts, TextAndBytesInEachFormat) {
  const std::string long_text = [] {
    std::string text;
    for (int i = 0; i < 300; ++i) text += "ü";
    return text;
  }();
  const Columns texts = {
      {"id", "Int64 2"},  {"c", "Text ab"},  {"v", "Text " + long_text},  {"l", "Text äöü€"},
      {"g", "Text 中文"}, {"u", "Text 🛒x"}, {"tt", "Text tiny \"\\/\b"}, {"x", "Text line\nnext\ttab\r"},
      {"mt", "Text 中"},  {"lt", "Text 🛒"}};
  const Columns bytes = {{"b", "Bytes 00ff0000"},
                         {"vb", "Bytes 0001fe00"},
                         {"tb", "Bytes 00"},
                         {"bb", "Bytes ff00ff"},
                         {"mb", "Bytes " + hex(std::string(300, 'b'))},
                         {"lb", "Bytes deadbeef"}};
  EXPECT_EQ(shown_row(inserted(read_golden("mysql-types", "dts-avro"), "texts", 2).after),
            with(with(texts, bytes), {{"e", "Text ü"}, {"s", "Text x,y,ü"}}));
  EXPECT_EQ(shown_row(inserted(read_golden("mysql-types", "canal-json"), "texts", 2).after),
            with(with(texts, bytes), {{"e", "Int64 3"}, {"s", "UInt64 7"}}));
  const Change change = inserted(read_golden("mysql-types", "debezium-json"), "texts", 2);
  for (const auto& [name, value] : texts) EXPECT_EQ(shown(change.after.find(name)), value) << name;
  for (const auto& [name, value] : bytes)
    EXPECT_EQ("Bytes " + hex(change.after.at(name).as_bytes().value()), value) << name;
  EXPECT_EQ(change.after.at("e").text(), "ü");
  EXPECT_EQ(change.after.at("s").text(), "x,y,ü");
}

TEST(GoldenDocuments, JsonIsItsText) {
  const std::string document = R"({"a":18446744073709551615,"b":[1,-1.5,"ü",true,null,{}]})";
  for (const char* format : {"debezium-json", "canal-json", "dts-avro"}) {
    const Read read = read_golden("mysql-types", format);
    EXPECT_EQ(inserted(read, "documents", 3).after.at("j").text(), document) << format;
    EXPECT_TRUE(inserted(read, "documents", 1).after.at("j").is_null()) << format;
  }
}

std::string type_of_all_nulls(const Change& change) {
  for (const Column& column : change.after) {
    if (column.name != "id" && !column.value.is_null()) return std::string(column.name);
  }
  return {};
}

/// What the formats have in common is the same in all of them, in every recorded binlog.
class EveryGolden : public testing::TestWithParam<std::string> {};

TEST_P(EveryGolden, IsReadAlikeInAllFormats) {
  const Read debezium = read_golden(GetParam(), "debezium-json");
  const Read canal = read_golden(GetParam(), "canal-json");
  const Read dts = read_golden(GetParam(), "dts-avro");
  for (const Read* read : {&debezium, &canal, &dts}) EXPECT_EQ(read->problems, std::vector<std::string>{});
  ASSERT_FALSE(dts.changes.empty());
  ASSERT_EQ(canal.changes.size(), dts.changes.size());
  // canal-json's "old" does not tell a column that did not change from one that was not logged.
  const bool is_incomplete = GetParam() == "mysql-images";
  const auto text_of = [&](const Change& change) {
    std::string text = std::string(name_of(change.operation)) + " " + std::string(change.database) + "." +
                       std::string(change.table) + " " + std::string(change.ddl) + " " +
                       std::string(change.position.gtid);
    for (const Row* row : {&change.before, &change.after}) {
      if (is_incomplete && row == &change.before && change.operation == Operation::Update) continue;
      text += " |";
      for (const Column& column : *row) {
        text += " " + std::string(column.name);
        if (column.value.is_null()) text += "=NULL";
      }
    }
    return text;
  };
  for (std::size_t i = 0; i < dts.changes.size(); ++i) {
    EXPECT_EQ(text_of(canal.changes[i]), text_of(dts.changes[i]));
    EXPECT_EQ(canal.changes[i].committed_at, dts.changes[i].committed_at);
    EXPECT_EQ(canal.changes[i].key.size(), dts.changes[i].key.size());
  }
}

INSTANTIATE_TEST_SUITE_P(Binlog, EveryGolden, testing::ValuesIn(files_of("binlog")), [](const auto& info) {
  std::string text = info.param;
  std::replace(text.begin(), text.end(), '-', '_');
  return text;
});

TEST(GoldenHead, PositionTimeTransactionAndStatement) {
  for (const char* format : {"debezium-json", "canal-json", "dts-avro"}) {
    const Read read = read_golden("mysql-types", format);
    const Change& create = read.changes.front();
    EXPECT_EQ(create.operation, Operation::SchemaChange) << format;
    EXPECT_EQ(create.ddl, "CREATE DATABASE types") << format;
    EXPECT_EQ(create.database, "types") << format;
    EXPECT_EQ(create.topic, "topic") << format;
    const Change& row = inserted(read, "numbers", 0);
    EXPECT_EQ(row.position.gtid, "f3992aec-e712-11f1-b6d6-02fc00000001:3") << format;
    EXPECT_EQ(row.transaction_id, row.position.gtid) << format;
    EXPECT_EQ(type_of_all_nulls(row), "") << format;
    EXPECT_EQ(std::chrono::floor<std::chrono::milliseconds>(row.committed_at).time_since_epoch().count(),
              1795420401624)
        << format;
    if (std::string(format) == "canal-json") continue;  // has no position
    EXPECT_EQ(row.position.file, "mysql-types") << format;
    EXPECT_EQ(row.position.offset, 1183U) << format;
  }
}

}  // namespace
}  // namespace rowtide::test
