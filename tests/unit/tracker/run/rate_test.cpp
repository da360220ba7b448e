#include "tracker/run/rate.h"

#include <gtest/gtest.h>

namespace rowtide::run {
namespace {

using std::chrono::seconds;

Rate::Clock::time_point at(int second) {
  return Rate::Clock::time_point(seconds(second));
}

TEST(Rate, ZeroUntilTwoSamples) {
  Rate rate;
  EXPECT_EQ(rate.per_second(), 0);
  rate.sample(100, at(0));
  EXPECT_EQ(rate.per_second(), 0);
}

TEST(Rate, LooksAtTheLastTenSecondsOnly) {
  Rate rate;
  for (int second = 0; second <= 20; ++second)
    rate.sample(static_cast<std::uint64_t>(second) * 1000, at(second));
  EXPECT_EQ(rate.per_second(), 1000);
  for (int second = 21; second <= 31; ++second) rate.sample(20'000, at(second));
  EXPECT_EQ(rate.per_second(), 0);
}

}  // namespace
}  // namespace rowtide::run
