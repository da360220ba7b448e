#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sdk/src/decoder.h"
#include "tests/golden/golden_files.h"

namespace rowtide::test {
namespace {

using testing::HasSubstr;

Decoded decode(std::string_view value, Outcome expected, Format format = Format::Auto,
               std::optional<std::string_view> key = std::nullopt) {
  Decoded decoded;
  const auto decoder = make_decoder(format);
  EXPECT_EQ(decoder->decode({"orders", key, value}, decoded), expected) << value;
  return decoded;
}

const std::string kSource =
    R"("source":{"db":"shop","table":"orders","ts_ms":1,"ts_us":1500,"gtid":"a:1","file":"b.1","pos":4})";

TEST(DebeziumDecoder, KeyAndTransaction) {
  const Decoded decoded =
      decode(R"({"before":null,"after":{"id":7,"p":{"x":1.0,"wkb":"AQ==","srid":null}},)" + kSource +
                 R"(,"transaction":{"id":"a:1","total_order":3,"data_collection_order":1},"op":"c"})",
             Outcome::Change, Format::Auto, R"({"id":7})");
  const Change& change = decoded.change;
  EXPECT_EQ(change.key.at("id").as_int64(), 7);
  EXPECT_EQ(change.transaction_id, "a:1");
  EXPECT_EQ(change.transaction_order, 3U);
  EXPECT_EQ(change.after.at("p").kind(), ValueKind::Json);
  EXPECT_EQ(change.committed_at.time_since_epoch().count(), 1500);
  EXPECT_EQ(change.topic, "orders");
}

TEST(DebeziumDecoder, NumbersThatGrowHaveRoom) {
  std::string vector = "1e+14";
  for (int i = 0; i < 2000; ++i) vector += ",1e+14";
  const Decoded decoded =
      decode(R"({"before":null,"after":{"id":7,"e":[)" + vector + "]}," + kSource + R"(,"op":"c"})",
             Outcome::Change);
  EXPECT_TRUE(decoded.change.after.at("e").text().starts_with("[100000000000000.0,"));
}

TEST(DebeziumDecoder, WithSchemas) {
  const Decoded decoded = decode(
      R"({"schema":{"type":"struct","optional":false},"payload":{"before":null,"after":{"id":7},"op":"c",)" +
          kSource + "}}",
      Outcome::Change, Format::Auto, R"({"schema":{"type":"struct"},"payload":{"id":7}})");
  EXPECT_EQ(decoded.change.after.at("id").as_int64(), 7);
  EXPECT_EQ(decoded.change.key.at("id").as_int64(), 7);
  decode(R"({"schema":{}})", Outcome::Damaged, Format::DebeziumJson);
  EXPECT_EQ(decode(R"({"schema":{},"payload":{"status":"BEGIN","id":"a:1"}})", Outcome::Begin).mark.id,
            "a:1");
}

TEST(DebeziumDecoder, SnapshotAndTruncate) {
  EXPECT_EQ(decode(R"({"after":{"id":7},"op":"r",)" + kSource + "}", Outcome::Change).change.operation,
            Operation::SnapshotRead);
  EXPECT_EQ(
      decode(R"({"before":null,"after":null,"op":"t",)" + kSource + "}", Outcome::Change).change.operation,
      Operation::Truncate);
}

TEST(DebeziumDecoder, MarksOfTransactions) {
  EXPECT_EQ(decode(R"({"status":"BEGIN","id":"a:1","event_count":null})", Outcome::Begin).mark.id, "a:1");
  const Decoded end = decode(R"({"status":"END","id":"a:1","event_count":2})", Outcome::End);
  EXPECT_EQ(end.mark.event_count, 2U);
}

TEST(Decoder, ATombstoneIsNoChange) {
  for (const Format format : {Format::Auto, Format::DebeziumJson, Format::CanalJson, Format::DtsAvro}) {
    Decoded decoded;
    EXPECT_EQ(make_decoder(format)->decode({"orders", R"({"id":7})", std::nullopt}, decoded),
              Outcome::Tombstone);
  }
}

TEST(Decoder, WhatIsDamagedSaysWhy) {
  EXPECT_THAT(decode("hello", Outcome::Damaged).problem, HasSubstr("none of"));
  EXPECT_THAT(decode("", Outcome::Damaged).problem, HasSubstr("none of"));
  EXPECT_THAT(decode("{}", Outcome::Damaged).problem, HasSubstr("none of"));
  EXPECT_THAT(decode(R"({"op":"c",)" + kSource + R"(,"after":{"id":7})", Outcome::Damaged).problem,
              HasSubstr("JSON"));
  EXPECT_THAT(decode(R"({"op":"c",)" + kSource + "}", Outcome::Damaged).problem, HasSubstr("has no after"));
  EXPECT_THAT(decode(R"({"op":"m",)" + kSource + "}", Outcome::Damaged).problem, HasSubstr("'m'"));
  EXPECT_THAT(decode("{\"op\":\"c\",\"after\":{\"id\":\"\xff\"}," + kSource + "}", Outcome::Damaged).problem,
              HasSubstr("UTF"));
  EXPECT_THAT(decode(R"({"data":[{},{}],"isDdl":false,"type":"INSERT"})", Outcome::Damaged).problem,
              HasSubstr("2 rows"));
  EXPECT_THAT(decode(R"({"data":[{"a":"x"}],"mysqlType":{"a":"int"},"isDdl":false,"type":"INSERT"})",
                     Outcome::Damaged)
                  .problem,
              HasSubstr("'a' of type 'int'"));
}

TEST(CanalDecoder, BeforeIsTheRowWithTheOldValues) {
  const Decoded decoded = decode(
      R"({"data":[{"id":"7","note":null,"n":"1"}],"database":"shop","es":5,"gtid":"","isDdl":false,)"
      R"("mysqlType":{"id":"bigint","note":"text","n":"int"},"old":[{"note":"x"}],"pkNames":["id"],"table":"orders","type":"UPDATE"})",
      Outcome::Change);
  const Change& change = decoded.change;
  EXPECT_EQ(change.before.at("note").text(), "x");
  EXPECT_EQ(change.before.at("n").as_int64(), 1);
  EXPECT_TRUE(change.after.at("note").is_null());
  EXPECT_EQ(change.key.at("id").as_int64(), 7);
}

TEST(CanalDecoder, EveryGeometryIsBytes) {
  for (const char* type : {"geometry", "point", "linestring", "polygon", "multipoint", "multilinestring",
                           "multipolygon", "geometrycollection", "geomcollection"}) {
    const Decoded decoded = decode(R"({"data":[{"g":"\u0000ÿ"}],"database":"shop","es":5,"isDdl":false,)"
                                   R"("mysqlType":{"g":")" +
                                       std::string(type) + R"("},"table":"orders","type":"INSERT"})",
                                   Outcome::Change);
    EXPECT_EQ(decoded.change.after.at("g").kind(), ValueKind::Bytes) << type;
    EXPECT_EQ(decoded.change.after.at("g").text(), std::string_view("\0\xff", 2)) << type;
  }
}

