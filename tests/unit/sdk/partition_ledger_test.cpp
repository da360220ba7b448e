#include "sdk/src/partition_ledger.h"

#include <gtest/gtest.h>

namespace rowtide::test {
namespace {

TEST(PartitionLedger, TheCheckpointIsTheFirstThatIsNotAcknowledged) {
  PartitionLedger ledger(10);
  EXPECT_EQ(ledger.checkpoint(), 10);
  ledger.deliver(10, 1);
  ledger.deliver(12, 2);
  ledger.deliver(15, 3);
  EXPECT_EQ(ledger.checkpoint(), 10);
  EXPECT_EQ(ledger.acknowledge(12), 2U);
  EXPECT_EQ(ledger.checkpoint(), 10);
  EXPECT_EQ(ledger.acknowledge(10), 1U);
  EXPECT_EQ(ledger.checkpoint(), 15);
  EXPECT_EQ(ledger.acknowledge(15), 3U);
  EXPECT_EQ(ledger.checkpoint(), 16);
}

TEST(PartitionLedger, WhatIsNoChangeMovesItWithoutAcknowledgement) {
  PartitionLedger ledger(0);
  ledger.pass(3);
  EXPECT_EQ(ledger.checkpoint(), 3);
  ledger.deliver(3, 1);
  ledger.pass(9);
  EXPECT_EQ(ledger.checkpoint(), 3);
  EXPECT_EQ(ledger.acknowledge(3), 1U);
  EXPECT_EQ(ledger.checkpoint(), 9);
  ledger.pass(5);
  EXPECT_EQ(ledger.checkpoint(), 9) << "never back";
}

TEST(PartitionLedger, ASecondAcknowledgementAndAnUnknownOneAreNone) {
  PartitionLedger ledger(0);
  ledger.deliver(0, 1);
  ledger.deliver(1, 1);
  EXPECT_EQ(ledger.acknowledge(1), 1U);
  EXPECT_EQ(ledger.acknowledge(1), std::nullopt);
  EXPECT_EQ(ledger.acknowledge(7), std::nullopt);
}

}  // namespace
}  // namespace rowtide::test
