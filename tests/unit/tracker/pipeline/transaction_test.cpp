#include "tracker/pipeline/transaction.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rowtide::pipeline {
namespace {

const binlog::MysqlGtid kGtid{.uuid = {1}, .tag = {}, .number = 7};

binlog::Position before() {
  return {.gtids = binlog::MysqlGtidSet(), .file = "binlog.000003", .offset = 484};
}

TEST(Transactions, AreNamedByTheirGtidElseByWhereTheyBegin) {
  Transaction transaction(false);
  transaction.begin(kGtid, 0, before());
  EXPECT_EQ(transaction.id(), "01000000-0000-0000-0000-000000000000:7");
  EXPECT_TRUE(transaction.has_mysql_gtid());
  transaction.end();
  EXPECT_FALSE(transaction.is_open());
  transaction.begin({}, 0, before());
  EXPECT_EQ(transaction.id(), "file=binlog.000003,pos=484");
  EXPECT_FALSE(transaction.has_mysql_gtid());
}

TEST(Transactions, NothingOfOneIsLeftInTheNext) {
  Transaction transaction(false);
  transaction.begin(kGtid, 5, before());
  transaction.set_explicit(true);
  transaction.set_changes_nothing(true);
  transaction.set_thread_id(9);
  transaction.end();
  transaction.begin({}, 0, before());
  EXPECT_FALSE(transaction.is_explicit());
  EXPECT_FALSE(transaction.changes_nothing());
  EXPECT_EQ(transaction.thread_id(), 0U);
}

TEST(Transactions, OneThatIsRolledBackCountsAsNoneAndItsGtidAsDone) {
  Transaction transaction(false);
  transaction.begin(kGtid, 0, before());
  transaction.roll_back();
  EXPECT_FALSE(transaction.is_open());
  binlog::GtidSet done = binlog::MysqlGtidSet();
  transaction.add_to(done);
  EXPECT_EQ(binlog::to_string(done), "01000000-0000-0000-0000-000000000000:7");
}

TEST(Transactions, CommitTimesAreTheGtidsElseTheEvents) {
  const binlog::EventView event{.header = {.timestamp = 1700000000}, .body = {}, .start_offset = 500};
  Transaction transaction(true);
  transaction.begin({}, 1700000000123456, before());
  EXPECT_EQ(transaction.origin_of(event, "binlog.000003", before()).commit_timestamp_us, 1700000000123456);
  transaction.begin({}, 0, before());
  const encode::ChangeOrigin origin = transaction.origin_of(event, "binlog.000003", before());
  EXPECT_EQ(origin.commit_timestamp_us, 1700000000000000);
  EXPECT_EQ(origin.processed_timestamp_us, origin.commit_timestamp_us) << "the same files, the same records";
  EXPECT_EQ(origin.offset, 500U);
  EXPECT_EQ(origin.transaction_offset, 484U);
}

}  // namespace
}  // namespace rowtide::pipeline
