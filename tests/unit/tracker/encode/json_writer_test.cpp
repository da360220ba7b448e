#include "tracker/encode/json_writer.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>

#include "tracker/encode/base64.h"

namespace rowtide::encode {
namespace {

std::string string_of(std::string_view text) {
  std::string out;
  json::append_string(out, text);
  return out;
}

template <class Number>
std::string float_of(Number value) {
  std::string out;
  json::append_float(out, value);
  return out;
}

template <class Number>
std::string integer_of(Number value) {
  std::string out;
  json::append_integer(out, value);
  return out;
}

std::string base64_of(std::string_view bytes) {
  std::string out = "before:";
  append_base64(out, bytes);
  return out;
}

TEST(JsonWriter, EscapesOnlyWhatJsonDemands) {
  EXPECT_EQ(string_of(""), R"("")");
  EXPECT_EQ(string_of("plain / text"), R"("plain / text")");
  EXPECT_EQ(string_of("a\"b\\c"), R"("a\"b\\c")");
  EXPECT_EQ(string_of("\b\t\n\f\r"), R"("\b\t\n\f\r")");
  EXPECT_EQ(string_of(std::string_view("\0\x01\x1f", 3)), R"("\u0000\u0001\u001F")");
  EXPECT_EQ(string_of("\x7f Größe 漢字 😀"), "\"\x7f Größe 漢字 😀\"");
  EXPECT_EQ(string_of("\n\n"), R"("\n\n")");
}

TEST(JsonWriter, WhatIsNotUtf8BecomesAReplacementCharacter) {
  EXPECT_EQ(string_of("\xff"), "\"\uFFFD\"");
  EXPECT_EQ(string_of("name\xff\n"), "\"name\uFFFD\\n\"");
  EXPECT_EQ(string_of("\xe6\xbc"), "\"\uFFFD\uFFFD\"") << "a character cut short";
  EXPECT_EQ(string_of("\xed\xa0\x80"), "\"\uFFFD\uFFFD\uFFFD\"") << "a surrogate";
  EXPECT_EQ(string_of("\xc0\xaf\""), "\"\uFFFD\uFFFD\\\"\"") << "overlong";
  EXPECT_EQ(string_of("漢\x80字"), "\"漢\uFFFD字\"");
}

TEST(JsonWriter, FindsWhatToEscapeWhereverItStands) {
  const std::string plain(40, 'a');
  for (std::size_t at = 0; at <= plain.size(); ++at) {
    const std::string head = plain.substr(0, at);
    const std::string tail = plain.substr(at);
    EXPECT_EQ(string_of(head + '"' + tail), '"' + head + "\\\"" + tail + '"') << at;
    EXPECT_EQ(string_of(head + '\\' + tail), '"' + head + "\\\\" + tail + '"') << at;
    EXPECT_EQ(string_of(head + '\x1f' + tail), '"' + head + "\\u001F" + tail + '"') << at;
    EXPECT_EQ(string_of(head + " !#[]~\x7f" + tail), '"' + head + " !#[]~\x7f" + tail + '"') << at;
    EXPECT_EQ(string_of(head + "漢" + tail), '"' + head + "漢" + tail + '"') << at;
    EXPECT_EQ(string_of(head + "\xff" + tail), '"' + head + "\uFFFD" + tail + '"') << at;
  }
}

TEST(JsonWriter, WritesIntegersToTheirLimits) {
  EXPECT_EQ(integer_of(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
  EXPECT_EQ(integer_of(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
  EXPECT_EQ(integer_of(0), "0");
}

TEST(JsonWriter, WritesTheShortestDigitsOfTheGivenWidth) {
  EXPECT_EQ(float_of(0.1F), "0.1");
  EXPECT_EQ(float_of(0.1), "0.1");
  EXPECT_EQ(float_of(3.4028235e38F), "3.4028235e+38");
  EXPECT_EQ(float_of(1.7976931348623157e308), "1.7976931348623157e+308");
  EXPECT_EQ(float_of(5e-324), "5e-324");
  EXPECT_EQ(float_of(1.0), "1.0");
  EXPECT_EQ(float_of(-0.0), "-0.0");
  EXPECT_EQ(float_of(1234567.0F), "1234567.0");
}

TEST(JsonWriter, HasNoNumberForNanAndInfinity) {
  EXPECT_EQ(float_of(std::numeric_limits<double>::quiet_NaN()), "null");
  EXPECT_EQ(float_of(std::numeric_limits<float>::infinity()), "null");
  EXPECT_EQ(float_of(-std::numeric_limits<double>::infinity()), "null");
}

TEST(Base64, AppendsWithPadding) {
  EXPECT_EQ(base64_of(""), "before:");
  EXPECT_EQ(base64_of("f"), "before:Zg==");
  EXPECT_EQ(base64_of("fo"), "before:Zm8=");
  EXPECT_EQ(base64_of("foo"), "before:Zm9v");
  EXPECT_EQ(base64_of(std::string_view("\x00\xff\xfe", 3)), "before:AP/+");
}

TEST(Base64, GoesOnAcrossItsBlocks) {
  const std::string bytes(9 * 1024 * 1024 + 1, '\0');
  const std::string text = base64_of(bytes);
  EXPECT_EQ(text.size(), 7 + (bytes.size() + 2) / 3 * 4);
  EXPECT_EQ(text.find_first_not_of('A', 7), text.size() - 2);
  EXPECT_EQ(text.substr(text.size() - 2), "==");
}

}  // namespace
}  // namespace rowtide::encode
