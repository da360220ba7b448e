#include "tracker/encode/value_text.h"

#include <gtest/gtest.h>

#include <limits>

namespace rowtide::encode {
namespace {

std::string java(double value) {
  std::string out;
  append_java_double(out, value);
  return out;
}

std::string java(float value) {
  std::string out;
  append_java_float(out, value);
  return out;
}

// What Double.toString and Float.toString of JDK 19 and later print.
TEST(JavaFloat, IsWrittenAsJavaWritesIt) {
  EXPECT_EQ(java(0.0), "0.0");
  EXPECT_EQ(java(-0.0), "-0.0");
  EXPECT_EQ(java(1.0), "1.0");
  EXPECT_EQ(java(-123.456), "-123.456");
  EXPECT_EQ(java(0.001), "0.001");
  EXPECT_EQ(java(0.00012), "1.2E-4");
  EXPECT_EQ(java(9999999.0), "9999999.0");
  EXPECT_EQ(java(1e7), "1.0E7");
  EXPECT_EQ(java(12345678.9), "1.23456789E7");
  EXPECT_EQ(java(std::numeric_limits<double>::max()), "1.7976931348623157E308");
  EXPECT_EQ(java(std::numeric_limits<double>::denorm_min()), "5.0E-324");
  EXPECT_EQ(java(0.1F), "0.1");
  EXPECT_EQ(java(std::numeric_limits<float>::max()), "3.4028235E38");
}

TEST(TimeText, CountsHoursBeyondADayAndKeepsTheSign) {
  std::string out;
  append_time_text(out, -(838LL * 3600 + 59 * 60 + 59) * 1'000'000, 0);
  EXPECT_EQ(out, "-838:59:59");
  out.clear();
  append_time_text(out, 1'020'000, 2);
  EXPECT_EQ(out, "00:00:01.02");
}

}  // namespace
}  // namespace rowtide::encode
