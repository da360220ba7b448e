#include "rowtide/value.h"

#include <gtest/gtest.h>

namespace rowtide::test {
namespace {

TEST(SdkValue, IntegersFitOrAreNothing) {
  EXPECT_EQ(Value::of_int64(-1).as_int64(), -1);
  EXPECT_EQ(Value::of_int64(-1).as_uint64(), std::nullopt);
  EXPECT_EQ(Value::of_uint64(1ULL << 63U).as_int64(), std::nullopt);
  EXPECT_EQ(Value::of_uint64(7).as_int64(), 7);
  EXPECT_EQ(Value::of_bool(true).as_int64(), 1);
  EXPECT_EQ(Value::of_text(ValueKind::Text, "7").as_int64(), std::nullopt);
  EXPECT_EQ(Value{}.as_int64(), std::nullopt);
}

TEST(SdkValue, DoublesAndDecimals) {
  EXPECT_EQ(Value::of_double(0.1).as_double(), 0.1);
  EXPECT_EQ(Value::of_text(ValueKind::Decimal, "-12.50").as_double(), -12.5);
  EXPECT_EQ(Value::of_text(ValueKind::Text, "12.50").as_double(), std::nullopt);
  EXPECT_EQ(Value::of_double(0.1).to_string(), "0.1");
}

TEST(SdkValue, CivilTimes) {
  EXPECT_EQ(Value::of_text(ValueKind::Date, "0000-00-00").as_civil(), CivilTime{});
  EXPECT_EQ(Value::of_text(ValueKind::Time, "-838:59:59.5").as_civil(),
            (CivilTime{true, 0, 0, 0, 838, 59, 59, 500000}));
  EXPECT_EQ(Value::of_text(ValueKind::Text, "2024-02-29T12:34:56.78Z").as_civil(),
            (CivilTime{false, 2024, 2, 29, 12, 34, 56, 780000}));
  for (const char* wrong :
       {"", "2024", "2024-02-29x", "2024-02-29 12:34", "2024-02-29T12:34:56.", "12:34:56.1234567"})
    EXPECT_EQ(Value::of_text(ValueKind::DateTime, wrong).as_civil(), std::nullopt) << wrong;
  EXPECT_EQ(date_of_days(-1), (CivilTime{false, 1969, 12, 31}));
  EXPECT_EQ(datetime_of_micros(-1), (CivilTime{false, 1969, 12, 31, 23, 59, 59, 999999}));
}

TEST(SdkValue, Base64OfText) {
  EXPECT_EQ(Value::of_text(ValueKind::Text, "3q2+7w==").as_bytes(), "\xde\xad\xbe\xef");
  EXPECT_EQ(Value::of_text(ValueKind::Text, "3q2-7w").as_bytes(), "\xde\xad\xbe\xef");
  EXPECT_EQ(Value::of_text(ValueKind::Text, "a b").as_bytes(), std::nullopt);
  EXPECT_EQ(Value::of_text(ValueKind::Bytes, "raw").as_bytes(), "raw");
}

}  // namespace
}  // namespace rowtide::test
