#include "tracker/checkpoint/checkpoint_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "common/status/text.h"

namespace rowtide::checkpoint {
namespace {

using testing::HasSubstr;

Checkpoint some() {
  Checkpoint checkpoint;
  checkpoint.position.gtids = *binlog::MysqlGtidSet::parse("3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5");
  checkpoint.position.file = "mysql-bin.000003";
  checkpoint.position.offset = 8'589'934'592;
  checkpoint.saved_at_ms = 1'700'000'000'000;
  return checkpoint;
}

Owner orders() {
  return {.identity = "u-1", .name = "shop/orders", .source = "db:3306", .topic = "shop.orders"};
}

TEST(CheckpointJson, IsExactlyThis) {
  EXPECT_EQ(
      to_json(some(), orders()),
      R"({"name":"shop/orders","position":{"file":"mysql-bin.000003","flavor":"mysql",)"
      R"("gtidSet":"3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5","offset":8589934592},)"
      R"("resetNonce":0,"savedAtMs":1700000000000,"source":"db:3306","task":"u-1","topic":"shop.orders","version":1})");
}

TEST(CheckpointJson, ComesBack) {
  const auto checkpoint = checkpoint_from_json(to_json(some(), orders()), "u-1");
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
  EXPECT_EQ(checkpoint->position, some().position);
  EXPECT_EQ(checkpoint->saved_at_ms, some().saved_at_ms);
}

TEST(CheckpointJson, HasTheNonceOfItsTask) {
  Owner owner = orders();
  owner.reset_nonce = 7;
  EXPECT_EQ(checkpoint_from_json(to_json(some(), owner), "u-1")->reset_nonce, 7);
}

TEST(CheckpointJson, SaysWhatIsWrong) {
  struct Case {
    const char* text;
    const char* complaint;
  };
  const std::array cases{
      Case{"", "it is no JSON object"},
      Case{"{\"position\":", "it is no JSON object"},
      Case{"[]", "it is no JSON object"},
      Case{"{}", "version is missing"},
      Case{R"({"version":"1"})", "version is missing"},
      Case{R"({"version":2})", "it has version 2, and this Rowtide knows version 1 only"},
      Case{R"({"version":1,"savedAtMs":"x"})", "savedAtMs is missing"},
      Case{R"({"version":1,"savedAtMs":1})", "position is missing"},
      Case{R"({"version":1,"savedAtMs":1,"position":{}})", "task is missing"},
  };
  for (const Case& one : cases) {
    const auto checkpoint = checkpoint_from_json(one.text, "default/orders");
    EXPECT_TRUE(absl::IsDataLoss(checkpoint.status())) << one.text;
    EXPECT_THAT(std::string(text(checkpoint.status())), HasSubstr(one.complaint));
  }
  EXPECT_TRUE(absl::IsDataLoss(
      checkpoint_from_json(R"({"version":1,"savedAtMs":1,"position":7,"task":"default/orders"})",
                           "default/orders")
          .status()));
}

TEST(CheckpointJson, IsUtf8WhateverTheTaskIsCalled) {
  EXPECT_THAT(to_json(some(), {.identity = "orders\xff"}), HasSubstr("\"orders\uFFFD\""));
}

TEST(CheckpointJson, IsNotAnotherTasks) {
  const auto checkpoint = checkpoint_from_json(to_json(some(), orders()), "u-2");
  EXPECT_TRUE(absl::IsFailedPrecondition(checkpoint.status()));
  EXPECT_EQ(text(checkpoint.status()), "it is the checkpoint of task u-1, not of u-2");
}

}  // namespace
}  // namespace rowtide::checkpoint
