#include "tracker/precheck/grants.h"

#include <gtest/gtest.h>

namespace rowtide::precheck {
namespace {

TEST(Grants, GlobalPrivileges) {
  const Grants grants = Grants::parse({"GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO `u`@`%`"});
  EXPECT_TRUE(grants.allows("REPLICATION SLAVE"));
  EXPECT_TRUE(grants.allows("REPLICATION CLIENT"));
  EXPECT_FALSE(grants.allows("REPLICATION"));
  EXPECT_FALSE(grants.allows("SELECT"));
  EXPECT_FALSE(grants.allows_table("SELECT", "shop", "orders"));
}

TEST(Grants, AllPrivilegesCoverEverythingWithinTheirScope) {
  const Grants global =
      Grants::parse({"GRANT ALL PRIVILEGES ON *.* TO 'root'@'localhost' WITH GRANT OPTION"});
  EXPECT_TRUE(global.allows("REPLICATION SLAVE"));
  EXPECT_TRUE(global.allows_database("SELECT", "shop"));
  const Grants database =
      Grants::parse({"GRANT USAGE ON *.* TO `u`@`%`", "GRANT ALL PRIVILEGES ON `shop`.* TO `u`@`%`"});
  EXPECT_FALSE(database.allows("SELECT"));
  EXPECT_TRUE(database.allows_table("SELECT", "shop", "orders"));
  EXPECT_FALSE(database.allows_table("SELECT", "other", "orders"));
}

TEST(Grants, DatabasesByPattern) {
  const Grants grants =
      Grants::parse({R"(GRANT SELECT ON `shop\_1`.* TO `u`@`%`)", "GRANT SELECT ON `t%`.* TO `u`@`%`"});
  EXPECT_TRUE(grants.allows_database("SELECT", "shop_1"));
  EXPECT_FALSE(grants.allows_database("SELECT", "shopX1"));
  EXPECT_TRUE(grants.allows_database("SELECT", "tenant7"));
  EXPECT_TRUE(grants.allows_database("SELECT", "t"));
  EXPECT_FALSE(grants.allows_database("SELECT", "xt"));
}

TEST(Grants, SingleTables) {
  const Grants grants = Grants::parse({"GRANT SELECT, INSERT ON `shop`.`orders` TO `u`@`%`"});
  EXPECT_TRUE(grants.allows_table("SELECT", "shop", "orders"));
  EXPECT_FALSE(grants.allows_table("SELECT", "shop", "customers"));
  EXPECT_FALSE(grants.allows_database("SELECT", "shop"));
}

TEST(Grants, SingleColumnsAreNotTheTable) {
  const Grants grants =
      Grants::parse({"GRANT SELECT (`a`, `b, c`), INSERT (`b`), UPDATE ON `shop`.`orders` TO `u`@`%`"});
  EXPECT_FALSE(grants.allows_table("SELECT", "shop", "orders"));
  EXPECT_TRUE(grants.allows_table("UPDATE", "shop", "orders"));
}

TEST(Grants, NamesWithBackticksAndWithOnInside) {
  const Grants grants = Grants::parse({"GRANT SELECT ON `a``b ON c`.`it's` TO `u`@`%`"});
  EXPECT_TRUE(grants.allows_table("SELECT", "a`b ON c", "it's"));
}

TEST(Grants, NamesAndColumnsThatReadAsTheStatementDoes) {
  const Grants grants =
      Grants::parse({"GRANT SELECT (`ON`, `a)b`, `c,d`), DELETE HISTORY ON `x#y`.`-- z` TO `u`@`%`",
                     "GRANT `r ON` TO `u`@`%`", "GRANT INSERT ON `back\\`.* TO `u`@`%`",
                     "GRANT UPDATE ON 'a'.* TO `u`@`%`"});
  EXPECT_TRUE(grants.allows_table("DELETE HISTORY", "x#y", "-- z"));
  EXPECT_FALSE(grants.allows_table("SELECT", "x#y", "-- z"));
  EXPECT_TRUE(grants.allows_database("INSERT", "back\\"));
  EXPECT_FALSE(grants.allows_database("UPDATE", "a")) << "only backticks quote a name here";
}

// As MariaDB lists them with sql_quote_show_create=OFF.
TEST(Grants, NamesWithoutBackticks) {
  const Grants grants = Grants::parse({"GRANT SELECT ON shop.* TO q@`%`",
                                       "GRANT SELECT (id, file, `update`), INSERT ON crm.notes TO q@`%`",
                                       "GRANT EXECUTE ON PROCEDURE crm.notes TO q@`%`"});
  EXPECT_TRUE(grants.allows_database("SELECT", "shop"));
  EXPECT_TRUE(grants.allows_table("INSERT", "crm", "notes"));
  EXPECT_FALSE(grants.allows_table("SELECT", "crm", "notes"));
  EXPECT_FALSE(grants.allows_table("FILE", "crm", "notes")) << "a column";
  EXPECT_FALSE(grants.allows_table("EXECUTE", "crm", "notes"));
}

TEST(Grants, RolesRoutinesAndProxiesArePassedOver) {
  const Grants grants = Grants::parse(
      {"GRANT `reader`@`%` TO `u`@`%`", "GRANT PROXY ON ''@'' TO 'root'@'localhost'",
       "GRANT EXECUTE ON PROCEDURE `shop`.`p` TO `u`@`%`", "SET DEFAULT ROLE `reader` FOR `u`@`%`", ""});
  EXPECT_FALSE(grants.allows("SELECT"));
  EXPECT_FALSE(grants.allows_table("EXECUTE", "shop", "p"));
}

// As MariaDB 10.11 lists them, with the hash that must never be shown.
TEST(Grants, MariadbWithAnActiveRole) {
  const Grants grants = Grants::parse({"GRANT `r1` TO `u1`@`%`",
                                       "GRANT BINLOG MONITOR ON *.* TO `u1`@`%` IDENTIFIED BY PASSWORD "
                                       "'*D821809F681A40A6E379B50D0463EFAE20BDD122'",
                                       "GRANT SELECT ON `a%b`.* TO `u1`@`%`", "GRANT SELECT ON *.* TO `r1`",
                                       "SET DEFAULT ROLE `r1` FOR `u1`@`%`"});
  EXPECT_TRUE(grants.allows("BINLOG MONITOR"));
  EXPECT_TRUE(grants.allows("SELECT"));
}

TEST(Grants, PartialRevokesTakeADatabaseOut) {
  const Grants grants =
      Grants::parse({"GRANT SELECT ON *.* TO `u`@`%`", "REVOKE SELECT ON `secret`.* FROM `u`@`%`"});
  EXPECT_TRUE(grants.allows_table("SELECT", "shop", "orders"));
  EXPECT_FALSE(grants.allows_table("SELECT", "secret", "orders"));
}

TEST(Grants, CaseCountsOnlyWhereItDoesAtTheSource) {
  const std::vector<std::string> rows{"GRANT SELECT ON `shop`.* TO `u`@`%`",
                                      "GRANT SELECT ON `Crm`.`Notes` TO `u`@`%`"};
  const Grants folded = Grants::parse(rows, {.lower_case_names = true});
  EXPECT_TRUE(folded.allows_database("SELECT", "Shop"));
  EXPECT_TRUE(folded.allows_table("SELECT", "crm", "NOTES"));
  EXPECT_FALSE(Grants::parse(rows).allows_database("SELECT", "Shop"));
  EXPECT_FALSE(Grants::parse(rows).allows_table("SELECT", "crm", "NOTES"));
}

// As the servers took them: of two that fit, the one whose first wildcard stands later, or that has none.
TEST(Grants, OnlyTheMostSpecificPatternCounts) {
  const Grants exact = Grants::parse(
      {R"(GRANT SELECT ON `tenant\_%`.* TO `u`@`%`)", R"(GRANT EXECUTE ON `tenant\_7`.* TO `u`@`%`)"});
  EXPECT_FALSE(exact.allows_database("SELECT", "tenant_7"));
  EXPECT_FALSE(exact.allows_table("SELECT", "tenant_7", "t"));
  EXPECT_TRUE(exact.allows_database("EXECUTE", "tenant_7"));
  EXPECT_TRUE(exact.allows_database("SELECT", "tenant_8"));
  const Grants longer = Grants::parse(
      {"GRANT EXECUTE ON `tenant%`.* TO 'u'@'%'", R"(GRANT SELECT ON `tenant\_%`.* TO 'u'@'%')"});
  EXPECT_TRUE(longer.allows_database("SELECT", "tenant_7"));
  EXPECT_FALSE(longer.allows_database("EXECUTE", "tenant_7"));
  EXPECT_TRUE(longer.allows_database("EXECUTE", "tenants"));
}

TEST(Grants, WhatDoesNotGoByThePatternCountsBeside) {
  const std::vector<std::string> hidden{"GRANT SELECT ON `a%`.* TO `u`@`%`",
                                        "GRANT EXECUTE ON `axb`.* TO `u`@`%`"};
  const auto with = [&](const std::string& row) {
    std::vector<std::string> rows = hidden;
    rows.push_back(row);
    return Grants::parse(rows);
  };
  EXPECT_FALSE(Grants::parse(hidden).allows_table("SELECT", "axb", "t"));
  EXPECT_TRUE(with("GRANT SELECT ON *.* TO `u`@`%`").allows_table("SELECT", "axb", "t"));
  EXPECT_TRUE(with("GRANT SELECT ON `axb`.`t` TO `u`@`%`").allows_table("SELECT", "axb", "t"));
}

TEST(Grants, OfEquallySpecificPatternsAllMustHaveIt) {
  const std::string one = "GRANT SELECT ON `a_b`.* TO `u`@`%`";
  EXPECT_FALSE(Grants::parse({one, "GRANT EXECUTE ON `a%`.* TO `u`@`%`"}).allows_database("SELECT", "axb"));
  EXPECT_TRUE(Grants::parse({one, "GRANT ALL ON `a%`.* TO `u`@`%`"}).allows_database("SELECT", "axb"));
}

// MariaDB: the account, its roles and everybody are each asked by themselves; nested roles are as one.
TEST(Grants, RolesAddToTheAccount) {
  const std::string own = "GRANT EXECUTE ON `axb`.* TO `u`@`%`";
  EXPECT_TRUE(Grants::parse({own, "GRANT SELECT ON `a%`.* TO `r`"}).allows_database("SELECT", "axb"));
  EXPECT_TRUE(Grants::parse({own, "GRANT SELECT ON `a%`.* TO PUBLIC"}).allows_database("SELECT", "axb"));
  EXPECT_FALSE(Grants::parse({"GRANT EXECUTE ON `ax%`.* TO `r`", "GRANT SELECT ON `a%`.* TO `r2`"})
                   .allows_database("SELECT", "axb"));
  EXPECT_TRUE(Grants::parse({"GRANT EXECUTE ON `ax%`.* TO `r`", "GRANT SELECT ON `ax%`.* TO `r2`"})
                  .allows_database("SELECT", "axb"));
}

TEST(Grants, MysqlAddsPatternsUpWhileARoleIsActive) {
  const GrantRules rules{.adds_patterns = true};
  const std::string wide = "GRANT SELECT ON `a%`.* TO `u`@`%`";
  EXPECT_TRUE(
      Grants::parse({"GRANT EXECUTE ON `ax%`.* TO `u`@`%`", wide}, rules).allows_database("SELECT", "axb"));
  EXPECT_TRUE(Grants::parse({R"(GRANT EXECUTE ON `a\_b`.* TO `u`@`%`)", wide}, rules)
                  .allows_database("SELECT", "a_b"));
  EXPECT_FALSE(
      Grants::parse({wide, "GRANT EXECUTE ON `axb`.* TO `u`@`%`"}, rules).allows_database("SELECT", "axb"));
}

TEST(Grants, WithPartialRevokesNamesAreNoPatterns) {
  const Grants grants =
      Grants::parse({"GRANT SELECT ON `shop_eu`.* TO `u`@`%`", R"(GRANT SELECT ON `a\_b`.* TO `u`@`%`)",
                     "GRANT SELECT ON `t%`.* TO `u`@`%`"},
                    {.literal_names = true});
  EXPECT_TRUE(grants.allows_database("SELECT", "shop_eu"));
  EXPECT_FALSE(grants.allows_database("SELECT", "shopXeu"));
  EXPECT_FALSE(grants.allows_database("SELECT", "a_b"));
  EXPECT_TRUE(grants.allows_database("SELECT", R"(a\_b)"));
  EXPECT_FALSE(grants.allows_database("SELECT", "tenant"));
}

TEST(Grants, ANameAsAPatternMeansNoOther) {
  const Grants patterns = Grants::parse({});
  EXPECT_EQ(patterns.as_pattern("shop_eu"), R"(shop\_eu)");
  EXPECT_EQ(patterns.as_pattern(R"(a%\b)"), R"(a\%\\b)");
  EXPECT_TRUE(matches_database_pattern(patterns.as_pattern(R"(a%\b)"), R"(a%\b)"));
  EXPECT_EQ(Grants::parse({}, {.literal_names = true}).as_pattern("shop_eu"), "shop_eu");
}

TEST(Grants, SpecificityIsThePlaceOfTheFirstWildcard) {
  EXPECT_EQ(specificity_of("shop"), 128);
  EXPECT_EQ(specificity_of(R"(shop\_eu\%)"), 128);
  EXPECT_EQ(specificity_of("%"), 1);
  EXPECT_EQ(specificity_of(R"(a\_%)"), 4);
  EXPECT_EQ(specificity_of(std::string(200, 'x') + "%"), 127);
}

}  // namespace
}  // namespace rowtide::precheck
