#include "tracker/source/start_position.h"
#include "common/status/reason.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/tracker/sql/recorded_session.h"

namespace rowtide::source {
namespace {

using test::RecordedSession;
using testing::AllOf;
using testing::HasSubstr;

constexpr const char* kUuid = "3e11fa47-71ca-11e1-9e33-c80aa9429562";

task::StartPosition at(task::StartMode mode) {
  task::StartPosition start;
  start.mode = mode;
  return start;
}

RecordedSession mysql(const std::string& gtid_mode) {
  RecordedSession session;
  session.record("SHOW GLOBAL VARIABLES",
                 {{"version", "8.0.15"}, {"log_bin", "ON"}, {"gtid_mode", gtid_mode}});
  session.record("SELECT VERSION()", {{"8.0.15"}});
  session.record("SHOW MASTER STATUS", {{"bin.000007", "815", "", "", std::string(kUuid) + ":1-9"}});
  session.record("SHOW BINARY LOGS", {{"bin.000003", "500"}, {"bin.000007", "815"}});
  return session;
}

absl::StatusOr<binlog::Position> resolve(const task::StartPosition& start, RecordedSession& session) {
  return resolve_start_position(start, session, {});
}

std::string text_of(const absl::StatusOr<binlog::Position>& position) {
  return position.ok() ? binlog::to_string(position->gtids) + " " + position->file + ":" +
                             std::to_string(position->offset)
                       : position.status().ToString();
}

TEST(StartPosition, LatestOfMysql) {
  RecordedSession with_gtids = mysql("ON");
  EXPECT_EQ(text_of(resolve(at(task::StartMode::Latest), with_gtids)),
            std::string(kUuid) + ":1-9 bin.000007:815");
  RecordedSession without = mysql("OFF");
  EXPECT_EQ(text_of(resolve(at(task::StartMode::Latest), without)), " bin.000007:815");
}

TEST(StartPosition, LatestOfANewerMysqlAsksByTheNewName) {
  RecordedSession session;
  session.record("SHOW GLOBAL VARIABLES", {{"version", "8.4.0"}, {"gtid_mode", "OFF"}});
  session.record("SELECT VERSION()", {{"8.4.0"}});
  session.record("SHOW BINARY LOG STATUS", {{"bin.000001", "157", "", "", ""}});
  EXPECT_EQ(text_of(resolve(at(task::StartMode::Latest), session)), " bin.000001:157");
}

TEST(StartPosition, EarliestOfMysql) {
  RecordedSession session = mysql("ON");
  session.record("@@global.gtid_purged", {{std::string(kUuid) + ":1-3"}});
  EXPECT_EQ(text_of(resolve(at(task::StartMode::Earliest), session)),
            std::string(kUuid) + ":1-3 bin.000003:4");
}

TEST(StartPosition, AFileMustBeThereAndTheOffsetInsideIt) {
  RecordedSession session = mysql("ON");
  const auto at_file = [&](const std::string& file, std::uint64_t offset) {
    return resolve({.mode = task::StartMode::BinlogFile,
                    .timestamp_us = 0,
                    .gtid_set = {},
                    .file = file,
                    .offset = offset},
                   session);
  };
  session.record("SHOW BINLOG EVENTS IN 'bin.000003' FROM 120",
                 {{"bin.000003", "120", "Gtid", "1", "200", ""}});
  session.record("SHOW BINLOG EVENTS IN 'bin.000003' FROM 200",
                 {{"bin.000003", "200", "Query", "1", "240", "BEGIN"}});
  session.record("SHOW BINLOG EVENTS IN 'bin.000003' FROM 500", {});
  EXPECT_EQ(text_of(at_file("bin.000003", 120)), " bin.000003:120");
  EXPECT_EQ(text_of(at_file("bin.000003", 500)), " bin.000003:500");
  const absl::Status inside = at_file("bin.000003", 200).status();
  EXPECT_EQ(reason_of(inside), "BinlogPositionUnknown");
  EXPECT_THAT(std::string(inside.message()), HasSubstr("in the middle of a transaction (Query)"));
  EXPECT_EQ(reason_of(at_file("bin.000003", 501).status()), "BinlogPositionUnknown");
  EXPECT_EQ(reason_of(at_file("bin.000003", 3).status()), "BinlogPositionUnknown");
  const absl::Status purged = at_file("bin.000001", 4).status();
  EXPECT_TRUE(absl::IsOutOfRange(purged));
  EXPECT_EQ(reason_of(purged), "BinlogPositionPurged");
  EXPECT_THAT(std::string(purged.message()), AllOf(HasSubstr("bin.000001"), HasSubstr("bin.000003:4"),
                                                   HasSubstr("Earliest"), HasSubstr("Latest")));
}

TEST(StartPosition, AGtidSetMustBeExecutedAndNotPurged) {
  const task::StartPosition start{.mode = task::StartMode::GtidSet,
                                  .timestamp_us = 0,
                                  .gtid_set = std::string(kUuid) + ":1-5",
                                  .file = {},
                                  .offset = 4};
  RecordedSession fine = mysql("ON");
  fine.record("@@global.gtid_executed", {{""}});
  fine.record("GTID_SUBTRACT(@@global.gtid_purged", {{""}});
  EXPECT_EQ(text_of(resolve(start, fine)), std::string(kUuid) + ":1-5 :0");

  RecordedSession ahead = mysql("ON");
  ahead.record("@@global.gtid_executed", {{std::string(kUuid) + ":5"}});
  EXPECT_EQ(reason_of(resolve(start, ahead).status()), "BinlogPositionUnknown");

  RecordedSession purged = mysql("ON");
  purged.record("@@global.gtid_executed", {{""}});
  purged.record("GTID_SUBTRACT(@@global.gtid_purged", {{std::string(kUuid) + ":6-7"}});
  purged.record("SELECT @@global.gtid_purged", {{std::string(kUuid) + ":1-7"}});
  const absl::Status status = resolve(start, purged).status();
  EXPECT_EQ(reason_of(status), "BinlogPositionPurged");
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr(":6-7"), HasSubstr("bin.000003:4"), HasSubstr("spec.startPosition.mode")));

