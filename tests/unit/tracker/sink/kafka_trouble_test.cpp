#include "tracker/sink/kafka_trouble.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tracker/sink/sink.h"

namespace rowtide::sink {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

constexpr KafkaTrouble::Clock::time_point kBegin{seconds(1000)};

TEST(KafkaTrouble, IsSaidAfterAWhileInTheSameWords) {
  KafkaTrouble trouble("kafka:9092");
  trouble.begin(kBegin);
  trouble.note_error("kafka:9092: Connection refused (after 0ms in state CONNECT)");
  trouble.note_error(
      "kafka:9092: Connection refused (after 3ms in state CONNECT, 5 identical error(s) suppressed)");
  EXPECT_TRUE(trouble.status(kBegin + seconds(9)).ok());
  const absl::Status status = trouble.status(kBegin + seconds(10));
  EXPECT_EQ(reason_of(status), kSinkUnavailable);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("Connection refused; check that the brokers at kafka:9092 run"));
  EXPECT_EQ(trouble.status(kBegin + seconds(100)), status);
}

TEST(KafkaTrouble, ABrokerThatOnlyHangsIsTroubleToo) {
  KafkaTrouble trouble("kafka:9092");
  trouble.begin(kBegin);
  EXPECT_THAT(std::string(trouble.status(kBegin + seconds(10)).message()), HasSubstr("does not answer"));
}

TEST(KafkaTrouble, IsOverWhenSomethingIsTaken) {
  KafkaTrouble trouble("kafka:9092");
  trouble.begin(kBegin);
  trouble.note_error("first");
  trouble.note_progress(kBegin + seconds(20));
  EXPECT_TRUE(trouble.status(kBegin + seconds(29)).ok());
  trouble.note_error("second");
  EXPECT_THAT(std::string(trouble.status(kBegin + seconds(30)).message()), HasSubstr("second"));
}

}  // namespace
}  // namespace rowtide::sink
