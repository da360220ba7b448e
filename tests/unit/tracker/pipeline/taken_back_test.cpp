#include "tracker/pipeline/taken_back.h"

#include <gtest/gtest.h>

#include <string>

namespace rowtide::pipeline {
namespace {

/// "s(NAME" sets a savepoint, "r(NAME" rolls back to it, anything else is a rows event. Gives the rows events
/// that stay, "1" being the second; or what was wrong.
std::string what_stays(const std::vector<std::string>& group) {
  TakenBack taken;
  taken.begin();
  for (const std::string& each : group) {
    if (each.starts_with("s(")) {
      taken.set_savepoint(each.substr(2));
    } else if (each.starts_with("r(")) {
      if (const auto from = taken.roll_back_to(each.substr(2)); !from.ok()) {
        return std::string(absl::StatusCodeToString(from.status().code()));
      }
    } else {
      taken.count();
    }
  }
  const std::uint64_t all = taken.counted();
  taken.begin_again();
  std::string stays;
  for (std::uint64_t number = 0; number < all; ++number) {
    if (!taken.contains(number)) stays += std::to_string(number);
  }
  return stays;
}

TEST(TakenBack, IsWhatCameAfterTheSavepoint) {
  EXPECT_EQ(what_stays({"0", "s(a", "1", "2", "r(a", "3"}), "03");
  EXPECT_EQ(what_stays({"s(a", "0", "r(a"}), "");
  EXPECT_EQ(what_stays({"0", "s(a", "r(a", "1"}), "01");
  EXPECT_EQ(what_stays({"0", "s(a", "1"}), "01");
}

TEST(TakenBack, MayBeSaidOfOneSavepointAgain) {
  EXPECT_EQ(what_stays({"0", "s(a", "1", "r(a", "2", "r(a", "3"}), "03");
}

TEST(TakenBack, ReachesOverInnerSavepoints) {
  EXPECT_EQ(what_stays({"0", "s(a", "1", "s(b", "2", "r(b", "3", "r(a", "4"}), "04");
  EXPECT_EQ(what_stays({"0", "s(a", "1", "s(b", "2", "r(b", "3", "s(b", "4", "r(b", "5"}), "0135");
}

TEST(TakenBack, GoesByTheNewestOfAName) {
  EXPECT_EQ(what_stays({"s(a", "0", "s(a", "1", "r(a"}), "0");
  EXPECT_EQ(what_stays({"s(S", "0", "s(s", "1", "r(S"}), "0") << "upper and lower case are the same";
}

TEST(TakenBack, IsNotGuessed) {
  EXPECT_EQ(what_stays({"0", "r(a"}), "NOT_FOUND");
  // utf8_general_ci: to the server u is ü, and the second savepoint took the first one's place.
  EXPECT_EQ(what_stays({"s(ü", "0", "s(u", "1", "r(ü"}), "UNIMPLEMENTED");
  EXPECT_EQ(what_stays({"s(u", "0", "s(Ü", "1", "r(U"}), "UNIMPLEMENTED");
  EXPECT_EQ(what_stays({"s(ü", "0", "r(Ü"}), "UNIMPLEMENTED");
  EXPECT_EQ(what_stays({"s(ü", "0", "s(inner", "1", "r(ü"}), "") << "no two that could be one";
  EXPECT_EQ(what_stays({"s(u", "0", "s(ü", "1", "r(ü"}), "0");
}

TEST(TakenBack, IsOfOneGroup) {
  TakenBack taken;
  taken.begin();
  taken.set_savepoint("a");
  taken.count();
  ASSERT_TRUE(taken.roll_back_to("a").ok());
  EXPECT_TRUE(taken.contains(0));
  EXPECT_FALSE(taken.is_known());
  taken.begin_again();
  EXPECT_TRUE(taken.is_known());
  EXPECT_TRUE(taken.contains(0));
  taken.begin();
  EXPECT_FALSE(taken.contains(0));
  EXPECT_FALSE(taken.roll_back_to("a").ok());
}

TEST(TakenBack, RemembersTheNewestOfVeryManySavepoints) {
  TakenBack taken;
  taken.begin();
  for (std::size_t i = 0; i <= TakenBack::kMaxSavepoints; ++i) {
    taken.set_savepoint("s" + std::to_string(i));
    taken.count();
  }
  EXPECT_EQ(taken.roll_back_to("s60000").value(), 60000U);
  EXPECT_TRUE(absl::IsNotFound(taken.roll_back_to("s1").status()));
}

}  // namespace
}  // namespace rowtide::pipeline
