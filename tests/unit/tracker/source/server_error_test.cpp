#include "tracker/source/server_error.h"
#include "common/status/reason.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rowtide::source {
namespace {

using absl::StatusCode;
using testing::AllOf;
using testing::HasSubstr;

const Target kTarget{"db.example.com", 3306, "tracker"};

struct Case {
  unsigned number;
  std::string text;
  StatusCode code;
  std::string reason;
};

class ClassifyError : public testing::TestWithParam<Case> {};

TEST_P(ClassifyError, SaysWhetherToTryAgainAndWhy) {
  const Case& given = GetParam();
  const absl::Status status = classify_error(given.number, given.text, kTarget);
  EXPECT_EQ(status.code(), given.code) << status;
  EXPECT_EQ(reason_of(status), given.reason);
  EXPECT_EQ(error_number_of(status), given.number);
  EXPECT_THAT(std::string(status.message()), HasSubstr("db.example.com:3306"));
}

INSTANTIATE_TEST_SUITE_P(
    Errors, ClassifyError,
    testing::Values(
        Case{2005, "Unknown server host 'db.example.com' (-2)", StatusCode::kUnavailable, "UnknownHost"},
        Case{2002, "Can't connect to server on 'db.example.com' (111)", StatusCode::kUnavailable,
             "ConnectionRefused"},
        Case{2002, "Can't connect to server on 'db.example.com' (110)", StatusCode::kUnavailable, "Timeout"},
        Case{2002, "Can't connect to server on 'db.example.com' (113)", StatusCode::kUnavailable,
             "Unreachable"},
        Case{2013,
             "Lost connection to server at 'handshake: reading initial communication packet', system error: "
             "110",
             StatusCode::kUnavailable, "Timeout"},
        Case{2013, "Lost connection to server during query", StatusCode::kUnavailable, "ConnectionLost"},
        Case{2006, "Server has gone away", StatusCode::kUnavailable, "ConnectionLost"},
        Case{1040, "Too many connections", StatusCode::kUnavailable, "TooManyConnections"},
        Case{1053, "Server shutdown in progress", StatusCode::kUnavailable, "ServerShutdown"},
        Case{1045, "Access denied for user 'tracker'@'10.0.3.7' (using password: YES)",
             StatusCode::kUnauthenticated, "AccessDenied"},
        Case{2059, "Authentication plugin 'dialog' cannot be loaded", StatusCode::kUnauthenticated,
             "AuthPluginUnsupported"},
        Case{1862, "Your password has expired.", StatusCode::kUnauthenticated, "PasswordExpired"},
        Case{1227, "Access denied; you need (at least one of) the SUPER privilege(s)",
             StatusCode::kPermissionDenied, "PrivilegeMissing"},
        Case{1130, "Host '10.0.3.7' is not allowed to connect to this MySQL server",
             StatusCode::kPermissionDenied, "HostNotPrivileged"},
        Case{1129,
             "Host '10.0.3.7' is blocked because of many connection errors; unblock with 'mysqladmin "
             "flush-hosts'",
             StatusCode::kPermissionDenied, "HostBlocked"},
        Case{2026, "TLS/SSL error: certificate verify failed", StatusCode::kUnavailable, "TlsFailed"},
        Case{1064, "You have an error in your SQL syntax", StatusCode::kFailedPrecondition,
             "StatementFailed"}));

// Texts of real servers: MySQL 5.7 and 8.0, MariaDB 10.11.
INSTANTIATE_TEST_SUITE_P(
    BinlogErrors, ClassifyError,
    testing::Values(
        Case{1236, "Could not find first log file name in binary log index file", StatusCode::kOutOfRange,
             "BinlogPositionPurged"},
        Case{1236,
             "Cannot replicate because the master purged required binary logs. Replicate the "
             "missing transactions "
             "from elsewhere, or provision a new slave from backup.",
             StatusCode::kOutOfRange, "BinlogPositionPurged"},
        Case{1236,
             "The slave is connecting using CHANGE MASTER TO MASTER_AUTO_POSITION = 1, but the "
             "master has purged "
             "binary logs containing GTIDs that the slave requires.",
             StatusCode::kOutOfRange, "BinlogPositionPurged"},
        Case{1236,
             "Could not find GTID state requested by slave in any binlog files. Probably the "
             "slave state is too old "
             "and required binlog files have been purged.",
             StatusCode::kOutOfRange, "BinlogPositionPurged"},
        Case{1236, "Slave has more GTIDs than the master has, using the master's SERVER_UUID.",
             StatusCode::kOutOfRange, "BinlogPositionUnknown"},
        Case{1236, "Client requested master to start replication from impossible position",
             StatusCode::kOutOfRange, "BinlogPositionUnknown"},
        Case{1236,
             "Error: connecting slave requested to start from GTID 0-1-99, which is not in the "
             "master's binlog",
             StatusCode::kOutOfRange, "BinlogPositionUnknown"},
        Case{1236,
             "A slave with the same server_uuid/server_id as this slave has connected to the "
             "master; the first "
             "event 'binlog.000002' at 155",
             StatusCode::kAborted, "DuplicateServerId"},
        Case{4052,
             "A slave with the same server_uuid/server_id is already connected; the first event '.' at 4",
             StatusCode::kAborted, "DuplicateServerId"},
        Case{1236, "log event entry exceeded max_allowed_packet; Increase max_allowed_packet on master",
             StatusCode::kFailedPrecondition, "EventTooLarge"},
        Case{1236, "binlog truncated in the middle of event", StatusCode::kFailedPrecondition,
             "BinlogUnreadable"}));

TEST(ClassifyErrorText, NamesTheAddressToLetIn) {
  const absl::Status status =
      classify_error(1130, "Host '10.0.3.7' is not allowed to connect to this MySQL server", kTarget);
  EXPECT_THAT(std::string(status.message()), HasSubstr("our address 10.0.3.7"));
}

TEST(ClassifyErrorText, FindsTheServersErrorInsideTheLibrarysWarningAboutIt) {
  const absl::Status status =
      classify_error(2002,
                     "Received error packet before completion of TLS handshake. The authenticity of the "
                     "following error cannot be "
                     "verified: 1130 - Host '10.0.3.7' is not allowed to connect to this MySQL server",
                     kTarget);
  EXPECT_EQ(reason_of(status), "HostNotPrivileged");
  EXPECT_EQ(error_number_of(status), 1130U);
}

TEST(ClassifyErrorText, SaysWhatToDoAboutTheAccount) {
  const absl::Status status =
      classify_error(1045, "Access denied for user 'tracker'@'10.0.3.7' (using password: YES)", kTarget);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("as tracker"), HasSubstr("credentialsSecretRef")));
}

TEST(ClientAddress, IsFoundInTheServersTexts) {
  EXPECT_EQ(client_address_in("Access denied for user 'u'@'10.0.3.7' (using password: YES)"), "10.0.3.7");
  EXPECT_EQ(client_address_in("Host '10.0.3.8' is not allowed to connect to this MariaDB server"),
            "10.0.3.8");
  EXPECT_EQ(client_address_in("Too many connections"), "");
}

TEST(Reason, IsEmptyForForeignStatuses) {
  EXPECT_EQ(reason_of(absl::OkStatus()), "");
  EXPECT_EQ(reason_of(absl::InternalError("x")), "");
  EXPECT_EQ(error_number_of(absl::InternalError("x")), 0U);
}

}  // namespace
}  // namespace rowtide::source