/// Cut off anywhere, or with a byte changed, a record is an error or another record, never a crash.
TEST(Decoder, DamagedBytesAreNoCrash) {
  for (const char* format : {"debezium-json", "canal-json", "dts-avro"}) {
    const std::string whole =
        read_file(kGolden / "expected" / (std::string("mysql-full.") + format)).substr(0, 4000);
    const std::string first = whole.substr(0, whole.find("}\n") + 1);
    const std::string& record = std::string(format) == "dts-avro" ? whole : first;
    const auto decoder = make_decoder(Format::Auto);
    Decoded decoded;
    for (std::size_t size = 0; size < record.size(); ++size) {
      const std::string cut = record.substr(0, size);  // of its own, so that reading behind it is seen
      EXPECT_NE(decoder->decode({"orders", std::nullopt, cut}, decoded), Outcome::OtherFormat);
      std::string changed = record;
      changed[size] = static_cast<char>(changed[size] ^ 0x15);
      EXPECT_NE(decoder->decode({"orders", std::nullopt, changed}, decoded), Outcome::OtherFormat);
    }
  }
}

TEST(Decoder, AChangeOutlivesItsDecoder) {
  Change copy;
  {
    Decoded decoded = decode(R"({"after":{"id":"seven"},"op":"c",)" + kSource + "}", Outcome::Change);
    copy = decoded.change;
  }
  EXPECT_EQ(copy.after.at("id").text(), "seven");
  EXPECT_THROW(static_cast<void>(copy.after.at("none")), std::out_of_range);
  EXPECT_EQ(copy.after.find("none"), nullptr);
}

}  // namespace
}  // namespace rowtide::test
