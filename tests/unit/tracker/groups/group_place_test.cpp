#include "tracker/groups/group_place.h"

#include <gtest/gtest.h>

#include "common/status/reason.h"
#include "common/status/text.h"

namespace rowtide::groups {
namespace {

constexpr std::int64_t kNow = 1'000'000;

PartitionView view(std::int64_t begin, std::int64_t end, std::int64_t first_ms, std::int64_t last_ms) {
  return {.partition = {"shop.orders", static_cast<std::int32_t>(begin % 7)},
          .ends = {begin, end},
          .first_ms = first_ms,
          .last_ms = last_ms};
}

TEST(GroupPlace, ANewGroupBegins) {
  EXPECT_EQ(decide_place({}, {}, {std::nullopt, std::nullopt}), PlaceAction::Begin);
}

TEST(GroupPlace, AGroupThatWasThereBeforeKeepsItsPlace) {
  EXPECT_EQ(decide_place({}, {}, {5, 6}), PlaceAction::Keep);
}

TEST(GroupPlace, AHigherNonceMovesItOnce) {
  const task::ConsumerGroup group{.checkpoint_nonce = 3};
  EXPECT_EQ(decide_place(group, {.has_begun = true, .applied_nonce = 2}, {5}), PlaceAction::Move);
  EXPECT_EQ(decide_place(group, {.has_begun = true, .applied_nonce = 3}, {5}), PlaceAction::Keep);
  EXPECT_EQ(decide_place(group, {.has_begun = true, .applied_nonce = 4}, {5}), PlaceAction::Keep);
}

TEST(GroupPlace, PartitionsThatCameLaterGetOne) {
  EXPECT_EQ(decide_place({}, {.has_begun = true}, {5, std::nullopt}), PlaceAction::Complete);
}

TEST(GroupPlace, PartitionsOfAGroupThatWasNeverGivenAPlaceAreFilled) {
  EXPECT_EQ(decide_place({}, {}, {5, std::nullopt}), PlaceAction::Fill);
}

TEST(GroupPlace, AMoveIsKnownByWhatIsCommittedBesideIt) {
  const std::string note = note_of_move(7);
  EXPECT_EQ(move_noted({GroupPlace{1, note}, GroupPlace{2, note}}), 7);
  EXPECT_EQ(move_noted({GroupPlace{1, note}, GroupPlace{2, note_of_move(3)}}), 3);
  EXPECT_EQ(move_noted({GroupPlace{1, note}, GroupPlace{2, ""}}), std::nullopt) << "a consumer has committed";
  EXPECT_EQ(move_noted({GroupPlace{1, note}, std::nullopt}), std::nullopt);
  EXPECT_EQ(move_noted({GroupPlace{1, note + "x"}}), std::nullopt);
  EXPECT_EQ(move_noted({}), std::nullopt);
}

TEST(GroupPlace, AMoveThatWasBegunIsCarriedOutWhenSomethingIsCommittedSince) {
  const std::vector<Partition> partitions{{"shop.orders", 0}, {"shop.orders", 1}};
  const BegunMove move{.nonce = 7, .from = {{partitions[0], 5}, {partitions[1], std::nullopt}}};
  const auto is_done = [&](std::optional<GroupPlace> first, std::optional<GroupPlace> second) {
    return is_carried_out(move, partitions, {std::move(first), std::move(second)});
  };
  EXPECT_FALSE(is_done(GroupPlace{5, ""}, std::nullopt));
  EXPECT_FALSE(is_done(GroupPlace{5, note_of_move(6)}, std::nullopt));
  EXPECT_FALSE(is_done(std::nullopt, std::nullopt)) << "Kafka has forgotten it";
  EXPECT_TRUE(is_done(GroupPlace{5, note_of_move(7)}, std::nullopt));
  EXPECT_TRUE(is_done(GroupPlace{3, ""}, GroupPlace{9, note_of_move(7)}))
      << "a consumer has committed in one";
  EXPECT_TRUE(is_done(GroupPlace{3, ""}, std::nullopt)) << "a consumer has committed";
  EXPECT_TRUE(is_done(GroupPlace{5, ""}, GroupPlace{1, ""}));
}

TEST(GroupPlace, OneThatKafkaForgotIsNotMovedInSilence) {
  EXPECT_EQ(decide_place({}, {.has_begun = true}, {std::nullopt, std::nullopt}), PlaceAction::Lost);
  EXPECT_EQ(decide_place({.checkpoint_nonce = 1}, {.has_begun = true}, {std::nullopt}), PlaceAction::Move);
}

TEST(GroupPlace, DataBeginsWhereEveryPartitionHasAll) {
  const std::vector<PartitionView> whole{view(0, 9, 200, 900), view(0, 9, 100, 800)};
  EXPECT_EQ(data_begin_ms(whole), 100);
  EXPECT_EQ(data_end_ms(whole), 900);
  const std::vector<PartitionView> cut{view(3, 9, 300, 900), view(0, 9, 100, 800), view(5, 9, 400, 500)};
  EXPECT_EQ(data_begin_ms(cut), 400);
  EXPECT_EQ(data_begin_ms({}), std::nullopt);
}

TEST(GroupPlace, ATimeOutsideTheDataIsRefusedWithTheRange) {
  const std::vector<PartitionView> views{view(3, 9, 300'000, 900'000)};
  task::ConsumerGroup group{.group_id = "g", .start = task::GroupStart::Timestamp, .start_us = 299'999'000};
  const absl::Status early = check_start_time(group, views, kNow);
  EXPECT_EQ(reason_of(early), "TimeOutsideDataRange");
  EXPECT_NE(text(early).find("1970-01-01T00:05:00.000Z to 1970-01-01T00:15:00.000Z"), std::string::npos)
      << early;
  group.start_us = 300'000'000;
  EXPECT_TRUE(check_start_time(group, views, kNow).ok());
  group.start_us = 1'000'001'000;
  EXPECT_EQ(reason_of(check_start_time(group, views, kNow)), "TimeOutsideDataRange");
  group.start = task::GroupStart::Latest;
  EXPECT_TRUE(check_start_time(group, views, kNow).ok());
}

TEST(GroupPlace, OfAnEmptiedPartitionOnlyWhatCannotHaveBeenDeletedIsFit) {
  PartitionView emptied;
  emptied.partition = {"shop.orders", 3};
  emptied.ends = {5, 5};
  constexpr std::int64_t kHour = 3'600'000;
  task::ConsumerGroup group{
      .group_id = "g", .start = task::GroupStart::Timestamp, .start_us = (kNow - kHour) * 1000};
  const absl::Status unknown = check_emptied(group, emptied, std::nullopt, kNow);
  EXPECT_EQ(reason_of(unknown), "TimeOutsideDataRange");
  EXPECT_NE(text(unknown).find("shop.orders partition 3 holds no records any more"), std::string::npos)
      << unknown;
  EXPECT_FALSE(check_emptied(group, emptied, kHour - 1, kNow).ok());
  EXPECT_TRUE(check_emptied(group, emptied, kHour, kNow).ok());
  emptied.ends = {0, 0};
  EXPECT_TRUE(check_emptied(group, emptied, std::nullopt, kNow).ok()) << "it never held any";
  EXPECT_TRUE(check_emptied(group, view(3, 9, 1, 2), std::nullopt, kNow).ok());
  emptied.ends = {5, 5};
  group.start = task::GroupStart::Latest;
  EXPECT_TRUE(check_emptied(group, emptied, std::nullopt, kNow).ok());
}

TEST(GroupPlace, WhatWasNeverReadCountsFromItsBeginningAndWhatNobodyReadsDoesNot) {
  const std::vector<PartitionView> views{view(0, 9, 1, 2), view(3, 9, 1, 2), view(0, 7, 1, 2)};
  EXPECT_EQ(counted_places(views, {5, std::nullopt, 2}, {false, false, true}),
            (TopicSurvey::Places{5, 3, 7}));
  const TopicSurvey::Places none(3);
  EXPECT_EQ(counted_places(views, none, {false, false, true}), none) << "it has not begun";
  EXPECT_TRUE(is_of_nobody(std::nullopt));
  EXPECT_TRUE(is_of_nobody(GroupPlace{3, note_of_move(2)}));
  EXPECT_FALSE(is_of_nobody(GroupPlace{3, "partitions=1"}));
  EXPECT_FALSE(is_of_nobody(GroupPlace{3, ""}));
}

TEST(GroupPlace, WhatRetentionTookInFrontOfAGroupIsNamed) {
  const std::vector<PartitionView> views{view(3, 9, 1, 2), view(5, 9, 1, 2)};
  EXPECT_EQ(lost_before(views, {3, 9}), "");
  EXPECT_EQ(lost_before(views, {1, 9}), "shop.orders partition 3: offsets 1 to 2");
  EXPECT_EQ(lost_before(views, {std::nullopt, 3}), "shop.orders partition 5: offsets 3 to 4");
  EXPECT_EQ(lost_before(views, {2, 4}), "") << "the mark behind the last record that it read";
}

TEST(GroupPlace, ATopicThatWasMadeAnewIsNoticed) {
  const std::vector<PartitionView> views{view(0, 9, 1, 2)};
  EXPECT_EQ(beyond_end(views, {9}), "");
  EXPECT_EQ(beyond_end(views, {10}), "shop.orders partition 0: offset 10, the end is 9");
}

}  // namespace
}  // namespace rowtide::groups
