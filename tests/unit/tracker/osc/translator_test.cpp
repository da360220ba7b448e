#include "tracker/osc/translator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tracker/schema/schema_history.h"
#include "tracker/sql/names.h"

namespace rowtide::osc {
namespace {

using testing::SizeIs;

class TranslatorTest : public testing::Test {
 protected:
  void SetUp() override {
    history.begin({.tables = {}, .databases = {{"shop", 8}}}, {});
    run("CREATE TABLE t (id INT PRIMARY KEY, a INT)");
  }
  Translator::Rewrite run(const std::string& sql) {
    return translator.translate(sql, history.apply(sql, {.database = "shop", .variables = {}}));
  }
  void swallow(const std::string& sql) {
    const Translator::Rewrite rewrite = run(sql);
    EXPECT_TRUE(rewrite.is_rewritten) << sql;
    EXPECT_EQ(rewrite.sql, "") << sql;
  }
  static std::size_t columns(const schema::TablePtr& table) {
    return table == nullptr ? 0 : table->columns.size();
  }
  static void expect_one_alter(const Translator::Rewrite& rewrite, const std::string& sql) {
    EXPECT_TRUE(rewrite.is_rewritten);
    EXPECT_EQ(rewrite.sql, sql);
    ASSERT_THAT(rewrite.changes, SizeIs(1));
    EXPECT_EQ(rewrite.changes[0].name, (sql::TableName{"shop", "t"}));
    EXPECT_EQ(rewrite.changes[0].old_name, rewrite.changes[0].name);
    EXPECT_EQ(columns(rewrite.changes[0].before), 2U);
    EXPECT_EQ(columns(rewrite.changes[0].after), 3U);
  }

  static schema::SchemaHistory empty_history() {
    return schema::SchemaHistory({.version = 80015, .collations = schema::Collations(false, 80015)},
                                 [names = HelperNames::create({}).value()](const sql::TableName& name) {
                                   return names.real_of_ghost(name.table).has_value();
                                 });
  }

  schema::SchemaHistory history = empty_history();
  Translator translator{HelperNames::create({}).value()};
};

// gh-ost's statements in its order (go/logic/applier.go).
TEST_F(TranslatorTest, GhostsAtomicCutOver) {
  swallow(
      "create /* gh-ost */ table `shop`.`_t_ghc` ( id bigint unsigned auto_increment, last_update "
      "timestamp not null DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, hint varchar(64) charset "
      "ascii not null, value varchar(4096) charset ascii not null, primary key(id), unique key "
      "hint_uidx(hint)) auto_increment=256");
  swallow("create /* gh-ost */ table `shop`.`_t_gho` like `shop`.`t`");
  swallow("alter /* gh-ost */ table `shop`.`_t_gho` add column b INT NOT NULL DEFAULT 5");
  swallow(
      "create /* gh-ost */ table `shop`.`_t_del` ( id int auto_increment primary key ) engine=InnoDB "
      "comment='ghost-cut-over-sentry'");
  swallow("drop /* gh-ost */ table if exists `shop`.`_t_del`");
  expect_one_alter(
      run("rename /* gh-ost */ table `shop`.`t` to `shop`.`_t_del`, `shop`.`_t_gho` to `shop`.`t`"),
      "ALTER TABLE `shop`.`t` add column b INT NOT NULL DEFAULT 5");
  swallow("drop /* gh-ost */ table if exists `shop`.`_t_ghc`");
  swallow("drop /* gh-ost */ table if exists `shop`.`_t_del`");
  EXPECT_FALSE(run("ALTER TABLE t ADD c INT").is_rewritten);
}

TEST_F(TranslatorTest, GhostsTwoStepCutOver) {
  swallow("create /* gh-ost */ table `shop`.`_t_gho` like `shop`.`t`");
  swallow("alter /* gh-ost */ table `shop`.`_t_gho` add column b INT");
  swallow("alter /* gh-ost */ table `shop`.`t` rename `_t_del`");
  expect_one_alter(run("alter /* gh-ost */ table `shop`.`_t_gho` rename `t`"),
                   "ALTER TABLE `shop`.`t` add column b INT");
}

TEST_F(TranslatorTest, AFailedCutOverChangesNothing) {
  swallow("create table _t_gho like t");
  swallow("alter table t rename `_t_del`");
  swallow("alter table _t_del rename `t`");
  EXPECT_EQ(columns(history.find({"shop", "t"}).table), 2U);
}

TEST_F(TranslatorTest, PtOnlineSchemaChange) {
  swallow(
      "CREATE TABLE `shop`.`_t_new` (\n  `id` int(11) NOT NULL,\n  `a` int(11) DEFAULT NULL,\n  PRIMARY KEY "
      "(`id`)\n) "
      "ENGINE=InnoDB DEFAULT CHARSET=latin1");
  swallow("ALTER TABLE `shop`.`_t_new` ADD COLUMN b INT");
  swallow(
      "CREATE TRIGGER `pt_osc_shop_t_del` AFTER DELETE ON `shop`.`t` FOR EACH ROW DELETE IGNORE FROM "
      "`shop`.`_t_new`");
  expect_one_alter(run("RENAME TABLE `shop`.`t` TO `shop`.`_t_old`, `shop`.`_t_new` TO `shop`.`t`"),
                   "ALTER TABLE `shop`.`t` ADD COLUMN b INT");
  swallow("DROP TABLE IF EXISTS `shop`.`_t_old`");
  swallow("DROP TRIGGER IF EXISTS `shop`.`pt_osc_shop_t_del`");
  EXPECT_FALSE(run("CREATE TRIGGER mine AFTER DELETE ON t FOR EACH ROW SET @a = 1").is_rewritten);
}

TEST_F(TranslatorTest, ARestartBetweenTheAlterAndTheCutOverLosesNothing) {
  run("CREATE TABLE _t_new LIKE t");
  run("ALTER TABLE _t_new ADD b INT");
  schema::SchemaHistory restored = empty_history();
  ASSERT_TRUE(restored.restore(history.unsaved(history.version())).ok());
  restored.rewind(history.version());
  translator = Translator(HelperNames::create({}).value());
  const std::string rename = "RENAME TABLE t TO _t_old, _t_new TO t";
  expect_one_alter(
      translator.translate(rename, restored.apply(rename, {.database = "shop", .variables = {}})),
      "ALTER TABLE `shop`.`t` ADD b INT");
}

TEST_F(TranslatorTest, AnAlterThatIsReadAgainIsToldOnce) {
  run("CREATE TABLE _t_new LIKE t");
  const std::uint64_t version = history.version();
  run("ALTER TABLE _t_new ADD b INT");
  history.rewind(version);
  run("ALTER TABLE _t_new ADD b INT");
  expect_one_alter(run("RENAME TABLE t TO _t_old, _t_new TO t"), "ALTER TABLE `shop`.`t` ADD b INT");
}

TEST_F(TranslatorTest, WithoutTheAlterTheRenameIsTold) {
  history.apply("CREATE TABLE _t_new (id INT PRIMARY KEY, a INT, b INT)",
                {.database = "shop", .variables = {}});
  const std::string rename = "RENAME TABLE shop.t TO shop._t_old, shop._t_new TO shop.t";
  expect_one_alter(run(rename), rename);
}

TEST_F(TranslatorTest, OrdinaryRenamesAreLeftAlone) {
  run("CREATE TABLE u (id INT)");
  EXPECT_FALSE(run("RENAME TABLE t TO x, u TO t, x TO u").is_rewritten);
}

}  // namespace
}  // namespace rowtide::osc
