#include "tracker/groups/group_rival.h"

#include <gtest/gtest.h>

#include "common/status/reason.h"
#include "common/status/text.h"

namespace rowtide::groups {
namespace {

constexpr std::int64_t kDay = 24LL * 60 * 60 * 1000;
constexpr std::int64_t kNow = 100 * kDay;

task::ConsumerGroup group(const std::string& name_space, const std::string& name, const std::string& uid) {
  return {.name = name, .group_namespace = name_space, .uid = uid, .task = "orders", .group_id = "cache"};
}

GroupNote kept_for(const task::ConsumerGroup& of, std::int64_t at_ms = kNow) {
  GroupNote note{.has_begun = true};
  claim(of, at_ms, note);
  return note;
}

TEST(GroupRival, AnotherOfTheSameIdIsOne) {
  const task::ConsumerGroup own = group("a", "cache", "1");
  EXPECT_TRUE(check_rivals(own, {}, kNow).ok());
  EXPECT_TRUE(check_rivals(own, {{"1", kept_for(own)}}, kNow).ok());
  const absl::Status near = check_rivals(own, {{"2", kept_for(group("a", "other", "2"))}}, kNow);
  EXPECT_EQ(reason_of(near), "DuplicateGroup");
  EXPECT_NE(text(near).find("the ConsumerGroup a/orders/other keeps the group cache"), std::string::npos)
      << near;
  const absl::Status far = check_rivals(own, {{"2", kept_for(group("ab", "cache", "2"))}}, kNow);
  EXPECT_EQ(reason_of(far), "DuplicateGroup");
  EXPECT_EQ(text(far).find("ab/orders"), std::string::npos) << far;
}

TEST(GroupRival, OfAnotherIdOrNoteItIsNone) {
  const task::ConsumerGroup own = group("a", "cache", "1");
  task::ConsumerGroup other = group("b", "cache", "2");
  other.group_id = "cache2";
  EXPECT_TRUE(check_rivals(own, {{"2", kept_for(other)}}, kNow).ok());
  EXPECT_TRUE(check_rivals(own, {{"2", GroupNote{.has_begun = true}}}, kNow).ok())
      << "given up, or of before";
  EXPECT_TRUE(check_rivals(own, {{"2", absl::DataLossError("?")}}, kNow).ok());
}

TEST(GroupRival, OneThatWasMadeAnewIsNone) {
  task::ConsumerGroup before = group("a", "cache", "1");
  EXPECT_TRUE(check_rivals(group("a", "cache", "2"), {{"1", kept_for(before)}}, kNow).ok());
  before.task = "customers";
  EXPECT_TRUE(check_rivals(group("a", "cache", "2"), {{"1", kept_for(before)}}, kNow).ok());
  before.task = "cache";
  before.name = "orders";
  EXPECT_FALSE(check_rivals(group("a", "cache", "2"), {{"1", kept_for(before)}}, kNow).ok());
}

TEST(GroupRival, OneThatNobodyKeepsIsNone) {
  const GroupNotes notes{{"2", kept_for(group("b", "cache", "2"), kNow - 3 * kDay)}};
  EXPECT_FALSE(check_rivals(group("a", "cache", "1"), notes, kNow).ok());
  EXPECT_TRUE(check_rivals(group("a", "cache", "1"), notes, kNow + 1).ok());
}

TEST(GroupRival, AClaimIsRenewedOnceADay) {
  const task::ConsumerGroup own = group("a", "cache", "1");
  GroupNote note = kept_for(own);
  claim(own, kNow + kDay - 1, note);
  EXPECT_EQ(note.kept_at_ms, kNow);
  claim(own, kNow + kDay, note);
  EXPECT_EQ(note.kept_at_ms, kNow + kDay);
}

}  // namespace
}  // namespace rowtide::groups
