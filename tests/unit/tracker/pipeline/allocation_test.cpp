// The way of a row through the pipeline takes no memory once it has been gone.
#include "tests/unit/allocations.h"
#include "tests/unit/tracker/pipeline/pipeline_fixture.h"

namespace rowtide::pipeline {
namespace {

constexpr unsigned kFew = 10;
constexpr unsigned kMany = 3000;  // more than one batch

/// Rows of table_map(): `images` of each.
std::string rows_event(unsigned count, unsigned images) {
  EventBytes body;
  body.u48(kTable).u16(1).u16(2).u8(2);
  for (unsigned image = 0; image < images; ++image) body.u8(0xff);
  for (unsigned i = 0; i < count * images; ++i)
    body.u8(0).u32(i).counted("a name longer than what a string holds inline, " + std::to_string(i));
  return body.str();
}

std::vector<Event> changes(unsigned count) {
  return {{EventType::WriteRows, rows_event(count, 1)},
          {EventType::UpdateRows, rows_event(count, 2)},  // each changes its key
          {EventType::DeleteRows, rows_event(count, 1)}};
}

class PipelineAllocations : public PipelineEvents {
 protected:
  PipelineAllocations() { sink_.is_deaf = true; }

  /// What the pipeline takes for the events; the bytes are made before.
  std::size_t taken_for(const std::vector<Event>& events) {
    std::vector<std::string> made;
    for (const Event& event : events) made.push_back(bytes_of(event));
    const std::size_t before = test::allocations();
    for (const std::string& bytes : made) {
      const absl::Status status = pipeline_->on_event(as_bytes(bytes), {});
      EXPECT_TRUE(status.ok()) << text(status);
    }
    return test::allocations() - before;
  }

  std::size_t taken_for_transaction(const Event& begin, unsigned rows) {
    std::vector<Event> events{begin, {EventType::Query, query("BEGIN")}, {EventType::TableMap, table_map()}};
    for (Event& change : changes(rows)) events.push_back(std::move(change));
    events.push_back({EventType::Xid, std::string(8, '\0')});
    return taken_for(events);
  }
};

TEST_F(PipelineAllocations, NoneForRows) {
  ASSERT_NO_FATAL_FAILURE(put_all({{EventType::GtidLog, gtid(1)},
                                   {EventType::Query, query("BEGIN")},
                                   {EventType::TableMap, table_map()}}));
  taken_for(changes(kMany));
  EXPECT_EQ(taken_for(changes(kMany)), 0U);
}

TEST_F(PipelineAllocations, AsManyForALargeTransactionAsForASmallOne) {
  taken_for_transaction({EventType::GtidLog, gtid(1)}, kMany);
  const std::size_t few = taken_for_transaction({EventType::GtidLog, gtid(2)}, kFew);
  EXPECT_EQ(taken_for_transaction({EventType::GtidLog, gtid(3)}, kMany), few);
}

TEST_F(PipelineAllocations, AlsoWhereRowsAreHeldUntilTheEnd) {
  const Event begin{EventType::AnonymousGtid, gtid(0)};
  taken_for_transaction(begin, kMany);
  const std::size_t few = taken_for_transaction(begin, kFew);
  EXPECT_EQ(taken_for_transaction(begin, kMany), few);
}

}  // namespace
}  // namespace rowtide::pipeline
