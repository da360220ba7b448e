#include "tracker/osc/helper_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rowtide::osc {
namespace {

using testing::HasSubstr;
using testing::Optional;

task::OnlineSchemaChanges settings(std::string ghost, std::string other = {}) {
  task::OnlineSchemaChanges settings;
  settings.ghost = std::move(ghost);
  settings.other = std::move(other);
  return settings;
}

TEST(HelperNames, KnowsTheToolsTables) {
  const HelperNames names = HelperNames::create({}).value();
  for (const char* ghost : {"_t_gho", "_t_new", "__t_new"}) {
    EXPECT_THAT(names.real_of_ghost(ghost), Optional(std::string("t"))) << ghost;
    EXPECT_TRUE(names.is_helper(ghost));
  }
  for (const char* other : {"_t_ghc", "_t_del", "_t_20240102030405_del", "_t_old", "___t_old"}) {
    EXPECT_EQ(names.real_of_ghost(other), std::nullopt) << other;
    EXPECT_THAT(names.real_of_helper(other), Optional(std::string("t"))) << other;
  }
  for (const char* real : {"t", "t_new", "_t", "_t_news", "_new"})
    EXPECT_FALSE(names.is_helper(real)) << real;
}

TEST(HelperNames, OfOtherToolsByExpression) {
  const HelperNames names = HelperNames::create(settings("shadow_(.+)", "trash_(.+)")).value();
  EXPECT_THAT(names.real_of_ghost("shadow_t"), Optional(std::string("t")));
  EXPECT_TRUE(names.is_helper("trash_t"));
  EXPECT_FALSE(names.is_helper("_t_gho"));
}

TEST(HelperNames, PassThroughKnowsNone) {
  task::OnlineSchemaChanges off;
  off.mode = task::OnlineSchemaChangeMode::PassThrough;
  const HelperNames names = HelperNames::create(off).value();
  EXPECT_FALSE(names.is_helper("_t_gho"));
  EXPECT_FALSE(names.is_on());
}

TEST(HelperNames, ExpressionsAreChecked) {
  for (const char* bad : {"_(", "_t_new", "_(.)(.)"}) {
    const absl::Status status = HelperNames::create(settings(bad)).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << bad;
    EXPECT_THAT(std::string(status.message()), HasSubstr("spec.onlineSchemaChangeTables.ghost"));
  }
}

}  // namespace
}  // namespace rowtide::osc