  RecordedSession off = mysql("OFF");
  EXPECT_EQ(reason_of(resolve(start, off).status()), "GtidModeOff");
}

TEST(StartPosition, MariadbTranslatesPlacesIntoGtids) {
  RecordedSession session;
  session.record("SHOW GLOBAL VARIABLES", {{"version", "10.11.19-MariaDB"}, {"log_bin", "ON"}});
  session.record("SELECT VERSION()", {{"10.11.19-MariaDB"}});
  session.record("SHOW MASTER STATUS", {{"bin.000002", "700", "", ""}});
  session.record("SHOW BINARY LOGS", {{"bin.000001", "900"}, {"bin.000002", "700"}});
  session.record("BINLOG_GTID_POS('bin.000002', 700)", {{"0-1-42"}});
  session.record("BINLOG_GTID_POS('bin.000001', 4)", {{""}});
  session.record("BINLOG_GTID_POS", {{std::nullopt}});
  session.record("SHOW BINLOG EVENTS IN 'bin.000002' FROM 333", {});
  EXPECT_EQ(text_of(resolve(at(task::StartMode::Latest), session)), "0-1-42 bin.000002:700");
  EXPECT_EQ(text_of(resolve(at(task::StartMode::Earliest), session)), " bin.000001:4");
  EXPECT_EQ(reason_of(resolve({.mode = task::StartMode::BinlogFile,
                               .timestamp_us = 0,
                               .gtid_set = {},
                               .file = "bin.000002",
                               .offset = 333},
                              session)
                          .status()),
            "BinlogPositionUnknown");
}

TEST(StartPosition, NoBinlogIsSaid) {
  RecordedSession session;
  session.record("SHOW GLOBAL VARIABLES", {{"version", "8.0.15"}, {"log_bin", "OFF"}});
  session.record("SELECT VERSION()", {{"8.0.15"}});
  session.record("SHOW MASTER STATUS", {});
  EXPECT_EQ(reason_of(resolve(at(task::StartMode::Latest), session).status()), "BinlogDisabled");
}

}  // namespace
}  // namespace rowtide::source
