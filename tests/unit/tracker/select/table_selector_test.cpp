#include "tracker/select/table_selector.h"

#include <gtest/gtest.h>

namespace rowtide::select {
namespace {

task::ObjectRule tables(std::string database, std::vector<std::string> names) {
  task::ObjectRule rule;
  rule.database = std::move(database);
  rule.tables = std::move(names);
  return rule;
}
task::ObjectRule whole(std::string database) {
  return tables(std::move(database), {});
}
task::ObjectRule patterns(std::string database, std::optional<std::string> table) {
  task::ObjectRule rule;
  rule.database_pattern = std::move(database);
  rule.table_pattern = std::move(table);
  return rule;
}

TableSelector selector(std::vector<task::ObjectRule> include, std::vector<task::ObjectRule> exclude = {}) {
  return TableSelector::create({std::move(include), std::move(exclude)}).value();
}

TEST(TableSelector, WholeDatabaseTakesEveryTableOfItAndNothingElse) {
  const TableSelector select = selector({whole("shop")});
  EXPECT_TRUE(select.wants("shop", "orders"));
  EXPECT_TRUE(select.wants("shop", "made_later"));
  EXPECT_FALSE(select.wants("shop2", "orders"));
  EXPECT_FALSE(select.wants("Shop", "orders"));
}

TEST(TableSelector, NamedTablesOnly) {
  const TableSelector select = selector({tables("crm", {"customers", "contacts"})});
  EXPECT_TRUE(select.wants("crm", "contacts"));
  EXPECT_FALSE(select.wants("crm", "contacts_old"));
  EXPECT_FALSE(select.wants("shop", "contacts"));
}

TEST(TableSelector, PatternsAreAnchoredAtBothEnds) {
  const TableSelector select = selector({patterns("tenant_[0-9]+", "invoice_.*")});
  EXPECT_TRUE(select.wants("tenant_12", "invoice_2026"));
  EXPECT_FALSE(select.wants("my_tenant_12", "invoice_2026"));
  EXPECT_FALSE(select.wants("tenant_12b", "invoice_2026"));
  EXPECT_FALSE(select.wants("tenant_12", "old_invoice_2026"));
}

TEST(TableSelector, ExcludeWins) {
  const TableSelector select = selector({whole("shop")}, {tables("shop", {"audit_log"})});
  EXPECT_TRUE(select.wants("shop", "orders"));
  EXPECT_FALSE(select.wants("shop", "audit_log"));
  EXPECT_TRUE(select.wants_database("shop"));
}

TEST(TableSelector, PatternDoesNotMeanSystemSchemasButAnExplicitNameDoes) {
  EXPECT_FALSE(selector({patterns(".*", std::nullopt)}).wants("mysql", "user"));
  EXPECT_FALSE(selector({patterns(".*", std::nullopt)}).wants_database("sys"));
  EXPECT_TRUE(selector({whole("mysql")}).wants("mysql", "user"));
}

TEST(TableSelector, DatabaseIsWantedUnlessExcludedWhole) {
  const TableSelector select = selector({patterns("tenant_.*", "invoice_.*")}, {whole("tenant_9")});
  EXPECT_TRUE(select.wants_database("tenant_1"));
  EXPECT_FALSE(select.wants_database("tenant_9"));
  EXPECT_FALSE(select.wants_database("shop"));
}

TEST(TableSelector, NamesDifferByCaseOnlyWhereTheSourceSaysSo) {
  const task::Objects objects{.include = {whole("Shop"), patterns("Tenant_[A-F]+", "Invoice.*")},
                              .exclude = {tables("SHOP", {"Audit", "Ärzte"})},
                              .columns = {{.database = "Shop", .table = "Orders", .exclude = {"a"}},
                                          {.database = "shop", .table = "orders", .mask = {"b"}}}};
  const TableSelector folded = *TableSelector::create(objects, {}, /*lower_case_names=*/true);
  EXPECT_TRUE(folded.wants("shop", "orders"));
  EXPECT_TRUE(folded.wants("SHOP", "ORDERS"));
  EXPECT_TRUE(folded.wants_database("sHOP"));
  EXPECT_FALSE(folded.wants("shop", "audit"));
  EXPECT_FALSE(folded.wants("shop", "ärzte"));
  EXPECT_TRUE(folded.wants("tenant_ab", "invoice_1"));
  EXPECT_FALSE(folded.wants("tenant_gh", "invoice_1"));
  EXPECT_FALSE(folded.wants_database("MYSQL"));
  const task::ColumnRule* rule = folded.column_rule("shop", "ORDERS");
  ASSERT_NE(rule, nullptr);
  EXPECT_EQ(rule->exclude, std::vector<std::string>{"a"});
  EXPECT_EQ(rule->mask, std::vector<std::string>{"b"}) << "both rules are of this table";

  const TableSelector exact = *TableSelector::create(objects);
  EXPECT_FALSE(exact.wants("shop", "orders"));
  EXPECT_TRUE(exact.wants("Shop", "Audit"));
  EXPECT_FALSE(exact.wants("tenant_AB", "Invoice_1"));
  EXPECT_TRUE(exact.column_rule("shop", "orders")->exclude.empty());
  EXPECT_EQ(exact.column_rule("SHOP", "orders"), nullptr);
}

TEST(TableSelector, TablesOfToolsAreToldWhateverTheCase) {
  task::OnlineSchemaChanges settings;
  settings.ghost = "_(.+)_SHADOW";
  const TableSelector select =
      *TableSelector::create({.include = {whole("shop"), tables("shop", {"_B_shadow"})}, .exclude = {}},
                             *osc::HelperNames::create(settings, true), true);
  EXPECT_FALSE(select.wants("shop", "_a_shadow"));
  EXPECT_TRUE(select.leaves_out_helper("shop", "_A_shadow"));
  EXPECT_TRUE(select.wants("shop", "_b_shadow"));
}

TEST(TableSelector, BrokenPatternIsNamed) {
  const auto result = TableSelector::create({{patterns("tenant_[", std::nullopt)}, {}});
  ASSERT_FALSE(result.ok());
  EXPECT_NE(result.status().message().find("tenant_["), std::string_view::npos) << result.status();
}

TEST(TableSelector, ATableOfAToolIsTrackedOnlyByName) {
  const osc::HelperNames helpers = *osc::HelperNames::create({});
  const TableSelector select = *TableSelector::create(
      {{whole("shop"), tables("crm", {"_t_new"})}, {tables("shop", {"_u_new"})}}, helpers);
  EXPECT_FALSE(select.wants("shop", "_t_new"));
  EXPECT_TRUE(select.leaves_out_helper("shop", "_t_new"));
  EXPECT_TRUE(select.wants("crm", "_t_new"));
  EXPECT_FALSE(select.leaves_out_helper("crm", "_t_new"));
  EXPECT_FALSE(select.leaves_out_helper("shop", "_u_new")) << "excluded anyway";
  EXPECT_FALSE(select.leaves_out_helper("other", "_t_new")) << "not the task's database";
  EXPECT_FALSE(select.leaves_out_helper("shop", "t"));
}

}  // namespace
}  // namespace rowtide::select
