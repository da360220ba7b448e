// Table maps with all metadata (FULL): they are read whatever is known of their tables, but for what only a
// catalog can say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tracker/schema/bind_table.h"

namespace rowtide::schema {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::uint8_t kLong = 3;
constexpr std::uint8_t kTimestamp2 = 17;
constexpr std::uint8_t kString = 254;

/// Of which it is not known how the tables were (HistoricCatalog).
class NothingIsKnown final : public Catalog {
 public:
  absl::StatusOr<const CatalogTable*> describe(const std::string& /*database*/,
                                               const std::string& /*table*/) override {
    ++asked;
    return absl::UnimplementedError("it was changed again");
  }
  void forget(const std::string& /*database*/, const std::string& /*table*/) override {}
  void forget_all() override {}

  int asked = 0;
};

/// id INT and two more columns of one type.
binlog::TableMap map_of(std::uint8_t wire_type, std::uint16_t wire_metadata, bool is_mariadb) {
  binlog::TableMap map;
  map.is_mariadb = is_mariadb;
  map.database = "shop";
  map.table = "orders";
  map.wire_types = {kLong, wire_type, wire_type};
  map.wire_metadata = {0, wire_metadata, wire_metadata};
  map.is_nullable = {false, true, true};
  map.is_unsigned = std::vector<bool>{false, false, false};
  map.collations = {0, 63, 63};
  map.column_names = {"id", "a", "b"};
  map.members = {{}, {}, {}};
  map.primary_key = std::vector<std::uint32_t>{0};
  return map;
}

TEST(BindFull, MysqlsTimesAreTimesWhateverIsKnown) {
  for (const auto decimals : {std::uint16_t{0}, std::uint16_t{6}}) {
    NothingIsKnown catalog;
    const auto plan = bind_table(map_of(kTimestamp2, decimals, false), catalog);
    ASSERT_TRUE(plan.ok()) << plan.status();
    EXPECT_EQ(catalog.asked, 0);
    EXPECT_THAT(plan->key_columns, ElementsAre(0));
  }
}

TEST(BindFull, MariadbsTimesMayBeThoseOfVersionsOnlyWithAllDecimals) {
  NothingIsKnown catalog;
  EXPECT_TRUE(bind_table(map_of(kTimestamp2, 0, true), catalog).ok());
  EXPECT_EQ(catalog.asked, 0);
  EXPECT_TRUE(absl::IsUnimplemented(bind_table(map_of(kTimestamp2, 6, true), catalog).status()));
  binlog::TableMap numbered = map_of(kLong, 0, true);
  numbered.column_names[2] = "row_end";
  EXPECT_TRUE(absl::IsUnimplemented(bind_table(numbered, catalog).status()));
}

TEST(BindFull, BinariesAreAskedAboutOnMariadbOnly) {
  constexpr std::uint16_t kSixteen = 16U << 8U | kString;
  NothingIsKnown catalog;
  const auto plan = bind_table(map_of(kString, kSixteen, false), catalog);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(catalog.asked, 0);
  // A UUID, or bytes: nobody can say.
  EXPECT_TRUE(absl::IsUnimplemented(bind_table(map_of(kString, kSixteen, true), catalog).status()));
}

TEST(BindFull, ATableOfWhichNoKeyIsKnownHasNone) {
  for (const bool is_mariadb : {false, true}) {
    NothingIsKnown catalog;
    binlog::TableMap map = map_of(kLong, 0, is_mariadb);
    map.primary_key->clear();
    const auto plan = bind_table(map, catalog);
    ASSERT_TRUE(plan.ok()) << plan.status();
    EXPECT_THAT(plan->key_columns, IsEmpty());
  }
}

}  // namespace
}  // namespace rowtide::schema
