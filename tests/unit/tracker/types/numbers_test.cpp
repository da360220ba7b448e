// Layouts: MySQL "Binary Protocol"-like little-endian integers; DECIMAL in decimal_test.cpp.
#include <cmath>
#include <limits>

#include "tests/unit/tracker/types/decoding.h"

namespace rowtide::types {
namespace {

struct IntegerCase {
  WireType type;
  std::string_view hex;
  std::int64_t as_signed;
  std::uint64_t as_unsigned;
};

class Integers : public testing::TestWithParam<IntegerCase> {};

TEST_P(Integers, SignedAndUnsigned) {
  const IntegerCase& integer = GetParam();
  ColumnDefinition definition = define(integer.type);
  const Cell as_signed(definition, integer.hex);
  ASSERT_EQ(as_signed.status, DecodeStatus::Ok);
  EXPECT_EQ(as_signed.value.kind, ValueKind::Int);
  EXPECT_EQ(as_signed.value.integer, integer.as_signed);

  definition.is_unsigned = true;
  const Cell as_unsigned(definition, integer.hex);
  ASSERT_EQ(as_unsigned.status, DecodeStatus::Ok);
  EXPECT_EQ(as_unsigned.value.kind, ValueKind::UInt);
  EXPECT_EQ(as_unsigned.value.unsigned_integer, integer.as_unsigned);
}

INSTANTIATE_TEST_SUITE_P(
    Extremes, Integers,
    testing::Values(IntegerCase{WireType::Tiny, "00", 0, 0}, IntegerCase{WireType::Tiny, "7f", 127, 127},
                    IntegerCase{WireType::Tiny, "80", -128, 128}, IntegerCase{WireType::Tiny, "ff", -1, 255},
                    IntegerCase{WireType::Short, "ff7f", 32767, 32767},
                    IntegerCase{WireType::Short, "0080", -32768, 32768},
                    IntegerCase{WireType::Int24, "ffff7f", 8388607, 8388607},
                    IntegerCase{WireType::Int24, "000080", -8388608, 8388608},
                    IntegerCase{WireType::Int24, "ffffff", -1, 16777215},
                    IntegerCase{WireType::Long, "ffffff7f", 2147483647, 2147483647},
                    IntegerCase{WireType::Long, "00000080", -2147483648LL, 2147483648U},
                    IntegerCase{WireType::LongLong, "ffffffffffffff7f",
                                std::numeric_limits<std::int64_t>::max(), 0x7fffffffffffffffU},
                    IntegerCase{WireType::LongLong, "0000000000000080",
                                std::numeric_limits<std::int64_t>::min(), 0x8000000000000000U},
                    IntegerCase{WireType::LongLong, "ffffffffffffffff", -1, 0xffffffffffffffffU}));

TEST(Years, ZeroStandsForItselfOthersCountFrom1900) {
  EXPECT_EQ(Cell(define(WireType::Year), "00").value.integer, 0);
  EXPECT_EQ(Cell(define(WireType::Year), "01").value.integer, 1901);
  EXPECT_EQ(Cell(define(WireType::Year), "ff").value.integer, 2155);
  EXPECT_EQ(Cell(define(WireType::Year), "01").value.kind, ValueKind::Year);
}

TEST(Floating, FloatIsNotWidened) {
  const Cell cell(define(WireType::Float, 4), "cdcccc3d");
  EXPECT_EQ(cell.value.kind, ValueKind::Float);
  EXPECT_EQ(cell.value.float32, 0.1F);
  EXPECT_EQ(Cell(define(WireType::Float, 4), "ffff7fff").value.float32, std::numeric_limits<float>::lowest());
}

TEST(Floating, Double) {
  EXPECT_EQ(Cell(define(WireType::Double, 8), "9a9999999999b93f").value.float64, 0.1);
  EXPECT_EQ(Cell(define(WireType::Double, 8), "0100000000000000").value.float64,
            std::numeric_limits<double>::denorm_min());
  EXPECT_TRUE(std::signbit(Cell(define(WireType::Double, 8), "0000000000000080").value.float64));
}

TEST(Bits, BigEndianInAsManyBytesAsTheyNeed) {
  const Cell eleven(define(WireType::Bit, metadata(3, 1)), "0555");
  EXPECT_EQ(eleven.value.kind, ValueKind::Bits);
  EXPECT_EQ(eleven.value.unsigned_integer, 0x555U);
  EXPECT_EQ(Cell(define(WireType::Bit, metadata(1, 0)), "01").value.unsigned_integer, 1U);
  EXPECT_EQ(Cell(define(WireType::Bit, metadata(0, 8)), "ffffffffffffffff").value.unsigned_integer, ~0ULL);
  EXPECT_EQ(compile_column(define(WireType::Bit, metadata(3, 1)))->bits, 11);
  EXPECT_EQ(compile_column(define(WireType::Bit, metadata(0, 8)))->bits, 64);
}

TEST(Bits, ImpossibleMetadataIsRefused) {
  for (const std::uint16_t bad : {metadata(0, 0), metadata(1, 8), metadata(8, 1)})
    EXPECT_EQ(compile_column(define(WireType::Bit, bad)).status().code(), absl::StatusCode::kDataLoss) << bad;
}

}  // namespace
}  // namespace rowtide::types
