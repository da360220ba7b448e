#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
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

/// Everything that tests of the operator say.
std::string text_of_tests() {
  std::string text;
  for (const char* folder : {"tests/unit/operator", "tests/integration", "tests/e2e"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(test::source_root() / folder)) {
      if (entry.path().extension() != ".cpp" || entry.path().filename() == "operations_doc_test.cpp")
        continue;
      std::ifstream file(entry.path());
      text.append(std::istreambuf_iterator<char>(file), {});
    }
  }
  return text;
}

bool has_word(const std::string& text, const std::string& word) {
  const auto is_part = [&](std::size_t at) {
    return at < text.size() && std::isalnum(static_cast<unsigned char>(text[at])) != 0;
  };
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
    if (!is_part(at - 1) && !is_part(at + word.size())) return true;
  }
  return false;
}

TEST(OperationsDoc, EachReasonIsInATest) {
  const std::string tests = text_of_tests();
  for (const std::string& reason : reasons_in_code()) EXPECT_TRUE(has_word(tests, reason)) << reason;
}

}  // namespace
}  // namespace rowtide::op::tasks
