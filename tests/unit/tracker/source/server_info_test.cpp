#include "tracker/source/server_info.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/tracker/sql/recorded_session.h"

namespace rowtide::source {
namespace {

TEST(ServerVersion, IsComparedAsNumbers) {
  EXPECT_EQ(parse_server_version("8.0.15"), (ServerVersion{8, 0, 15}));
  EXPECT_EQ(parse_server_version("5.7.44-log"), (ServerVersion{5, 7, 44}));
  EXPECT_EQ(parse_server_version("10.11.19-MariaDB-0+deb12u1-log"), (ServerVersion{10, 11, 19}));
  EXPECT_EQ(parse_server_version("5.5.5-10.6.1-MariaDB"), (ServerVersion{10, 6, 1}));
  EXPECT_EQ(parse_server_version("9.7"), (ServerVersion{9, 7, 0}));
  EXPECT_EQ(parse_server_version("nonsense"), (ServerVersion{0, 0, 0}));
  EXPECT_LT(parse_server_version("8.0.9"), parse_server_version("8.0.22"));
  EXPECT_LT(parse_server_version("8.4.0"), parse_server_version("10.5.0"));
}

TEST(SessionSettings, AreThoseThatTheServerKnows) {
  constexpr std::string_view kMode = "SET SESSION sql_mode = ''";
  constexpr std::string_view kKeys = "SET SESSION show_gipk_in_create_table_and_information_schema = ON";
  constexpr std::string_view kNoLimit = "SET SESSION max_execution_time = 0";
  for (const char* version : {"8.0.30", "8.0.36-log", "8.4.0", "9.1.0"})
    EXPECT_THAT(session_settings(version), testing::ElementsAre(kMode, kNoLimit, kKeys)) << version;
  for (const char* version : {"5.7.44-log", "8.0.15", "8.0.29", "nonsense"})
    EXPECT_THAT(session_settings(version), testing::ElementsAre(kMode, kNoLimit)) << version;
  for (const char* version : {"10.11.19-MariaDB-0+deb12u1-log", "5.5.5-10.6.1-MariaDB"})
    EXPECT_THAT(session_settings(version), testing::ElementsAre(kMode, "SET SESSION max_statement_time = 0"))
        << version;
}

TEST(ServerInfo, ReadsMysql) {
  test::RecordedSession session;
  session.record("SHOW GLOBAL VARIABLES", {{"version", "8.0.15"},
                                           {"server_id", "17"},
                                           {"log_bin", "ON"},
                                           {"binlog_format", "ROW"},
                                           {"gtid_mode", "ON_PERMISSIVE"},
                                           {"lower_case_table_names", "0"},
                                           {"binlog_expire_logs_seconds", "2592000"},
                                           {"expire_logs_days", "0"}});
  const absl::StatusOr<ServerInfo> facts = read_server_info(session);
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_FALSE(facts->is_mariadb);
  EXPECT_EQ(facts->server_id, 17U);
  EXPECT_TRUE(facts->log_bin);
  EXPECT_FALSE(facts->has_gtids());
  EXPECT_FALSE(facts->lower_case_names);
  EXPECT_EQ(facts->retention_seconds, 2'592'000U);
  EXPECT_EQ(facts->binlog_row_metadata, "");
}

TEST(ServerInfo, OlderRetentionInDays) {
  test::RecordedSession session;
  session.record("SHOW GLOBAL VARIABLES", {{"version", "10.5.9-MariaDB"},
                                           {"log_bin", "OFF"},
                                           {"expire_logs_days", "0.500000"},
                                           {"lower_case_table_names", "2"}});
  const absl::StatusOr<ServerInfo> facts = read_server_info(session);
  ASSERT_TRUE(facts.ok());
  EXPECT_TRUE(facts->is_mariadb);
  EXPECT_TRUE(facts->has_gtids());
  EXPECT_TRUE(facts->lower_case_names);
  EXPECT_EQ(facts->retention_seconds, 43'200U);
}

TEST(ServerInfo, RetentionForEverAndNotTold) {
  test::RecordedSession for_ever;
  for_ever.record("SHOW GLOBAL VARIABLES", {{"binlog_expire_logs_seconds", "0"}, {"expire_logs_days", "0"}});
  EXPECT_EQ(read_server_info(for_ever)->retention_seconds, 0U);
  test::RecordedSession not_told;
  not_told.record("SHOW GLOBAL VARIABLES", {{"version", "8.0.15"}});
  EXPECT_EQ(read_server_info(not_told)->retention_seconds, std::nullopt);
}

TEST(Statements, FollowTheServersNames) {
  EXPECT_EQ(binlog_status_statement({8, 0, 15}, false), "SHOW MASTER STATUS");
  EXPECT_EQ(binlog_status_statement({8, 4, 0}, false), "SHOW BINARY LOG STATUS");
  EXPECT_EQ(binlog_status_statement({11, 4, 0}, true), "SHOW MASTER STATUS");
  ServerInfo facts;
  facts.version = {8, 0, 21};
  EXPECT_EQ(show_replicas_statement(facts), "SHOW SLAVE HOSTS");
  facts.version = {8, 0, 22};
  EXPECT_EQ(show_replicas_statement(facts), "SHOW REPLICAS");
  facts.is_mariadb = true;
  EXPECT_EQ(show_replicas_statement(facts), "SHOW SLAVE HOSTS");
}

}  // namespace
}  // namespace rowtide::source
