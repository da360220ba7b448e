#include "common/version.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rowtide {
namespace {

TEST(Version, SaysTheCommit) {
  EXPECT_THAT(std::string(git_commit()), testing::MatchesRegex("unknown|[0-9a-f]{12,40}(-dirty)?"));
  EXPECT_EQ(version_text(), std::string(kVersion) + " (commit " + std::string(git_commit()) + ")");
}

}  // namespace
}  // namespace rowtide
