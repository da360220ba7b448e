// Groups of events that take back rows of their own.
#include <gmock/gmock.h>

#include "tests/unit/tracker/pipeline/pipeline_fixture.h"

namespace rowtide::pipeline {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

task::ObjectRule orders() {
  task::ObjectRule rule;
  rule.database = "shop";
  rule.tables = {"orders"};
  return rule;
}

class Rollback : public PipelineEvents {
 protected:
  Rollback() { track(orders(), {{}, "binlog.000001", 4, {}}); }

  /// Reads the events as a source gives them: again from where the pipeline wants them.
  absl::Status read(const std::vector<Event>& events) {
    std::vector<std::uint64_t> starts{end_};
    for (const Event& event : events) {
      starts.push_back(starts.back() + binlog::kEventHeaderSize + event.body.size() + binlog::kChecksumSize);
    }
    for (std::size_t i = 0; i < events.size();) {
      if (absl::Status status = put(events[i++]); !status.ok()) return status;
      if (pipeline_->reopen_at() == nullptr) continue;
      if (++reopened_ > 10) return absl::DeadlineExceededError("it is read again and again");
      const auto at = std::find(starts.begin(), starts.end(), pipeline_->reopen_at()->offset);
      if (at == starts.end()) return absl::OutOfRangeError("no event begins there");
      pipeline_->reopened();
      EXPECT_TRUE(put({EventType::FormatDescription, binlog::format_body("8.4.0")}).ok());
      i = static_cast<std::size_t>(at - starts.begin());
      end_ = *at;
    }
    return absl::OkStatus();
  }
  [[nodiscard]] std::vector<int> ids() const {
    std::vector<int> ids;
    for (const json& record : sink_.records) {
      if (record.contains("after")) ids.push_back(record["after"]["id"]);
    }
    return ids;
  }

