#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "tests/support/temp_dir.h"

// docs/operations.md against the code: each reason that the operator gives stands there, and no other.

namespace rowtide::op::tasks {
namespace {

std::string source_text(const std::string& path) {
  std::ifstream file(test::source_root() / path);
  EXPECT_TRUE(file) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void add_matches(const std::string& text, const char* pattern, std::set<std::string>& found) {
  const std::regex expression(pattern);
  for (auto match = std::sregex_iterator(text.begin(), text.end(), expression);
       match != std::sregex_iterator(); ++match) {
    found.insert((*match)[1]);
  }
}

std::set<std::string> reasons_in_code() {
  std::set<std::string> reasons;
  const std::string status = source_text("operator/tasks/status.cpp");
  add_matches(status, R"re(ConditionStatus::\w+, "(\w+)")re", reasons);
  add_matches(status, R"re(not_ready\("(\w+)")re", reasons);
  const std::string sidecars = source_text("operator/tasks/sidecar_status.cpp");
  add_matches(sidecars, R"re(ConditionStatus::\w+,\s*"(\w+)")re", reasons);
  add_matches(sidecars, R"re(not_ready\("(\w+)")re", reasons);
  const std::string whitelist = source_text("operator/tasks/whitelist.cpp");
  add_matches(whitelist, R"re(ConditionStatus::\w+, "(\w+)")re", reasons);
  add_matches(whitelist, R"re(attempt\.reason = "(\w+)")re", reasons);
  add_matches(source_text("operator/tasks/lag_target.cpp"), R"re(ConditionStatus::\w+, "(\w+)")re", reasons);
  const std::string cleanup = source_text("operator/tasks/cleanup_cycle.cpp");
  add_matches(cleanup, R"re(ConditionStatus::\w+, "(\w+)")re", reasons);
  add_matches(cleanup, R"re(\.reason = "(\w+)")re", reasons);
  const std::string tracker = source_text("operator/tasks/tracker_state.cpp");
  add_matches(tracker, R"re(ConditionStatus::\w+, "(\w+)")re", reasons);
  add_matches(tracker, R"re(not_available\(\s*"(\w+)")re", reasons);
  add_matches(tracker, R"re(\? "(\w+)" : "\w+")re", reasons);
  add_matches(tracker, R"re(\? "\w+" : "(\w+)")re", reasons);
  add_matches(source_text("operator/tasks/pod_state.cpp"), R"re(return \{"(\w+)")re", reasons);
  const std::string claims = source_text("operator/tasks/group_claims.cpp");
  add_matches(claims, R"re(ConditionStatus::\w+,\s*"(\w+)")re", reasons);
  add_matches(claims, R"re(refused\(\s*"(\w+)")re", reasons);
  const std::string groups = source_text("operator/tasks/group_state.cpp");
  add_matches(groups, R"re(ConditionStatus::\w+,\s*"(\w+)")re", reasons);
  add_matches(groups, R"re(\.reason = "(\w+)")re", reasons);
  const std::string refusal = source_text("operator/tasks/refusal.cpp");
  add_matches(refusal, R"re(\.reason = "(\w+)")re", reasons);
  add_matches(refusal, R"re(\? "(\w+)" : "ChildRefused")re", reasons);
  add_matches(refusal, R"re(\? "NameTaken" : "(\w+)")re", reasons);
  return reasons;
}

TEST(OperationsDoc, NamesEachReasonAndNoOther) {
  std::set<std::string> documented;
  add_matches(source_text("docs/operations.md"), R"re(\n\| \w+ \| (\w+) \|)re", documented);
  documented.erase("reason");
  // The source's own refusals are passed on from the precheck's report.
  for (const char* passed_on : {"HostNotPrivileged", "HostBlocked"})
    EXPECT_EQ(documented.erase(passed_on), 1U);
  EXPECT_THAT(documented, testing::ContainerEq(reasons_in_code()));
}

}  // namespace
}  // namespace rowtide::op::tasks
