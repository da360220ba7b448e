#include "sdk/src/transaction_assembler.h"

#include <gtest/gtest.h>

namespace rowtide {
namespace {

using namespace std::chrono_literals;

class Assembler : public testing::Test {
 protected:
  void change(const char* id, std::uint64_t order) {
    Change added;
    added.transaction_id = id;
    added.transaction_order = order;
    added.offset = static_cast<std::int64_t>(order);
    assembler.add(std::move(added));
  }
  void ddl(const char* id) {
    Change added;
    added.operation = Operation::SchemaChange;
    added.transaction_id = id;
    assembler.add(std::move(added));
  }
  void end(const char* id, std::uint64_t count) { assembler.end(id, count, {1, 7}, now); }
  /// "a:1,2", with "?" behind it where changes are missing; "" when there is none.
  std::string next(bool is_at_end = false) {
    const auto transaction = assembler.next(is_at_end, now);
    if (!transaction) return "";
    std::string text = transaction->id + ":";
    for (const Change& each : transaction->changes) text += std::to_string(each.transaction_order);
    return text + (transaction->is_complete ? "" : "?");
  }
  TransactionAssembler assembler;
  TransactionAssembler::Clock::time_point now = TransactionAssembler::Clock::now();
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
  const auto transaction = assembler.next(false, now);
  ASSERT_TRUE(transaction.has_value());
  EXPECT_EQ(transaction->changes.size(), 2U);
  EXPECT_EQ(transaction->marks.size(), 2U) << "the repeat's place, and the END's";
}

TEST_F(Assembler, TheOrderIsThatOfTheEnds) {
  change("b", 1);
  change("a", 1);
  end("a", 2);
  end("b", 1);
  EXPECT_EQ(next(), "") << "b waits for a, which was committed before";
  change("a", 2);
  EXPECT_EQ(next(), "a:12");
  EXPECT_EQ(next(), "b:1");
}

TEST_F(Assembler, ASchemaChangeWaitsForWhatWasBegunBeforeIt) {
  change("a", 1);
  ddl("d");
  change("b", 1);
  end("b", 1);
  end("a", 1);
  EXPECT_EQ(next(), "b:1") << "its END stands before a's";
  EXPECT_EQ(next(), "a:1");
  EXPECT_EQ(next(), "d:0");
  ddl("e");
  EXPECT_EQ(next(), "e:0");
}

TEST_F(Assembler, WhatIsMissingForGoodIsGivenAsSuch) {
  change("a", 2);
  end("a", 2);
  EXPECT_EQ(next(true), "");
  now += 11s;
  EXPECT_EQ(next(false), "") << "there is more to read";
  EXPECT_EQ(next(true), "a:2?");
  end("a", 2);
  end("a", 2);
  now += 11s;
  EXPECT_EQ(next(true), "a:?");
  EXPECT_EQ(next(true), "") << "an END that came twice is one";
}

}  // namespace
}  // namespace rowtide
