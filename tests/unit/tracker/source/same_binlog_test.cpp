#include "tracker/source/same_binlog.h"
#include "common/status/reason.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/tracker/binlog/event_bytes.h"
#include "tests/unit/tracker/sql/recorded_session.h"

namespace rowtide::source {
namespace {

using testing::HasSubstr;

constexpr const char* kServer = "3e11fa47-71ca-11e1-9e33-c80aa9429562";

constexpr std::uint32_t kCreated = 1700000000;

/// A stream of which only the first event is there: when its file was begun.
class FirstEvent final : public EventSource {
 public:
  absl::Status open(const binlog::Position& /*from*/) override { return absl::OkStatus(); }
  absl::StatusOr<Bytes> next() override { return as_bytes(event_); }
  void interrupt() override {}
  void close() override {}
  const SourceInfo& info() const override { return info_; }

 private:
  std::string event_ = binlog::make_event(binlog::EventType::FormatDescription, binlog::format_body("8.0.15"),
                                          {.log_pos = 0, .flags = 0, .timestamp = kCreated});
  SourceInfo info_;
};

/// A source that lists files.
struct Files {
  explicit Files(std::vector<std::string> names) {
    std::vector<sql::Row> rows;
    for (std::string& name : names) rows.push_back({std::move(name), "500"});
    session.record("SHOW BINARY LOGS", std::move(rows));
    facts.server = kServer;
  }
  absl::StatusOr<bool> ask(const binlog::Position& from) {
    return is_in_same_file(from, facts, session, [] { return std::make_unique<FirstEvent>(); });
  }
  test::RecordedSession session;
  ServerInfo facts;
};

binlog::Position in_file(const std::string& file) {
  return {.gtids = {}, .file = file, .offset = 155, .server = kServer, .file_created = kCreated};
}

TEST(SameBinlog, AskedOfAnotherServerOrWithoutKnowingItIsNotTold) {
  Files files({"bin.000001"});
  binlog::Position other = in_file("bin.000007");
  other.server = "another";
  EXPECT_FALSE(files.ask(other).value());
  binlog::Position unknown = in_file("bin.000007");
  unknown.file_created = 0;
  EXPECT_FALSE(files.ask(unknown).value());
}

TEST(SameBinlog, FilesAreComparedByTheirNumbers) {
  Files files({"bin.999998", "bin.1000001"});
  EXPECT_FALSE(files.ask(in_file("bin.999997")).value());  // purged
  EXPECT_FALSE(files.ask(in_file("bin.999999")).value());
  EXPECT_FALSE(files.ask(in_file("other.1000002")).value());  // the files were given another name
  const absl::Status reset = files.ask(in_file("bin.1000002")).status();
  EXPECT_EQ(reason_of(reset), "BinlogReset");
  EXPECT_THAT(std::string(reset.message()), HasSubstr("its last file is bin.1000001"));
}

/// A binlog that was reset within the second in which the file was begun.
TEST(SameBinlog, OtherTransactionsWhereThePositionIsAreAnotherBinlogs) {
  const auto with_event = [](const std::string& type, const std::string& info, const binlog::GtidSet& gtids) {
    Files files({"bin.000001"});
    files.session.record("SHOW BINLOG EVENTS IN 'bin.000001' FROM 155 LIMIT 1",
                         {{"bin.000001", "155", type, "1", "200", info}});
    binlog::Position from = in_file("bin.000001");
    from.gtids = gtids;
    return files.ask(from);
  };
  const auto mysql = binlog::MysqlGtidSet::parse(std::string(kServer) + ":1-5").value();
  const auto next = [](int number) {
    return fmt::format("SET @@SESSION.GTID_NEXT= '{}:{}'", kServer, number);
  };
  EXPECT_TRUE(with_event("Gtid", next(6), mysql).value());
  EXPECT_EQ(reason_of(with_event("Gtid", next(5), mysql).status()), "BinlogReset");
  EXPECT_TRUE(with_event("Rotate", "bin.000002;pos=4", mysql).value());
  EXPECT_EQ(reason_of(with_event("Table_map", "table_id: 7 (shop.t)", mysql).status()), "BinlogReset");

  const auto mariadb = binlog::MariadbGtidSet::parse("0-1-5").value();
  EXPECT_TRUE(with_event("Gtid", "BEGIN GTID 0-1-6", mariadb).value());
  EXPECT_TRUE(with_event("Gtid", "GTID 1-1-1", mariadb).value());
  EXPECT_EQ(reason_of(with_event("Gtid", "GTID 0-1-5", mariadb).status()), "BinlogReset");

  Files files({"bin.000001"});  // the end of the file, or nobody tells
  EXPECT_TRUE(files.ask(in_file("bin.000001")).value());
}

}  // namespace
}  // namespace rowtide::source