  int reopened_ = 0;
};

std::vector<Event> operator+(std::vector<Event> one, const std::vector<Event>& other) {
  one.insert(one.end(), other.begin(), other.end());
  return one;
}

std::vector<Event> begin() {
  return {{EventType::AnonymousGtid, gtid(0)}, {EventType::Query, query("BEGIN")}};
}
std::vector<Event> say(std::string_view sql) {
  return {{EventType::Query, query(sql)}};
}
std::vector<Event> row(std::uint32_t id) {
  return {{EventType::TableMap, table_map()}, {EventType::WriteRows, inserts(id, 1)}};
}
std::vector<Event> commit() {
  return {{EventType::Xid, EventBytes().u64(99).str()}};
}
/// More than is held.
std::vector<Event> many_rows() {
  constexpr std::uint32_t kFirst = 1'000'000;
  constexpr unsigned kRows = 10'000;
  const std::string rows = inserts(kFirst, kRows);
  std::vector<Event> events;
  for (std::size_t bytes = 0; bytes <= HeldRows::kMaxTransactionBytes; bytes += rows.size()) {
    events.push_back({EventType::TableMap, table_map()});
    events.push_back({EventType::WriteRows, rows});
  }
  return events;
}
std::vector<Event> xa_start() {
  return {{EventType::AnonymousGtid, gtid(0)}, {EventType::Query, query("XA START X'61',X'',1")}};
}
std::vector<Event> xa_prepare(bool is_one_phase = false) {
  return say("XA END X'61',X'',1") +
         std::vector<Event>{{EventType::XaPrepare,
                             EventBytes().u8(is_one_phase ? 1 : 0).u32(1).u32(1).u32(0).text("a").str()}};
}
std::vector<Event> xa(std::string_view verb) {
  return std::vector<Event>{{EventType::AnonymousGtid, gtid(0)}} +
         say("XA " + std::string(verb) + " X'61',X'',1");
}

TEST_F(Rollback, OfATransactionLeavesNothingOfIt) {
  ASSERT_TRUE(read(begin() + row(1) + commit() + begin() + row(2) + row(3) + say("ROLLBACK")).ok());
  EXPECT_THAT(ids(), ElementsAre(1));
  EXPECT_EQ(counters_.total_rows(), 1U);
  EXPECT_EQ(counters_.transactions, 1U);
  EXPECT_EQ(pipeline_->position().offset, end_) << "and it is done";
  ASSERT_TRUE(read(begin() + row(4) + commit()).ok());
  EXPECT_THAT(ids(), ElementsAre(1, 4));
}

TEST_F(Rollback, HasNoTransactionRecords) {
  track(orders(), {{}, "binlog.000001", 4, {}}, std::size_t{64} << 20U, {.transaction_metadata = true});
  ASSERT_TRUE(read(begin() + row(1) + say("ROLLBACK")).ok());
  EXPECT_THAT(sink_.records, IsEmpty());
  ASSERT_TRUE(read(begin() + row(1) + say("SAVEPOINT s") + row(2) + say("ROLLBACK TO s") + commit()).ok());
  ASSERT_EQ(sink_.records.size(), 3U);
  EXPECT_EQ(sink_.records.back()["event_count"], 1);
}

TEST_F(Rollback, ToASavepointLeavesWhatCameBefore) {
  ASSERT_TRUE(read(begin() + row(1) + say("SAVEPOINT `s`") + row(2) + say("SAVEPOINT `t`") + row(3) +
                   say("ROLLBACK TO `S`") + row(4) + commit())
                  .ok());
  EXPECT_THAT(ids(), ElementsAre(1, 4));
  EXPECT_EQ(reopened_, 0);
}

TEST_F(Rollback, ToASavepointThatNobodySetStops) {
  const absl::Status status = read(begin() + row(1) + say("ROLLBACK TO `s`"));
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(text(status), testing::AllOf(HasSubstr("binlog.000001:"), HasSubstr("spec.startPosition")));
  EXPECT_THAT(sink_.records, IsEmpty());
}

TEST_F(Rollback, OfMoreThanIsHeldNeedsNoSecondReading) {
  ASSERT_TRUE(read(begin() + row(1) + many_rows() + say("ROLLBACK") + begin() + row(2) + commit()).ok());
  EXPECT_THAT(ids(), ElementsAre(2));
  EXPECT_EQ(reopened_, 0);
}

TEST_F(Rollback, ToASavepointOverMoreThanIsHeldIsReadAgain) {
  const std::vector<Event> other = {{EventType::TableMap, table_map("items", 8)},
                                    {EventType::WriteRows, inserts(9, 1, 8)}};
  ASSERT_TRUE(read(begin() + other + row(1) + say("SAVEPOINT s") + many_rows() + say("ROLLBACK TO s") +
                   row(2) + commit() + begin() + row(3) + commit())
                  .ok());
  EXPECT_THAT(ids(), ElementsAre(1, 2, 3));
  EXPECT_EQ(reopened_, 1);
  EXPECT_FALSE(pipeline_->is_reading_again());
  EXPECT_EQ(counters_.total_rows(), 3U);
  EXPECT_EQ(counters_.transactions, 2U);
  EXPECT_EQ(counters_.unselected_rows_events, 1U);
}

// MySQL 5.6 and older write none; a start position may stand after it.
TEST_F(Rollback, ALargeTransactionWithoutAGtidEventIsReadTwiceAndNoMore) {
  const absl::Status status = read(say("BEGIN") + row(1) + say("SAVEPOINT s") + many_rows() +
                                   say("ROLLBACK TO s") + row(2) + commit());
  ASSERT_TRUE(status.ok()) << text(status);
  EXPECT_EQ(reopened_, 1);
  EXPECT_THAT(ids(), testing::ElementsAre(1, 2));
}

TEST_F(Rollback, AnotherTransactionWhereTheSameIsReadAgainIsAnotherServers) {
  put_all(say("BEGIN") + many_rows() + commit());
  ASSERT_NE(pipeline_->reopen_at(), nullptr);
  EXPECT_EQ(binlog::to_string(pipeline_->reopen_at()->gtids), "") << "by its place";
  pipeline_->reopened();
  EXPECT_TRUE(put({EventType::FormatDescription, binlog::format_body("8.4.0")}).ok());
  const absl::Status status = put({EventType::GtidLog, gtid(9)});
  EXPECT_TRUE(absl::IsUnavailable(status)) << text(status);
  EXPECT_THAT(ids(), testing::IsEmpty());
}

// Else its Kafka transaction would be open while all of its rows are read.
TEST_F(Rollback, TheSchemaChangeOfALargeCreateSelectComesWithItsRows) {
  constexpr std::string_view kCreate = "CREATE TABLE orders (id INT, name VARCHAR(40)) START TRANSACTION";
  std::vector<Event> events{{EventType::AnonymousGtid, gtid(0)}, {EventType::Query, query(kCreate)}};
  put_all(events + many_rows());
  EXPECT_TRUE(sink_.records.empty());
}

TEST_F(Rollback, IsNotWaitedForWhereItCannotBe) {
  track(orders());  // GTIDs of MySQL
  ASSERT_TRUE(read({{EventType::GtidLog, gtid(1)},
                    {EventType::Query, query("BEGIN")},
                    {EventType::TableMap, table_map()},
                    {EventType::WriteRows, inserts(1, 2000)}})
                  .ok());
  EXPECT_THAT(sink_.records, testing::Not(IsEmpty())) << "before its end";
}

TEST_F(Rollback, InsideAPreparedTransaction) {
  const std::vector<Event> group =
      xa_start() + row(1) + say("SAVEPOINT s") + row(2) + say("ROLLBACK TO s") + row(3) + xa_prepare();
  ASSERT_TRUE(read(group).ok());
  EXPECT_THAT(ids(), IsEmpty());
  ASSERT_TRUE(read(xa("COMMIT")).ok());
  EXPECT_THAT(ids(), ElementsAre(1, 3));
  EXPECT_EQ(reopened_, 0);
}

TEST_F(Rollback, InsideALargePreparedTransaction) {
  ASSERT_TRUE(read(begin() + row(8) + commit() + xa_start() + row(1) + say("SAVEPOINT s") + many_rows() +
                   say("ROLLBACK TO s") + row(2) + xa_prepare() + xa("COMMIT") + begin() + row(9) + commit())
                  .ok());
  EXPECT_THAT(ids(), ElementsAre(8, 1, 2, 9));
  EXPECT_FALSE(pipeline_->is_reading_again());
}

TEST_F(Rollback, InsideALargeTransactionOfOnePhase) {
  ASSERT_TRUE(read(begin() + row(8) + commit() + xa_start() + row(1) + say("SAVEPOINT s") + many_rows() +
                   say("ROLLBACK TO s") + row(2) + xa_prepare(true) + begin() + row(9) + commit())
                  .ok());
  EXPECT_THAT(ids(), ElementsAre(8, 1, 2, 9));
}

TEST_F(Rollback, OfAnXaTransactionThatWasNotPrepared) {
  ASSERT_TRUE(read(xa_start() + row(1) + say("XA END X'61',X'',1") + say("XA ROLLBACK X'61',X'',1")).ok());
  EXPECT_EQ(pipeline_->position().offset, end_) << "it is done";
  ASSERT_TRUE(read(begin() + row(2) + commit()).ok());
  EXPECT_THAT(ids(), ElementsAre(2));
}

TEST_F(Rollback, OfWhatCannotBeTakenBackStops) {
  track(orders());
  const std::vector<Event> begun = {{EventType::GtidLog, gtid(1)}, {EventType::Query, query("BEGIN")}};
  const absl::Status status = read(begun + row(1) + say("ROLLBACK"));
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
  track(orders());
  EXPECT_FALSE(read(begun + say("SAVEPOINT s") + row(1) + say("ROLLBACK TO s")).ok());
}

TEST_F(Rollback, IsNotKnownWhereTheStreamEnds) {
  ASSERT_TRUE(read(begin() + row(1)).ok());
  EXPECT_THAT(ids(), IsEmpty());
  ASSERT_TRUE(pipeline_->hand_over_rest({}).ok());
  EXPECT_THAT(ids(), ElementsAre(1)) << "what of a damaged file can be saved";
}

TEST_F(Rollback, AFailureOfHeldRowsNamesTheirPlace) {
  ASSERT_TRUE(read(begin() + row(1)).ok());
  std::string damaged = inserts(2, 1);
  damaged.pop_back();
  ASSERT_TRUE(put({EventType::TableMap, table_map()}).ok());
  const std::uint64_t start = end_;
  ASSERT_TRUE(put({EventType::WriteRows, damaged}).ok());
  const absl::Status status = put(commit()[0]);
  EXPECT_THAT(text(status), HasSubstr("at binlog.000001:" + std::to_string(start) + ": table shop.orders"));
}

}  // namespace
}  // namespace rowtide::pipeline
