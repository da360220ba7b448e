#include "tracker/source/same_binlog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/tracker/sql/recorded_session.h"
#include "tracker/source/failure.h"

namespace rowtide::source {
namespace {

using testing::HasSubstr;

constexpr const char* kServer = "3e11fa47-71ca-11e1-9e33-c80aa9429562";

/// A source that lists files; what their first events say is for the tests on real servers.
struct Files {
  explicit Files(std::vector<std::string> names) {
    std::vector<sql::Row> rows;
    for (std::string& name : names) rows.push_back({std::move(name), "500"});
    session.record("SHOW BINARY LOGS", std::move(rows));
    facts.server = kServer;
  }
  absl::StatusOr<bool> ask(const binlog::Position& from) {
    return is_in_same_file(from, facts, session, [] { return nullptr; });
  }
  test::RecordedSession session;
  ServerFacts facts;
};

binlog::Position in_file(const std::string& file) {
  return {.gtids = {}, .file = file, .offset = 155, .server = kServer, .file_created = 1700000000};
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

}  // namespace
}  // namespace rowtide::source
