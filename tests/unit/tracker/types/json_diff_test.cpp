// Layout: MySQL sql/json_diff.cc. What a real server writes is read in tests/integration.
#include "tracker/types/json/json_diff.h"

#include "tests/unit/tracker/types/decoding.h"
#include "tracker/types/json/jsonb.h"

namespace rowtide::types {
namespace {

// {"a": 1, "b": [10, 20], "cc": "x"}: made as the server makes it, and checked against its own text below.
constexpr std::string_view kDocument =
    "00 0300 2900 1900 0100 1a00 0100 1b00 0200 05 0100 02 1d00 0c 2700"
    "61 62 6363 0200 0a00 05 0a00 05 1400 01 78";

std::string text_of(std::string_view hex) {
  std::string text;
  return jsonb_to_text(as_bytes(from_hex(hex)), text) ? text : "(broken)";
}

std::string diff(std::uint8_t operation, std::string_view path, std::string_view value_hex = "") {
  std::string bytes(1, static_cast<char>(operation));
  bytes.push_back(static_cast<char>(path.size()));
  bytes += path;
  if (operation == 2) return bytes;
  const std::string value = from_hex(value_hex);
  bytes.push_back(static_cast<char>(value.size()));
  return bytes + value;
}

std::string applied(const std::string& diffs) {
  std::string text;
  const std::string document = from_hex(kDocument);
  return apply_json_diffs(as_bytes(document), as_bytes(diffs), text) ? text : "(broken)";
}

constexpr std::uint8_t kReplace = 0;
constexpr std::uint8_t kInsert = 1;
constexpr std::uint8_t kRemove = 2;

TEST(JsonDiffs, TheDocument) {
  EXPECT_EQ(text_of(kDocument), R"({"a":1,"b":[10,20],"cc":"x"})");
}

TEST(JsonDiffs, None) {
  EXPECT_EQ(applied(""), R"({"a":1,"b":[10,20],"cc":"x"})");
}

TEST(JsonDiffs, Replace) {
  EXPECT_EQ(applied(diff(kReplace, "$.a", "05 0700")), R"({"a":7,"b":[10,20],"cc":"x"})");
  EXPECT_EQ(applied(diff(kReplace, "$.b[1]", "04 00")), R"({"a":1,"b":[10,null],"cc":"x"})");
  EXPECT_EQ(applied(diff(kReplace, "$", "0c 01 79")), R"("y")");
}

TEST(JsonDiffs, InsertKeepsTheOrderOfKeys) {
  EXPECT_EQ(applied(diff(kInsert, "$.aa", "04 01")), R"({"a":1,"b":[10,20],"aa":true,"cc":"x"})");
  EXPECT_EQ(applied(diff(kInsert, "$.\"c d\\\"e\"", "04 01")),
            R"({"a":1,"b":[10,20],"cc":"x","c d\"e":true})");
  EXPECT_EQ(applied(diff(kInsert, "$.b[1]", "05 0f00")), R"({"a":1,"b":[10,15,20],"cc":"x"})");
  EXPECT_EQ(applied(diff(kInsert, "$.b[9]", "05 1e00")), R"({"a":1,"b":[10,20,30],"cc":"x"})");
}

TEST(JsonDiffs, Remove) {
  EXPECT_EQ(applied(diff(kRemove, "$.b")), R"({"a":1,"cc":"x"})");
  EXPECT_EQ(applied(diff(kRemove, "$.b[0]")), R"({"a":1,"b":[20],"cc":"x"})");
}

TEST(JsonDiffs, IndexesMayCountFromTheEnd) {
  EXPECT_EQ(applied(diff(kReplace, "$.b[last]", "04 00")), R"({"a":1,"b":[10,null],"cc":"x"})");
  EXPECT_EQ(applied(diff(kRemove, "$.b[last-1]")), R"({"a":1,"b":[20],"cc":"x"})");
  EXPECT_EQ(applied(diff(kInsert, "$.b[last-2]", "04 01")), R"({"a":1,"b":[true,10,20],"cc":"x"})");
  for (const std::string& bad :
       {diff(kReplace, "$.b[last-2]", "04 00"), diff(kRemove, "$.b[last-]"), diff(kRemove, "$.b[last+1]")})
    EXPECT_EQ(applied(bad), "(broken)") << bad;
}

TEST(JsonDiffs, SeveralBuildOnOneAnother) {
  EXPECT_EQ(applied(diff(kReplace, "$.b", kDocument) + diff(kRemove, "$.b.cc") +
                    diff(kInsert, "$.b.b[0]", "04 02")),
            R"({"a":1,"b":{"a":1,"b":[false,10,20]},"cc":"x"})");
}

TEST(JsonDiffs, WhatDoesNotFitIsRefused) {
  for (const std::string& bad :
       {diff(kReplace, "$.missing", "04 00"), diff(kRemove, "$.missing"), diff(kRemove, "$.b[2]"),
        diff(kRemove, "$"), diff(kInsert, "$.a", "04 00"), diff(kInsert, "$.b.x", "04 00"),
        diff(kInsert, "$.a[0]", "04 00"), diff(kReplace, "a", "04 00"), diff(kReplace, "$.\"open", "04 00"),
        diff(kReplace, "$.b[x]", "04 00"), diff(3, "$.a", "04 00"), diff(kReplace, "$.a", "")}) {
    EXPECT_EQ(applied(bad), "(broken)") << bad;
  }
  const std::string whole = diff(kReplace, "$.a", "05 0700");
  for (std::size_t size = 1; size < whole.size(); ++size)
    EXPECT_EQ(applied(whole.substr(0, size)), "(broken)") << size;
}

}  // namespace
}  // namespace rowtide::types
