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

TEST_F(SourceSamplers, BytesBehindAreCountedOverFiles) {
  sampler_.sample();
  EXPECT_EQ(sampler_.behind_bytes(), std::nullopt) << "nothing is saved yet";
  saved_ = at(200);
  set_end("binlog.000001", 1000);
  sampler_.sample();
  EXPECT_EQ(sampler_.behind_bytes(), 800U);
  EXPECT_EQ(sampler_.retention_seconds(), 86'400U);

  binlog_files_ = {
      {"binlog.000000", 5000}, {"binlog.000001", 1000}, {"binlog.000002", 300}, {"binlog.000003", 70}};
  set_end("binlog.000003", 50);  // it has grown since
  sampler_.sample();
  EXPECT_EQ(sampler_.behind_bytes(), 800U + 300U + 50U);
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
