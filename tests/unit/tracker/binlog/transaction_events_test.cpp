#include "tracker/binlog/transaction_events.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/tracker/binlog/event_bytes.h"

namespace rowtide::binlog {
namespace {

TEST(FormatDescriptions, MysqlAndMariadb) {
  const auto format = [](std::string_view version, std::uint8_t algorithm) {
    return parse_format_description(as_bytes(format_body(version, algorithm) + "crc4"));
  };
  EXPECT_EQ(format("8.0.15", 1)->server_version, "8.0.15");
  EXPECT_FALSE(format("8.0.15", 1)->is_mariadb);
  EXPECT_TRUE(format("8.0.15", 1)->has_checksum);
  EXPECT_FALSE(format("8.0.15", 0)->has_checksum);
  EXPECT_TRUE(format("10.11.19-MariaDB-0+deb12u1-log", 1)->is_mariadb);
  EXPECT_EQ(format("5.5.5-10.11.19-MariaDB", 1)->server_version, "10.11.19-MariaDB");
  EXPECT_TRUE(format("26.10.1", 1).ok());
  EXPECT_EQ(format("8.0.15", 2).status().code(), absl::StatusCode::kUnimplemented);
  EXPECT_EQ(format("5.1.73-log", 1).status().code(), absl::StatusCode::kUnimplemented);
}

std::string gtid_body(bool has_timestamps, bool has_original) {
  constexpr std::uint64_t kTimestamp = 1795409110534708;
  EventBytes body;
  body.u8(1).text("0123456789abcdef").u64(42).u8(2).u64(5).u64(6);
  if (has_timestamps) body.number(kTimestamp | (has_original ? std::uint64_t{1} << 55U : 0), 7);
  if (has_original) body.number(kTimestamp - 1, 7);
  if (has_timestamps) body.u8(100).u32(80015);
  return body.str();
}

TEST(GtidEvents, TimestampsWhereTheServerSendsThem) {
  const auto old = parse_gtid(as_bytes(gtid_body(false, false)));
  ASSERT_TRUE(old.ok());
  EXPECT_EQ(old->gtid.number, 42U);
  EXPECT_EQ(old->gtid.uuid[15], 'f');
  EXPECT_FALSE(old->commit_timestamp_us.has_value());
  EXPECT_EQ(parse_gtid(as_bytes(gtid_body(true, false)))->commit_timestamp_us, 1795409110534708);
  EXPECT_EQ(parse_gtid(as_bytes(gtid_body(true, true)))->commit_timestamp_us, 1795409110534707);
  EXPECT_EQ(parse_gtid(as_bytes(gtid_body(true, true)).first(24)).status().code(),
            absl::StatusCode::kDataLoss);
}

TEST(MariadbGtidEvents, StandaloneFlag) {
  const std::string body = EventBytes().u64(99).u32(3).u8(1).zeros(6).str();
  const auto event = parse_mariadb_gtid(as_bytes(body), 17);
  ASSERT_TRUE(event.ok());
  EXPECT_EQ(to_string(Gtid(event->gtid)), "3-17-99");
  EXPECT_TRUE(event->standalone);
  EXPECT_FALSE(event->prepared_xa);
  EXPECT_FALSE(
      parse_mariadb_gtid(as_bytes(EventBytes().u64(99).u32(3).u8(0x0e).u64(5).str()), 17)->standalone);
  EXPECT_FALSE(parse_mariadb_gtid(as_bytes(body).first(12), 17).ok());
}

TEST(MariadbGtidEvents, PreparedXa) {
  // A commit id, then the xid.
  const std::string body = EventBytes().u64(99).u32(3).u8(0x4e).u64(5).u32(7).u8(3).u8(1).text("abcb").str();
  const auto event = parse_mariadb_gtid(as_bytes(body), 17);
  ASSERT_TRUE(event.ok());
  EXPECT_TRUE(event->prepared_xa);
  EXPECT_EQ(event->xid, "X'616263',X'62',7");
  EXPECT_FALSE(parse_mariadb_gtid(as_bytes(body).first(body.size() - 1), 17).ok());
}

TEST(MariadbGtidEvents, AnAlterInTwoGroups) {
  using Alter = MariadbGtidEvent::Alter;
  const auto alter_of = [](const EventBytes& body) {
    return parse_mariadb_gtid(as_bytes(body.str()), 17)->alter;
  };
  const EventBytes head = EventBytes().u64(99).u32(3).u8(1);
  EXPECT_EQ(alter_of(EventBytes(head).zeros(6)), Alter::Whole);
  EXPECT_EQ(alter_of(EventBytes(head).u8(2).zeros(5)), Alter::Start);
  EXPECT_EQ(alter_of(EventBytes(head).u8(4).u64(98)), Alter::Commit);
  EXPECT_EQ(alter_of(EventBytes(head).u8(8).u64(98)), Alter::Rollback);
  // After a commit id, after the xid of an XA COMMIT.
  EXPECT_EQ(alter_of(EventBytes().u64(99).u32(3).u8(3).u64(5).u8(2)), Alter::Start);
  EXPECT_EQ(alter_of(EventBytes().u64(99).u32(3).u8(0x80).u32(7).u8(1).u8(1).text("\x02\x08").zeros(1)),
            Alter::Whole);
}

TEST(XaPrepares, NameTheTransactionAsTheStatementsDo) {
  const std::string body = EventBytes().u8(0).u32(7).u32(3).u32(1).text("abcb").str();
  const auto event = parse_xa_prepare(as_bytes(body));
  ASSERT_TRUE(event.ok());
  EXPECT_FALSE(event->is_one_phase);
  EXPECT_EQ(event->xid, "X'616263',X'62',7");
  EXPECT_TRUE(parse_xa_prepare(as_bytes(EventBytes().u8(1).u32(1).u32(0).u32(0).str()))->is_one_phase);
  for (std::size_t size = 0; size < body.size(); ++size)
    EXPECT_FALSE(parse_xa_prepare(as_bytes(body).first(size)).ok());
}

TEST(Rotates, PositionAndFile) {
  const std::string body = EventBytes().u64(0x1'0000'0004U).text("binlog.000002").str();
  EXPECT_EQ(parse_rotate(as_bytes(body))->position, 0x1'0000'0004U);
  EXPECT_EQ(parse_rotate(as_bytes(body))->file, "binlog.000002");
  EXPECT_FALSE(parse_rotate(as_bytes(body).first(8)).ok());
}

std::string query_body(std::string_view variables, std::string_view database, std::string_view sql) {
  return EventBytes()
      .u32(11)
      .u32(0)
      .u8(database.size())
      .u16(1146)
      .u16(variables.size())
      .text(variables)
      .text(database)
      .u8(0)
      .text(sql)
      .str();
}

TEST(Queries, FieldsAndCharacterSet) {
  // flags2, sql_mode, catalog, auto_increment, charset (latin1 = 8), and one after that is not looked at
  const std::string variables = EventBytes()
                                    .u8(0)
                                    .u32(0)
                                    .u8(1)
                                    .u64(0)
                                    .u8(6)
                                    .counted("std")
                                    .u8(3)
                                    .u32(0)
                                    .u8(4)
                                    .u16(8)
                                    .u16(45)
                                    .u16(255)
                                    .u8(99)
                                    .str();
  const std::string body = query_body(variables, "shop", "DROP TABLE t");
  const auto query = parse_query(as_bytes(body));
  ASSERT_TRUE(query.ok());
  EXPECT_EQ(query->thread_id, 11U);
  EXPECT_EQ(query->error_code, 1146);
  EXPECT_EQ(query->database, "shop");
  EXPECT_EQ(query->sql, "DROP TABLE t");
  EXPECT_EQ(query->client_collation, 8);
  EXPECT_EQ(parse_query(as_bytes(query_body("", "", "BEGIN")))->client_collation, 0);
  EXPECT_EQ(parse_query(as_bytes(query_body("\x04\x08", "", "BEGIN")))->client_collation, 0);
  const std::size_t sql_begins = body.size() - query->sql.size();
  for (std::size_t size = 0; size < sql_begins; ++size) {
    const std::vector<char> prefix(body.begin(), body.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(parse_query(as_bytes({prefix.data(), size})).ok()) << size;
  }
}

TEST(EventNames, KnownAndUnknown) {
  EXPECT_EQ(name(EventType::TableMap), "TABLE_MAP");
  EXPECT_EQ(name(EventType::MariadbDeleteRowsCompressedV1), "MARIADB_DELETE_ROWS_COMPRESSED_V1");
  EXPECT_EQ(name(static_cast<EventType>(200)), "UNKNOWN");
}

}  // namespace
}  // namespace rowtide::binlog
