#include "tracker/source/dump_request.h"
#include "common/status/reason.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rowtide::source {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

const ReaderIdentity kIdentity{
    .server_id = 0x01020304, .uuid = "726f7774-6964-4000-8000-000001020304", .label = "me"};

ServerInfo mysql(const std::string& gtid_mode = "ON") {
  ServerInfo facts;
  facts.version_text = "8.0.15";
  facts.gtid_mode = gtid_mode;
  return facts;
}

ServerInfo mariadb() {
  ServerInfo facts;
  facts.version_text = "10.11.19-MariaDB";
  facts.is_mariadb = true;
  return facts;
}

binlog::Position at_mysql_gtids(const std::string& text) {
  return {.gtids = binlog::MysqlGtidSet::parse(text).value(), .file = {}, .offset = 0};
}

binlog::Position at_mariadb_gtids(const std::string& text) {
  return {.gtids = binlog::MariadbGtidSet::parse(text).value(), .file = {}, .offset = 0};
}

TEST(Packets, Register) {
  EXPECT_EQ(register_packet(kIdentity), std::string("\x04\x03\x02\x01\x02me\0\0\0\0\0\0\0\0\0\0\0\0", 19));
}

TEST(Packets, Dump) {
  EXPECT_EQ(dump_packet(0x01020304, 0xA0B0C0D0, "bin.7", false),
            std::string("\xD0\xC0\xB0\xA0\0\0\x04\x03\x02\x01"
                        "bin.7",
                        15));
  EXPECT_EQ(dump_packet(0x01020304, 4, "", true), std::string("\x04\0\0\0\x02\0\x04\x03\x02\x01", 10));
}

TEST(Packets, DumpGtid) {
  EXPECT_EQ(dump_gtid_packet(0x01020304, "set"),
            std::string("\0\0\x04\x03\x02\x01\0\0\0\0\x04\0\0\0\0\0\0\0\x03\0\0\0"
                        "set",
                        25));
}

TEST(Settings, Mysql) {
  EXPECT_THAT(dump_settings({}, mysql(), kIdentity, 1s),
              AllOf(Contains(HasSubstr("@master_binlog_checksum = @@global.binlog_checksum")),
                    Contains(HasSubstr("@master_heartbeat_period = 1000000000")),
                    Contains(HasSubstr("@slave_uuid = '726f7774")), Not(Contains(HasSubstr("mariadb")))));
}

TEST(Settings, Mariadb) {
  const auto with_gtids = dump_settings(at_mariadb_gtids("0-1-42,1-7-9"), mariadb(), kIdentity, 1s);
  EXPECT_THAT(with_gtids, AllOf(Contains("SET @mariadb_slave_capability = 4"),
                                Contains("SET @slave_connect_state = '0-1-42,1-7-9'"),
                                Contains("SET @slave_gtid_strict_mode = 1")));
  const auto at_file = dump_settings({.gtids = {}, .file = "b.1", .offset = 4}, mariadb(), kIdentity, 1s);
  EXPECT_THAT(at_file, AllOf(Contains("SET @mariadb_slave_capability = 4"),
                             Not(Contains(HasSubstr("slave_connect_state")))));
}

TEST(PositionFits, ItsOwnServer) {
  EXPECT_TRUE(check_position_fits(at_mysql_gtids("3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5"), mysql()).ok());
  EXPECT_TRUE(check_position_fits(at_mariadb_gtids("0-1-42"), mariadb()).ok());
  EXPECT_TRUE(check_position_fits({.gtids = {}, .file = "b.1", .offset = 4}, mysql("OFF")).ok());
  EXPECT_TRUE(check_position_fits({.gtids = {}, .file = "b.1", .offset = 0xFFFFFFFF}, mysql("OFF")).ok());
}

TEST(PositionFits, NotAnotherKindOfServer) {
  EXPECT_EQ(
      reason_of(check_position_fits(at_mysql_gtids("3e11fa47-71ca-11e1-9e33-c80aa9429562:1"), mariadb())),
      "PositionOfOtherServer");
  EXPECT_EQ(reason_of(check_position_fits(at_mariadb_gtids("0-1-42"), mysql())), "PositionOfOtherServer");
}

TEST(PositionFits, NotGtidsWhereThereAreNone) {
  const absl::Status status =
      check_position_fits(at_mysql_gtids("3e11fa47-71ca-11e1-9e33-c80aa9429562:1"), mysql("OFF"));
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("gtid_mode is OFF"));
}

TEST(PositionFits, NotAnOffsetThatTheProtocolCannotSay) {
  const absl::Status status =
      check_position_fits({.gtids = {}, .file = "b.1", .offset = 0x100000000}, mysql("OFF"));
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("4 GiB"));
}

}  // namespace
}  // namespace rowtide::source
