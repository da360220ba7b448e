#include "tracker/sql/statement.h"

#include <gtest/gtest.h>

namespace rowtide::sql {
namespace {

void expect(std::string_view sql, SavepointVerb verb, std::string_view name) {
  const auto statement = classify_statement(sql, {}).savepoint;
  ASSERT_TRUE(statement) << sql;
  EXPECT_EQ(statement->verb, verb) << sql;
  EXPECT_EQ(statement->name, name) << sql;
}

TEST(Savepoint, IsNamedInEveryWayOfQuoting) {
  expect("SAVEPOINT `s`", SavepointVerb::Set, "s");
  expect("savepoint s1", SavepointVerb::Set, "s1");
  expect("SAVEPOINT \"a`\"\"b\"", SavepointVerb::Set, "a`\"b");
  expect("SAVEPOINT `a``b`", SavepointVerb::Set, "a`b");
  expect("SAVEPOINT `two words`", SavepointVerb::Set, "two words");
}

TEST(Savepoint, IsRolledBackToInEveryWayOfSayingIt) {
  for (const char* sql : {"ROLLBACK TO `s`", "ROLLBACK TO SAVEPOINT `s`", "ROLLBACK WORK TO s",
                          "rollback /* x */ work to savepoint s"}) {
    expect(sql, SavepointVerb::RollBackTo, "s");
  }
  expect("ROLLBACK TO savepoint", SavepointVerb::RollBackTo, "savepoint");
}

TEST(Savepoint, IsNotEveryStatementThatNamesOne) {
  for (const char* sql : {"RELEASE SAVEPOINT `s`", "ROLLBACK", "ROLLBACK WORK", "COMMIT", ""}) {
    EXPECT_FALSE(classify_statement(sql, {}).savepoint) << sql;
  }
}

}  // namespace
}  // namespace rowtide::sql
