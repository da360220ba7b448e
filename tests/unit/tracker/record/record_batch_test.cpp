#include "tracker/record/record_batch.h"

#include <gtest/gtest.h>

namespace rowtide::record {
namespace {

TEST(RecordBatch, KeepsRecordsApart) {
  RecordBatch batch;
  batch.begin_record("topic", "shop.orders", 7);
  batch.buffer() += "key";
  batch.end_key();
  batch.add_header("first", "1");
  batch.add_header("second", "2");
  batch.buffer() += "value";
  batch.end_record();
  batch.begin_record("topic", "shop.orders", 8);
  batch.buffer() += "keyless";
  batch.end_record();

  ASSERT_EQ(batch.size(), 2U);
  EXPECT_EQ(batch.bytes(), 15U);
  const Record first = batch.record(0);
  EXPECT_EQ(first.topic, "topic");
  EXPECT_EQ(first.table, "shop.orders");
  EXPECT_EQ(first.key, "key");
  EXPECT_EQ(first.value, "value");
  EXPECT_EQ(first.timestamp_ms, 7);
  ASSERT_EQ(first.headers.size(), 2U);
  EXPECT_EQ(first.headers[1].name, "second");
  EXPECT_EQ(first.headers[1].value, "2");
  const Record second = batch.record(1);
  EXPECT_EQ(second.key, std::nullopt);
  EXPECT_EQ(second.value, "keyless");
  EXPECT_TRUE(second.headers.empty());
}

TEST(RecordBatch, TellsATombstoneFromAnEmptyValue) {
  RecordBatch batch;
  batch.begin_record("t", "d.t", 0);
  batch.end_record_tombstone();
  batch.begin_record("t", "d.t", 0);
  batch.end_key();
  batch.end_record();
  EXPECT_EQ(batch.record(0).key, std::nullopt);
  EXPECT_EQ(batch.record(0).value, std::nullopt);
  EXPECT_EQ(batch.record(1).key, "");
  EXPECT_EQ(batch.record(1).value, "");
}

TEST(RecordBatch, IsUsedAgainAfterClear) {
  RecordBatch batch;
  {
    const std::string passing = "shop";
    batch.begin_record("t", batch.keep(passing), 0);
  }
  batch.buffer() += "x";
  batch.end_record();
  EXPECT_EQ(batch.record(0).table, "shop");
  batch.clear();
  EXPECT_TRUE(batch.empty());
  EXPECT_EQ(batch.bytes(), 0U);
  batch.begin_record("t", "d.t", 0);
  batch.buffer() += "y";
  batch.end_record();
  EXPECT_EQ(batch.record(0).value, "y");
}

TEST(RecordBatch, KeepsTheTablesOfASchemaChangeUntilClear) {
  RecordBatch batch;
  batch.begin_record("t", "shop.a", 0);
  batch.mark_schema_change();
  batch.add_tables({"shop.a", "shop.b"});
  batch.end_record();
  batch.begin_record("t", "shop.c", 0);
  batch.end_record();
  ASSERT_EQ(batch.record(0).tables.size(), 2U);
  EXPECT_EQ(batch.record(0).tables[1], "shop.b");
  EXPECT_TRUE(batch.record(1).tables.empty());
  batch.clear();
  batch.begin_record("t", "shop.a", 0);
  batch.end_record();
  EXPECT_TRUE(batch.record(0).tables.empty());
}

TEST(RecordBatch, TakesHeadersBackWithTheirRecords) {
  RecordBatch batch;
  for (const char* value : {"kept", "taken back", "again"}) {
    if (value == std::string_view("again")) batch.truncate(1);
    batch.begin_record("topic", "t", 0);
    batch.add_header("name", value);
    batch.end_record();
  }
  ASSERT_EQ(batch.size(), 2U);
  EXPECT_EQ(batch.record(0).headers[0].value, "kept");
  EXPECT_EQ(batch.record(1).headers[0].value, "again");
  batch.truncate(0);
  batch.begin_record("topic", "t", 0);
  batch.add_header("name", "first");
  batch.end_record();
  EXPECT_EQ(batch.record(0).headers[0].value, "first");
}

TEST(RecordBatch, GivesTheMemoryOfAHugeRecordBack) {
  RecordBatch batch;
  batch.begin_record("t", "d.t", 0);
  batch.buffer().assign(64 * 1024 * 1024, 'x');
  batch.end_record();
  batch.clear();
  EXPECT_LT(batch.buffer().capacity(), 1024U);
}

}  // namespace
}  // namespace rowtide::record
