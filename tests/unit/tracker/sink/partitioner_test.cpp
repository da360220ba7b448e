#include "tracker/sink/partitioner.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace rowtide::sink {
namespace {

std::uint32_t positive(std::int32_t java_hash) {
  return static_cast<std::uint32_t>(java_hash) & 0x7fffffffU;
}

TEST(Murmur2, GivesKafkasOwnTestValues) {
  // org.apache.kafka.common.utils.UtilsTest#testMurmur2
  EXPECT_EQ(positive_murmur2("21"), positive(-973932308));
  EXPECT_EQ(positive_murmur2("foobar"), positive(-790332482));
  EXPECT_EQ(positive_murmur2("a-little-bit-long-string"), positive(-985981536));
  EXPECT_EQ(positive_murmur2("a-little-bit-longer-string"), positive(-1486304829));
  EXPECT_EQ(positive_murmur2("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8"), positive(-58897971));
  EXPECT_EQ(positive_murmur2("abc"), positive(479470107));
}

record::Record record(std::string_view table, std::optional<std::string_view> key) {
  record::Record result;
  result.table = table;
  result.key = key;
  return result;
}

TEST(Partitioner, TaskIsOnePartition) {
  EXPECT_EQ(partition_of(record("shop.orders", R"({"id":1})"), task::PartitionBy::Task, 8), 0);
  EXPECT_EQ(partition_of(record("shop.lines", std::nullopt), task::PartitionBy::Task, 8), 0);
}

TEST(Partitioner, TableKeepsATableAndItsSchemaChangesTogether) {
  record::Record change = record("shop.orders", R"({"databaseName":"shop"})");
  change.is_schema_change = true;
  const auto expected = static_cast<std::int32_t>(positive_murmur2("shop.orders") % 8);
  EXPECT_EQ(partition_of(record("shop.orders", R"({"id":1})"), task::PartitionBy::Table, 8), expected);
  EXPECT_EQ(partition_of(record("shop.orders", R"({"id":2})"), task::PartitionBy::Table, 8), expected);
  EXPECT_EQ(partition_of(change, task::PartitionBy::Table, 8), expected);
}

TEST(Partitioner, PrimaryKeyFollowsTheKey) {
  const std::string key = R"({"id":1})";
  const auto expected = static_cast<std::int32_t>(positive_murmur2(key) % 8);
  EXPECT_EQ(partition_of(record("shop.orders", key), task::PartitionBy::PrimaryKey, 8), expected);
  std::set<std::int32_t> used;
  for (int id = 0; id < 100; ++id) {
    const std::string some = R"({"id":)" + std::to_string(id) + "}";
    const std::int32_t partition =
        partition_of(record("shop.orders", some), task::PartitionBy::PrimaryKey, 8);
    ASSERT_GE(partition, 0);
    ASSERT_LT(partition, 8);
    used.insert(partition);
  }
  EXPECT_EQ(used.size(), 8U);
}

TEST(Partitioner, PrimaryKeyWithoutAKeyGoesByTable) {
  EXPECT_EQ(partition_of(record("shop.log", std::nullopt), task::PartitionBy::PrimaryKey, 8),
            static_cast<std::int32_t>(positive_murmur2("shop.log") % 8));
}

TEST(Partitioner, PrimaryKeySendsSchemaChangesToTheFirst) {
  record::Record change = record("shop.orders", R"({"databaseName":"shop"})");
  change.is_schema_change = true;
  for (const std::int32_t partitions : {1, 3, 7, 8}) {
    EXPECT_EQ(partition_of(change, task::PartitionBy::PrimaryKey, partitions), 0);
  }
}

}  // namespace
}  // namespace rowtide::sink
