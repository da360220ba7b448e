#include "tracker/sql/temporary_tables.h"

#include <gtest/gtest.h>

namespace rowtide::sql {
namespace {

class Temporary : public testing::Test {
 protected:
  void say(std::string_view sql, TemporaryTables::Session session = {1, 11}) {
    Statement statement = classify_statement(sql, "d", true);
    if (sql.starts_with("RENAME") || statement.may_be_temporary)
      statement.is_temporary = tables.contains(session, statement.tables.front());
    tables.follow(session, statement);
  }
  [[nodiscard]] bool is_known(const char* table, TemporaryTables::Session session = {1, 11}) const {
    return tables.contains(session, {"d", table});
  }
  TemporaryTables tables;
};

TEST_F(Temporary, TablesAreThoseOfTheirSession) {
  say("CREATE TEMPORARY TABLE t (a INT)");
  say("CREATE OR REPLACE TEMPORARY TABLE d.u SELECT 1");
  say("CREATE TABLE v LIKE t");
  say("CREATE INDEX i ON w (a)");
  EXPECT_TRUE(is_known("t") && is_known("u"));
  EXPECT_FALSE(is_known("v") || is_known("w") || is_known("t", {1, 12}) || is_known("t", {2, 11}));
  say("DROP INDEX i ON t");
  say("DROP TABLE t");
  EXPECT_TRUE(is_known("t")) << "the server says TEMPORARY when it is one";
  say("DROP /*!40005 TEMPORARY */ TABLE IF EXISTS `t`,`u`");
  EXPECT_FALSE(is_known("t") || is_known("u"));
}

TEST_F(Temporary, TablesAreRenamed) {
  say("CREATE TEMPORARY TABLE t (a INT)");
  say("RENAME TABLE t TO u");
  EXPECT_TRUE(is_known("u") && !is_known("t"));
  say("ALTER TABLE u RENAME TO v, ADD b INT");
  EXPECT_TRUE(is_known("v") && !is_known("u"));
  say("ALTER TABLE v ADD c INT");
  EXPECT_TRUE(is_known("v"));
  say("RENAME TABLE x TO y");
  EXPECT_FALSE(is_known("y"));
}

TEST_F(Temporary, TablesAreGoneWithTheirServer) {
  say("CREATE TEMPORARY TABLE t (a INT)");
  say("CREATE TEMPORARY TABLE t (a INT)", {2, 11});
  tables.forget(1);
  EXPECT_FALSE(is_known("t"));
  EXPECT_TRUE(is_known("t", {2, 11}));
}

}  // namespace
}  // namespace rowtide::sql
