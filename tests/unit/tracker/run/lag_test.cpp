#include "tracker/run/lag.h"

#include <gtest/gtest.h>

namespace rowtide::run {
namespace {

using std::chrono::seconds;

class LagTest : public testing::Test {
 protected:
  static Lag::Clock::time_point at(int second) { return Lag::Clock::time_point(seconds(1000 + second)); }
  void sample(BinlogCoordinates end, Lag::Clock::time_point now) {
    lag_.sample(std::move(end), now, lag_.source());
  }
  Lag lag_;
};

TEST_F(LagTest, NothingIsSaidBeforeTheFirstSample) {
  EXPECT_FALSE(lag_.seconds(at(0)));
}

TEST_F(LagTest, IdleIsZeroHoweverOldTheLastChange) {
  lag_.delivered({"bin.000001", 500});
  for (int second = 0; second <= 3600; ++second) sample({"bin.000001", 500}, at(second));
  EXPECT_EQ(lag_.seconds(at(3600)), 0.0);
}

TEST_F(LagTest, GrowsWhileTheStreamHangsAndEndsWithDelivery) {
  lag_.delivered({"bin.000001", 100});
  sample({"bin.000001", 200}, at(0));
  for (int second = 1; second < 30; ++second) sample({"bin.000001", 200}, at(second));
  EXPECT_EQ(lag_.seconds(at(30)), 30.0);
  lag_.delivered({"bin.000001", 200});
  EXPECT_EQ(lag_.seconds(at(31)), 0.0);
}

TEST_F(LagTest, IsTheAgeOfTheOldestSampleThatIsNotDelivered) {
  lag_.delivered({"bin.000001", 0});
  sample({"bin.000001", 100}, at(0));
  sample({"bin.000001", 200}, at(10));
  sample({"bin.000002", 50}, at(20));
  lag_.delivered({"bin.000001", 150});
  EXPECT_EQ(lag_.seconds(at(25)), 15.0);
  lag_.delivered({"bin.000001", 200});
  EXPECT_EQ(lag_.seconds(at(25)), 5.0);
}

TEST_F(LagTest, ALaterFileIsLaterWhateverTheOffset) {
  EXPECT_LT((BinlogCoordinates{"bin.000009", 9000}), (BinlogCoordinates{"bin.000010", 4}));
  EXPECT_LT((BinlogCoordinates{"bin.999999", 9000}), (BinlogCoordinates{"bin.1000000", 4}));
}

TEST_F(LagTest, AVeryLongHangStaysBoundedAndKeepsTheOldest) {
  lag_.delivered({"bin.000001", 4});
  for (int second = 0; second < 20'000; ++second) {
    sample({"bin.000001", static_cast<std::uint64_t>(second) + 10}, at(second));
  }
  EXPECT_EQ(lag_.seconds(at(20'000)), 20'000.0);
}

TEST_F(LagTest, IsNotKnownOnceNobodyHasSeenTheEndForAWhile) {
  lag_.delivered({"bin.000001", 500});
  sample({"bin.000001", 500}, at(0));
  EXPECT_EQ(lag_.seconds(at(5)), 0.0);
  EXPECT_FALSE(lag_.seconds(at(60)));
  EXPECT_EQ(lag_.age_of_sample(at(60)), 60.0);
  sample({"bin.000001", 600}, at(61));
  EXPECT_EQ(lag_.seconds(at(300)), 239.0) << "what waits gets older, seen or not";
}

TEST_F(LagTest, AnEndThatWasAskedForBeforeResetIsAnotherSources) {
  const std::uint64_t source = lag_.source();
  lag_.reset();
  lag_.sample({"bin.000009", 100}, at(0), source);
  EXPECT_FALSE(lag_.seconds(at(0)));
}

TEST_F(LagTest, ResetForgets) {
  sample({"bin.000001", 100}, at(0));
  lag_.reset();
  EXPECT_FALSE(lag_.seconds(at(1)));
}

}  // namespace
}  // namespace rowtide::run
