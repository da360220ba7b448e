#include "sdk/src/transaction_assembler.h"

#include <gtest/gtest.h>

namespace rowtide {
namespace {

class Assembler : public testing::Test {
 protected:
  Assembler() { assembler.begin(1); }
  void change(const char* id, std::uint64_t order, std::uint64_t partition = 1) {
    Change added;
    added.transaction_id = id;
    added.transaction_order = order;
    added.assignment = partition;
    added.offset = next_offset++;
    assembler.add(std::move(added));
  }
  void ddl(const char* id, std::uint64_t partition = 1) {
    Change added;
    added.assignment = partition;
    added.offset = next_offset++;
    added.operation = Operation::SchemaChange;
    added.transaction_id = id;
    assembler.add(std::move(added));
  }
  void end(const char* id, std::uint64_t count) { assembler.end(id, count, {9, 7}); }
  /// "a:1,2", with "?" behind it where changes are missing; "" when there is none.
  std::string next() {
    const auto transaction = assembler.next();
    if (!transaction) return "";
    std::string text = transaction->id + ":";
    for (const Change& each : transaction->changes) text += std::to_string(each.transaction_order);
    return text + (transaction->is_complete ? "" : "?");
  }
  TransactionAssembler assembler;
  std::int64_t next_offset = 0;
};

TEST_F(Assembler, GivesATransactionWhenItHasAllChangesAndItsEnd) {
  change("a", 2);
  change("a", 1);
  EXPECT_EQ(next(), "");
  end("a", 3);
  EXPECT_EQ(next(), "");
  change("a", 3);
  EXPECT_EQ(next(), "a:123");
  EXPECT_TRUE(assembler.empty());
}

TEST_F(Assembler, AChangeThatComesTwiceIsOne) {
  change("a", 1);
  change("a", 1);
  end("a", 2);
  EXPECT_EQ(next(), "") << "the second change is not there yet";
  change("a", 2);
  const auto transaction = assembler.next();
  ASSERT_TRUE(transaction.has_value());
  EXPECT_EQ(transaction->changes.size(), 2U);
  EXPECT_EQ(transaction->marks.size(), 2U) << "the repeat's place, and the END's";
}

TEST_F(Assembler, TheOrderIsThatOfTheEnds) {
  change("b", 1, 2);
  change("a", 1, 1);
  end("a", 2);
  end("b", 1);
  EXPECT_EQ(next(), "") << "b waits for a, which was committed before";
  change("a", 2);
  EXPECT_EQ(next(), "a:12");
  EXPECT_EQ(next(), "b:1");
}

TEST_F(Assembler, ASchemaChangeComesBeforeWhatStandsBehindItInItsPartition) {
  change("a", 1, 2);
  change("b", 1, 2);
  ddl("d", 1);
  end("a", 2);
  end("b", 1);
  EXPECT_EQ(next(), "") << "whether it was before a is not known yet";
  change("a", 2, 1);
  EXPECT_EQ(next(), "d:0") << "before a, and so before b, which was committed after a";
  EXPECT_EQ(next(), "a:12");
  EXPECT_EQ(next(), "b:1");
}

TEST_F(Assembler, ASchemaChangeComesBeforeWhatEndsAfterOneThatStandsBehindIt) {
  change("a", 1, 2);
  change("b", 1, 2);
  ddl("d", 1);
  change("a", 2, 1);
  EXPECT_EQ(next(), "") << "b may be before it";
  end("a", 2);
  end("b", 1);
  EXPECT_EQ(next(), "d:0");
  EXPECT_EQ(next(), "a:12");
  EXPECT_EQ(next(), "b:1");
}

TEST_F(Assembler, ASchemaChangeWaitsForWhatWasBegunBeforeIt) {
  change("a", 1);
  ddl("d");
  change("b", 1, 2);
  end("b", 1);
  end("a", 1);
  EXPECT_EQ(next(), "b:1") << "its END stands before a's";
  EXPECT_EQ(next(), "a:1");
  EXPECT_EQ(next(), "d:0");
  ddl("e");
  EXPECT_EQ(next(), "e:0");
}

TEST_F(Assembler, WhatIsMissingForGoodIsGivenAsSuch) {
  assembler.begin(2);
  change("a", 2);
  end("a", 2);
  assembler.exhaust(1, 1);
  EXPECT_EQ(next(), "") << "it may come from the other partition";
  EXPECT_TRUE(assembler.may_hold_awaited(2));
  EXPECT_FALSE(assembler.may_hold_awaited(1));
  assembler.exhaust(2, 1);
  EXPECT_EQ(next(), "a:2?");
  end("a", 2);
  end("a", 2);
  EXPECT_EQ(next(), "") << "an exhausted partition says nothing of a later END";
  for (const std::uint64_t partition : {1U, 2U}) assembler.exhaust(partition, 2);
  EXPECT_EQ(next(), "a:?");
  EXPECT_EQ(next(), "") << "an END that came twice is one";
}

TEST_F(Assembler, LaterTransactionsInEachPartitionSayThatChangesAreMissing) {
  assembler.begin(2);
  change("a", 2, 1);
  end("a", 2);
  change("b", 1, 1);
  change("b", 2, 2);
  EXPECT_EQ(next(), "") << "b's END is not known: it may have been before a's";
  end("b", 2);
  EXPECT_EQ(next(), "a:2?");
  EXPECT_EQ(next(), "b:12");
}

TEST_F(Assembler, AnEndBeforeTheStartIsKnownByALaterTransaction) {
  assembler.begin(2);
  change("a", 1, 1);
  change("a", 2, 2);
  change("b", 1, 2);
  change("c", 1, 1);
  EXPECT_EQ(next(), "");
  EXPECT_TRUE(assembler.has_unended(1));
  end("c", 1);
  EXPECT_EQ(next(), "a:12?");
  EXPECT_EQ(next(), "c:1") << "b may be c's successor";
  EXPECT_EQ(next(), "");
  change("d", 1, 2);
  end("d", 1);
  EXPECT_EQ(next(), "b:1?");
  EXPECT_EQ(next(), "d:1");
  EXPECT_TRUE(assembler.empty());
}

TEST_F(Assembler, WhatStandsBeforeALostTransactionIsLostToo) {
  for (const std::uint64_t partition : {2U, 3U}) assembler.begin(partition);
  change("a", 1, 3);
  change("b", 1, 3);
  change("b", 2, 2);
  change("c", 1, 2);
  end("c", 2);
  EXPECT_EQ(next(), "a:1?");
  EXPECT_EQ(next(), "b:12?");
  ddl("d", 2);
  change("c", 2, 1);
  EXPECT_EQ(next(), "c:12");
  EXPECT_EQ(next(), "d:0");
}

TEST_F(Assembler, ARepeatSaysNothingOfTheOrder) {
  assembler.begin(2);
  change("a", 1);
  end("a", 1);
  EXPECT_EQ(next(), "a:1");
  change("b", 1, 1);
  end("b", 2);
  change("a", 1);  // the tracker was killed, and sends from here again
  change("b", 1);
  EXPECT_EQ(next(), "") << "a's END comes again too";
  end("a", 1);
  change("b", 2, 2);
  EXPECT_EQ(next(), "b:12");
  EXPECT_EQ(next(), "a:1");
}

}  // namespace
}  // namespace rowtide
