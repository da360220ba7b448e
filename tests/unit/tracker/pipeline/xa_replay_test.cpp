#include "tracker/pipeline/xa_replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/tracker/pipeline/pipeline_fixture.h"
#include "tracker/sql/xa_statement.h"

namespace rowtide::pipeline {
namespace {

using binlog::EventType;
using Kind = XaReplayEvent::Kind;

XaReplayEvent look(EventType type, const std::string& body = {}) {
  std::vector<std::byte> uncompressed;
  binlog::EventView event{.header = {}, .body = as_bytes(body), .start_offset = 4};
  event.header.type = type;
  const auto replayed = look_at_replayed(event, uncompressed);
  EXPECT_TRUE(replayed.ok()) << replayed.status();
  return replayed.value_or(XaReplayEvent{});
}

TEST(XaReplay, AGroupBeginsWithItsXid) {
  const XaReplayEvent started = look(EventType::Query, query("XA START X'6f6e65',X'',1"));
  EXPECT_EQ(started.kind, Kind::Group);
  EXPECT_EQ(started.xid, sql::xid_text("one", "", 1));
  for (const char* other : {"XA END X'6f6e65',X'',1", "RELEASE SAVEPOINT a", "BEGIN"})
    EXPECT_EQ(look(EventType::Query, query(other)).kind, Kind::Other) << other;
}

TEST(XaReplay, SavepointsAreRead) {
  const XaReplayEvent back = look(EventType::Query, query("ROLLBACK TO `a`"));
  EXPECT_EQ(back.kind, Kind::Savepoint);
  EXPECT_EQ(back.savepoint.verb, sql::SavepointVerb::RollBackTo);
  EXPECT_EQ(back.savepoint.name, "a");
}

TEST(XaReplay, RowsPayloadsAndEndsAreKnownAndTheRestIsPassedOver) {
  for (const EventType rows : {EventType::TableMap, EventType::WriteRows, EventType::UpdateRowsV1,
                               EventType::PartialUpdateRows, EventType::MariadbDeleteRowsCompressedV1})
    EXPECT_EQ(look(rows).kind, Kind::Rows) << static_cast<int>(rows);
  EXPECT_EQ(look(EventType::TransactionPayload).kind, Kind::Payload);
  EXPECT_EQ(look(EventType::XaPrepare).kind, Kind::Prepare);
  for (const EventType other :
       {EventType::Xid, EventType::GtidLog, EventType::Rotate, EventType::FormatDescription})
    EXPECT_EQ(look(other).kind, Kind::Other) << static_cast<int>(other);
}

TEST(XaReplay, ADamagedEventIsSaid) {
  std::vector<std::byte> uncompressed;
  binlog::EventView event{.header = {}, .body = {}, .start_offset = 4};
  event.header.type = EventType::MariadbGtidLog;
  EXPECT_FALSE(look_at_replayed(event, uncompressed).ok());
}

}  // namespace
}  // namespace rowtide::pipeline
