// Layout: MySQL sql-common/json_binary.h.
#include "tracker/types/json/jsonb.h"

#include <random>

#include "tests/unit/tracker/types/decoding.h"

namespace rowtide::types {
namespace {

std::string print(std::string_view hex) {
  std::string text;
  if (!jsonb_to_text(as_bytes(from_hex(hex)), text)) return "(broken)";
  return text;
}

std::string print_double(double value) {
  std::string bytes("\x0b");
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
  std::string text;
  EXPECT_TRUE(jsonb_to_text(as_bytes(bytes), text));
  return text;
}

TEST(Jsonb, Scalars) {
  EXPECT_EQ(print(""), "null");
  EXPECT_EQ(print("04 00"), "null");
  EXPECT_EQ(print("04 01"), "true");
  EXPECT_EQ(print("04 02"), "false");
  EXPECT_EQ(print("05 0080"), "-32768");
  EXPECT_EQ(print("06 ffff"), "65535");
  EXPECT_EQ(print("07 00000080"), "-2147483648");
  EXPECT_EQ(print("08 ffffffff"), "4294967295");
  EXPECT_EQ(print("09 0000000000000080"), "-9223372036854775808");
  EXPECT_EQ(print("0a ffffffffffffffff"), "18446744073709551615");
  EXPECT_EQ(print("0c 03 616263"), "\"abc\"");
  EXPECT_EQ(print("0c 00"), "\"\"");
}

TEST(Jsonb, DoublesInFullDigits) {
  EXPECT_EQ(print_double(1.0), "1.0");
  EXPECT_EQ(print_double(-0.0), "-0.0");
  EXPECT_EQ(print_double(0.1), "0.1");
  EXPECT_EQ(print_double(1e-7), "0.0000001");
  EXPECT_EQ(print_double(9999999), "9999999.0");
  EXPECT_EQ(print_double(1e7), "10000000");
  EXPECT_EQ(print_double(1e20), "100000000000000000000");
  EXPECT_EQ(print_double(5e-324).size(), 326U);
  EXPECT_EQ(std::stod(print_double(1.7976931348623157e308)), 1.7976931348623157e308);
}

TEST(Jsonb, StringsAreEscaped) {
  EXPECT_EQ(print("0c 0a 22 5c 08 0c 0a 0d 09 01 c3a9"), R"("\"\\\b\f\n\r\t\u0001é")");
  EXPECT_EQ(print("0c 02 c328"), "(broken)");
}

TEST(Jsonb, LongStringsHaveLongerLengths) {
  const std::string text(300, 'x');
  const std::string document = from_hex("0c ac02") + text;  // 300 = 0b10'0101100
  std::string printed;
  ASSERT_TRUE(jsonb_to_text(as_bytes(document), printed));
  EXPECT_EQ(printed, '"' + text + '"');
}

TEST(Jsonb, SmallContainers) {
  EXPECT_EQ(print("00 0000 0400"), "{}");
  EXPECT_EQ(print("02 0000 0400"), "[]");
  // count 2, size 0x0c, inlined int16 1 and literal true
  EXPECT_EQ(print("02 0200 0a00 05 0100 04 0100"), "[1,true]");
  // {"a":1,"b":"x"}: keys at 0x12 and 0x13, the string at 0x14
  EXPECT_EQ(print("00 0200 1600 1200 0100 1300 0100 05 0100 0c 1400 61 62 01 78"), R"({"a":1,"b":"x"})");
}

TEST(Jsonb, LargeContainersInlineFourBytes) {
  EXPECT_EQ(print("03 02000000 12000000 07 ffffffff 08 ffffffff"), "[-1,4294967295]");
  EXPECT_EQ(print("01 01000000 14000000 13000000 0100 05 01000000 61"), R"({"a":1})");
}

TEST(Jsonb, NestedOffsetsCountFromTheirContainer) {
  // [[1]]: the inner array, at offset 7, has the size of 7 of its own
  EXPECT_EQ(print("02 0100 0e00 02 0700 0100 0700 05 0100"), "[[1]]");
}

TEST(Jsonb, OpaqueValues) {
  EXPECT_EQ(print("0f f6 04 03 02 8132"), "1.50");  // DECIMAL(3,2)
  // JSON_ARRAY(CAST(-0929585759889890684204257770.501065 AS DECIMAL(65,30))) as MySQL 8.0.15 stores it:
  // DECIMAL(66,30)
  EXPECT_EQ(print("0f f6 20 42 1e 7fffffff c897a5a0 caf55883 f3d34615 e2225ad7 ffffffff ffffffff ffff"),
            "-929585759889890684204257770.501065000000000000000000000000");
  EXPECT_EQ(print("0f f6 20 52 1e 7fffffff c897a5a0 caf55883 f3d34615 e2225ad7 ffffffff ffffffff ffff"),
            "(broken)");
  EXPECT_EQ(print("0f 0a 08 0000000000 84a819"), "\"2021-01-02\"");                  // DATE
  EXPECT_EQ(print("0f 0c 08 0000000531 84a819"), "\"2021-01-02 03:04:05.000000\"");  // DATETIME
  EXPECT_EQ(print("0f 0c 08 0000003d31 84a819"), "(broken)");                        // its second 61
  EXPECT_EQ(print("0f 0b 08 01000000 00 00 00 00"), "\"00:00:00.000001\"");          // TIME
  EXPECT_EQ(print("0f 0b 08 ffffffff ff ff ff ff"), "\"-00:00:00.000001\"");
  EXPECT_EQ(print("0f fc 03 616263"), "\"YWJj\"");  // BLOB
}

TEST(Jsonb, DepthIsLimited) {
  // Arrays in arrays, each with one element: header of seven bytes, size shrinking by seven.
  const auto nested = [](unsigned depth) {
    std::string bytes("\x02");
    for (unsigned level = depth; level > 0; --level) {
      const unsigned size = 7 * level;
      const char header[] = {1,
                             0,
                             static_cast<char>(size & 0xffU),
                             static_cast<char>(size >> 8U),
                             level > 1 ? '\x02' : '\x04',
                             level > 1 ? '\x07' : '\x00',
                             0};
      bytes.append(header, sizeof header);
    }
    return bytes;
  };
  std::string text;
  EXPECT_TRUE(jsonb_to_text(as_bytes(nested(100)), text));
  EXPECT_EQ(text, std::string(100, '[') + "null" + std::string(100, ']'));
  EXPECT_FALSE(jsonb_to_text(as_bytes(nested(200)), text));
}

TEST(Jsonb, ElementsThatPointAtOneAnotherEnd) {
  // Sixteen elements that all are the array itself.
  std::string bytes = from_hex("02 1000 3400");
  for (int i = 0; i < 16; ++i) bytes += from_hex("02 0000");
  std::string text;
  EXPECT_FALSE(jsonb_to_text(as_bytes(bytes), text));
  EXPECT_LT(text.size(), 1U << 16U);
}

TEST(Jsonb, BrokenDocuments) {
  const std::string_view broken[] = {"10",           "04",           "04 03",
                                     "0b 0000",      "0c 05 6162",   "0c 8080808080 00",
                                     "00 0100 0400", "00 0000 0500", "02 0100 0700 0c ffff",
                                     "0f f6 01 03",  "0d 00"};
  for (const std::string_view hex : broken) EXPECT_EQ(print(hex), "(broken)") << hex;
}

TEST(Jsonb, EveryPrefixAndManyMutationsEndWithoutHarm) {
  const std::string document = from_hex(
      "00 0300 2400 1900 0100 1a00 0100 1b00 0100 05 0100 0c 1c00 02 1e00 61 62 63 01 78 0200 0a00 05 0100 "
      "04");
  std::mt19937 random(5);
  for (int round = 0; round < 20000; ++round) {
    std::string mutated(document, 0, random() % (document.size() + 1));
    for (unsigned change = random() % 4; change > 0 && !mutated.empty(); --change)
      mutated[random() % mutated.size()] = static_cast<char>(random());
    mutated.shrink_to_fit();
    std::string text;
    if (!jsonb_to_text(as_bytes(mutated), text)) continue;
    EXPECT_LT(text.size(), 4096U + 64 * 400U);
  }
}

TEST(JsonColumns, AreCountedAndPrinted) {
  const Cell cell(define(WireType::Json, 4), "03000000 050100");
  EXPECT_EQ(cell.value.kind, ValueKind::Json);
  EXPECT_EQ(cell.value.text, "1");
  EXPECT_EQ(Cell(define(WireType::Json, 4), "02000000 1000").status, DecodeStatus::BadValue);
}

}  // namespace
}  // namespace rowtide::types
