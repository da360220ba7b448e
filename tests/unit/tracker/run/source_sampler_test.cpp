#include "tracker/run/source_sampler.h"

#include "tests/unit/tracker/run/run_fixture.h"

namespace rowtide::run {
namespace {

class SourceSamplers : public RunFixture {
 protected:
  Parts parts_ = parts();
  std::optional<binlog::Position> saved_;
  SourceSampler sampler_{parts_, [this] { return saved_; }, [] { return std::uint64_t{0}; }};
};

TEST_F(SourceSamplers, LagIsZeroOnceTheEndIsDelivered) {
  set_end("binlog.000001", 100);
  sampler_.sample();
  EXPECT_GE(*sampler_.lag().seconds(Lag::Clock::now() + std::chrono::seconds(3)), 3);
  sampler_.lag().delivered({"binlog.000001", 100});
  EXPECT_EQ(*sampler_.lag().seconds(Lag::Clock::now()), 0);
}

TEST_F(SourceSamplers, AnEndBeforeTheCheckpointIsSaidOnce) {
  saved_ = at(200);
  set_end("binlog.000001", 200);
  sampler_.sample();
  EXPECT_FALSE(sampler_.take_end_before_saved().has_value());
  set_end("binlog.000001", 100);
  sampler_.sample();
  EXPECT_EQ(sampler_.take_end_before_saved(), (binlog::BinlogCoordinates{"binlog.000001", 100}));
  EXPECT_FALSE(sampler_.take_end_before_saved().has_value());
}

TEST_F(SourceSamplers, AnotherServersEndSaysNothing) {
  saved_ = at(200);
  set_end("binlog.000001", 100);
  server_ = "server-2";
  sampler_.sample();
  EXPECT_FALSE(sampler_.take_end_before_saved().has_value());
}

}  // namespace
}  // namespace rowtide::run
