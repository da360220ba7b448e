#include "tracker/schema/hidden_columns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/tracker/sql/recorded_session.h"
#include "tracker/schema/bind_table.h"

namespace rowtide::schema {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::uint8_t kLong = 3;
constexpr std::uint8_t kBigint = 8;

/// Its one table, as somebody else has read it.
class KnownTable final : public Catalog {
 public:
  explicit KnownTable(CatalogTable table) : table_(std::move(table)) {}
  absl::StatusOr<const CatalogTable*> describe(const std::string&, const std::string&) override {
    return &table_;
  }
  void forget(const std::string&, const std::string&) override {}
  void forget_all() override {}

 private:
  CatalogTable table_;
};

CatalogColumn number(std::string name, std::string type) {
  return {.name = std::move(name), .column_type = type, .data_type = std::move(type), .members = {}};
}

/// id INT, DB_ROW_HASH_1 BIGINT, and as many keys by a hash.
CatalogTable hashed_table(unsigned hashes) {
  CatalogTable table;
  table.columns = {number("id", "int"), number("DB_ROW_HASH_1", "bigint")};
  for (unsigned i = 0; i < hashes; ++i)
    table.keys.push_back({.name = "u", .columns = {}, .hash = CatalogKey::Hash::Yes});
  name_hidden_columns(table, {.is_mariadb = true});
  return table;
}

binlog::TableMap map_of(std::vector<std::uint8_t> types) {
  binlog::TableMap map;
  map.database = "shop";
  map.table = "t";
  map.wire_types = std::move(types);
  map.wire_metadata.resize(map.wire_types.size());
  map.is_nullable.resize(map.wire_types.size(), true);
  return map;
}

std::vector<std::string> bound(const binlog::TableMap& map, const CatalogTable& table) {
  KnownTable catalog(table);
  const absl::StatusOr<binlog::TablePlan> plan = bind_table(map, catalog);
  if (!plan.ok()) return {std::string(plan.status().message())};
  std::vector<std::string> names;
  for (const types::Column& column : plan->columns) names.push_back(column.name);
  names.resize(names.size() + plan->unread, "-");
  return names;
}

TEST(HiddenColumns, HashesStandBehindTheColumnsAndAreAsManyAsTheirKeys) {
  binlog::TableMap map = map_of({kLong, kBigint, kBigint, kBigint});
  EXPECT_THAT(bound(map, hashed_table(2)), ElementsAre("id", "DB_ROW_HASH_1", "-", "-"));
  EXPECT_THAT(bound(map, hashed_table(3)), ElementsAre("id", "DB_ROW_HASH_1", "-", "-"));
  EXPECT_THAT(bound(map, hashed_table(1)), ElementsAre(HasSubstr("has 4 columns")));
  EXPECT_THAT(bound(map, hashed_table(0)), ElementsAre(HasSubstr("has 4 columns")));
  map.is_unsigned = std::vector<bool>{false, false, true, true};
  EXPECT_THAT(bound(map, hashed_table(2)), ElementsAre("id", "DB_ROW_HASH_1", "-", "-"));
  map.is_unsigned = std::vector<bool>{false, false, true, false};
  EXPECT_THAT(bound(map, hashed_table(2)), ElementsAre(HasSubstr("has 4 columns")));
  EXPECT_THAT(bound(map_of({kLong, kBigint, kBigint, kLong}), hashed_table(2)),
              ElementsAre(HasSubstr("has 4 columns")));
}

/// id INT, v BIGINT; the source has row ids or not.
CatalogTable keyless_table(bool adds_row_ids) {
  CatalogTable table;
  table.columns = {number("id", "int"), number("v", "bigint")};
  name_hidden_columns(table, {.adds_row_ids = adds_row_ids});
  return table;
}

TEST(HiddenColumns, TheRowIdOfATableWithoutKeyIsNoColumn) {
  binlog::TableMap map = map_of({kLong, kBigint, kBigint});
  map.is_nullable[2] = false;
  EXPECT_THAT(bound(map, keyless_table(true)), ElementsAre("id", "v", "-"));
  map.is_unsigned = std::vector<bool>{false, false, false};
  EXPECT_THAT(bound(map, keyless_table(true)), ElementsAre("id", "v", "-"));
  EXPECT_THAT(bound(map_of({kLong, kBigint}), keyless_table(true)), ElementsAre("id", "v"));
}

TEST(HiddenColumns, OneColumnMoreIsNoRowIdWhereNoneCanBe) {
  binlog::TableMap map = map_of({kLong, kBigint, kBigint});
  EXPECT_THAT(bound(map, keyless_table(true)), ElementsAre(HasSubstr("has 3 columns"))) << "may be NULL";
  map.is_nullable[2] = false;
  EXPECT_THAT(bound(map, keyless_table(false)), ElementsAre(HasSubstr("has 3 columns"))) << "any MySQL";
  CatalogTable keyed = keyless_table(true);
  keyed.keys = {{.name = "PRIMARY", .kind = CatalogKey::Kind::Primary, .columns = {"id"}}};
  name_hidden_columns(keyed, {.adds_row_ids = true});
  EXPECT_THAT(bound(map, keyed), ElementsAre(HasSubstr("has 3 columns")));
  map.is_unsigned = std::vector<bool>{false, false, true};
  EXPECT_THAT(bound(map, keyless_table(true)), ElementsAre(HasSubstr("has 3 columns")));
  map = map_of({kLong, kBigint, kLong});
  map.is_nullable[2] = false;
  EXPECT_THAT(bound(map, keyless_table(true)), ElementsAre(HasSubstr("has 3 columns")));
  map = map_of({kLong, kBigint, kBigint, kBigint});
  map.is_nullable[2] = map.is_nullable[3] = false;
  EXPECT_THAT(bound(map, keyless_table(true)), ElementsAre(HasSubstr("has 4 columns")));
}

TEST(HiddenColumns, ARowIdThatIsNamedIsNeitherColumnNorKey) {
  binlog::TableMap map = map_of({kLong, kBigint, kBigint});
  map.column_names = {"id", "v", std::string(kRowId)};
  map.is_unsigned = std::vector<bool>{false, false, false};
  for (const std::vector<std::uint32_t>& key : {std::vector<std::uint32_t>{}, {2}}) {
    map.primary_key = key;
    EXPECT_THAT(bound(map, keyless_table(false)), ElementsAre("id", "v", "-"));
    KnownTable catalog(keyless_table(false));
    EXPECT_THAT(bind_table(map, catalog)->key_columns, testing::IsEmpty());
  }
  // Where a copy of such a table has made a column of it, it is one.
  CatalogTable copied = keyless_table(false);
  copied.columns.push_back(number(std::string(kRowId), "bigint"));
  EXPECT_THAT(bound(map, copied), ElementsAre("id", "v", kRowId));
}

TEST(HiddenColumns, AHashByItsNameIsNoneIfTheTableHasAColumnOfThatName) {
  binlog::TableMap map = map_of({kLong, kBigint, kBigint});
  map.column_names = {"id", "DB_ROW_HASH_1", "DB_ROW_HASH_2"};
  map.is_unsigned = std::vector<bool>{false, true, true};
  EXPECT_THAT(bound(map, hashed_table(1)), ElementsAre("id", "DB_ROW_HASH_1", "-"));
  map.column_names = {"id", "DB_ROW_HASH_1", "DB_ROW_HASH_x"};
  EXPECT_THAT(bound(map, hashed_table(1)), ElementsAre("id", "DB_ROW_HASH_1", "DB_ROW_HASH_x"));
  CatalogTable table = hashed_table(1);
  table.columns.pop_back();
  map.column_names = {"id", "DB_ROW_HASH_1", "DB_ROW_HASH_2"};
  EXPECT_THAT(bound(map, table), ElementsAre("id", "-", "-"));
}

}  // namespace
}  // namespace rowtide::schema
