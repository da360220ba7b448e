#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "common/status/reason.h"
#include "tracker/precheck/check.h"
#include "tracker/precheck/connect_fault.h"

namespace rowtide::precheck {
namespace {

TEST(Catalogue, NamesAreUniqueAndNeedsStandBefore) {
  std::set<std::string_view> seen;
  for (const Check& check : checks()) {
    for (const std::string_view need : check.needs) {
      EXPECT_TRUE(seen.contains(need)) << check.name << " needs " << need;
    }
    EXPECT_TRUE(seen.insert(check.name).second) << check.name;
    EXPECT_NE(check.run, nullptr);
  }
  EXPECT_GE(seen.size(), 25U);
}

/// Checks that look at tables and can only warn: nobody answers at the source, which is how their statements
/// fail here.
TEST(Catalogue, WhatCanOnlyWarnDoesNotFailForItsOwnStatements) {
  task::Task task;
  task.spec.source.host = "127.0.0.1";
  task.spec.source.port = 1;
  task.spec.source.credentials = task::InlineCredentials{"tracker", "secret"};
  const task::SecretReader secrets{{}};
  std::set<std::string_view> seen;
  for (const Check& check : checks()) {
    const std::set<std::string_view> only_warn{"PrimaryKeys", "StorageEngines", "ForeignKeyCascades",
                                               "OnlineSchemaChangeTools"};
    if (!only_warn.contains(check.name)) continue;
    CheckContext context(task, secrets);
    const CheckItem item = check.run(context);
    EXPECT_EQ(item.result, CheckResult::Warning) << check.name;
    EXPECT_EQ(item.reason, "ConnectionRefused") << check.name;
    seen.insert(check.name);
  }
  EXPECT_EQ(seen.size(), 4U);
}

TEST(ConnectFault, OneAttemptAnswersThreeChecks) {
  EXPECT_EQ(connect_fault(absl::OkStatus()), ConnectFault::None);
  EXPECT_EQ(connect_fault(failure(absl::StatusCode::kUnavailable, "ConnectionRefused", "x")),
            ConnectFault::Reach);
  EXPECT_EQ(connect_fault(failure(absl::StatusCode::kPermissionDenied, "HostNotPrivileged", "x")),
            ConnectFault::Reach);
  EXPECT_EQ(connect_fault(failure(absl::StatusCode::kUnavailable, "TlsFailed", "x")), ConnectFault::Tls);
  EXPECT_EQ(connect_fault(failure(absl::StatusCode::kUnauthenticated, "AccessDenied", "x")),
            ConnectFault::Login);
  EXPECT_EQ(connect_fault(failure(absl::StatusCode::kUnauthenticated, "SecretMissing",
                                  "spec.source.credentialsSecretRef: Secret a has no key password")),
            ConnectFault::Login);
  EXPECT_EQ(connect_fault(failure(absl::StatusCode::kUnauthenticated, "SecretMissing",
                                  "spec.source.tls.caSecretRef: Secret a has no key ca.crt")),
            ConnectFault::Tls);
}

TEST(JoinSome, SaysHowManyItLeavesOut) {
  EXPECT_EQ(join_some({}), "");
  EXPECT_EQ(join_some({"a"}), "a");
  EXPECT_EQ(join_some({"a", "b"}), "a, b");
  EXPECT_EQ(join_some({"a", "b", "c"}, 2), "a, b, and 1 more");
}

}  // namespace
}  // namespace rowtide::precheck
