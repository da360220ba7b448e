#include "tracker/source/server_error.h"

#include <absl/strings/cord.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <charconv>

#include "common/status/reason.h"

namespace rowtide::source {
namespace {

constexpr char kNumberUrl[] = "rowtide.dev/error-number";

using absl::StatusCode;

/// One line per error number (or several with the same meaning): code, reason, and what to do about it.
struct Meaning {
  unsigned number;
  StatusCode code;
  std::string_view reason;
  std::string_view repair;
};

constexpr std::string_view kCheckAccount =
    "check username and password in the Secret of spec.source.credentialsSecretRef, or in "
    "spec.source.credentials, and that the account may log in from this address";
constexpr std::string_view kTriesAgain = "nothing to do if it passes";
constexpr std::string_view kPlugin =
    "give the account a plugin that is supported: caching_sha2_password, mysql_native_password, "
    "client_ed25519 or "
    "sha256_password";

constexpr std::array kMeanings{
    Meaning{1040, StatusCode::kUnavailable, "TooManyConnections",
            "raise max_connections at the source or free some"},
    Meaning{1203, StatusCode::kUnavailable, "TooManyConnections",
            "raise max_user_connections of the account"},
    Meaning{1226, StatusCode::kUnavailable, "TooManyConnections", "raise the resource limit of the account"},
    Meaning{1045, StatusCode::kUnauthenticated, "AccessDenied", kCheckAccount},
    Meaning{1698, StatusCode::kUnauthenticated, "AccessDenied", kCheckAccount},
    Meaning{1820, StatusCode::kUnauthenticated, "PasswordExpired",
            "give the account a new password (ALTER USER)"},
    Meaning{1862, StatusCode::kUnauthenticated, "PasswordExpired",
            "give the account a new password (ALTER USER)"},
    Meaning{3118, StatusCode::kUnauthenticated, "AccountLocked", "ALTER USER ... ACCOUNT UNLOCK"},
    Meaning{4151, StatusCode::kUnauthenticated, "AccountLocked", "ALTER USER ... ACCOUNT UNLOCK"},
    Meaning{3955, StatusCode::kUnauthenticated, "AccountLocked",
            "wait until the lock after wrong passwords is over, or ALTER USER ... ACCOUNT UNLOCK"},
    Meaning{4150, StatusCode::kUnauthenticated, "AccountLocked",
            "FLUSH PRIVILEGES, which ends the lock after wrong passwords (max_password_errors)"},
    Meaning{3032, StatusCode::kUnavailable, "OfflineMode", "SET GLOBAL offline_mode = OFF at the source"},
    Meaning{1251, StatusCode::kUnauthenticated, "AuthPluginUnsupported", kPlugin},
    Meaning{1524, StatusCode::kUnauthenticated, "AuthPluginUnsupported", kPlugin},
    Meaning{2049, StatusCode::kUnauthenticated, "AuthPluginUnsupported", kPlugin},
    Meaning{2059, StatusCode::kUnauthenticated, "AuthPluginUnsupported", kPlugin},
    Meaning{2061, StatusCode::kUnauthenticated, "AuthPluginUnsupported", kPlugin},
    Meaning{5010, StatusCode::kUnauthenticated, "AuthPluginUnsupported", kPlugin},
    Meaning{3159, StatusCode::kUnauthenticated, "TlsRequired", "set spec.source.tls.mode to Required"},
    Meaning{1044, StatusCode::kPermissionDenied, "PrivilegeMissing", "GRANT what is missing"},
    Meaning{1142, StatusCode::kPermissionDenied, "PrivilegeMissing", "GRANT what is missing"},
    Meaning{1227, StatusCode::kPermissionDenied, "PrivilegeMissing", "GRANT what is missing"},
    Meaning{2005, StatusCode::kUnavailable, "UnknownHost",
            "check spec.source.host and the DNS of this network"},
    Meaning{2006, StatusCode::kUnavailable, "ConnectionLost", kTriesAgain},
    Meaning{2013, StatusCode::kUnavailable, "ConnectionLost", kTriesAgain},
    Meaning{2055, StatusCode::kUnavailable, "ConnectionLost", kTriesAgain},
    Meaning{1053, StatusCode::kUnavailable, "ServerShutdown", kTriesAgain},
    Meaning{1079, StatusCode::kUnavailable, "ServerShutdown", kTriesAgain},
    Meaning{1158, StatusCode::kUnavailable, "ConnectionLost", kTriesAgain},
    Meaning{1159, StatusCode::kUnavailable, "ConnectionLost", kTriesAgain},
    Meaning{1160, StatusCode::kUnavailable, "ConnectionLost", kTriesAgain},
    Meaning{1161, StatusCode::kUnavailable, "ConnectionLost", kTriesAgain},
    Meaning{1205, StatusCode::kUnavailable, "LockTimeout", kTriesAgain},
    Meaning{1317, StatusCode::kUnavailable, "ConnectionLost", kTriesAgain},
    Meaning{1927, StatusCode::kUnavailable, "ConnectionLost", kTriesAgain},
    Meaning{4031, StatusCode::kUnavailable, "ConnectionLost", kTriesAgain},
    Meaning{2026, StatusCode::kUnavailable, "TlsFailed",
            "check spec.source.tls (mode, and the CA in caSecretRef) against the server's certificate"},
};

std::string address(const Target& target) {
  return fmt::format("{}:{}", target.host, target.port);
}

/// The operating system's number that the client library puts in brackets at the end: "... (111)".
int system_error_in(std::string_view text) {
  const auto open = text.rfind('(');
  int number = 0;
  if (open != std::string_view::npos) {
    std::from_chars(text.data() + open + 1, text.data() + text.size(), number);
  }
  return number;
}

absl::Status connect_failed(unsigned number, std::string_view text, const Target& target) {
  absl::Status status;
  switch (const int error = system_error_in(text); error) {
    case ECONNREFUSED:
      status =
          failure(StatusCode::kUnavailable, "ConnectionRefused",
                  fmt::format("nothing listens at {}: the connection was refused; check spec.source.host and "
                              "port, and that the server runs",
                              address(target)));
      break;
    case ETIMEDOUT:
    case EINPROGRESS:
    case EAGAIN:
    case 0:
      status = failure(
          StatusCode::kUnavailable, "Timeout",
          fmt::format("{} did not answer in time; check host and port, and that no firewall, security "
                      "group or whitelist drops packets from this address",
                      address(target)));
      break;
    default:
      status = failure(StatusCode::kUnavailable, "Unreachable",
                       fmt::format("{} cannot be reached (error {}: {}); check the route from this network",
                                   address(target), error, text));
  }
  status.SetPayload(kNumberUrl, absl::Cord(std::to_string(number)));
  return status;
}

/// A server that turns us away does so before TLS begins; the library then wraps the server's own error: "...
/// cannot be verified: 1130 - Host ...". Takes the wrapping off.
void unwrap(unsigned& number, std::string_view& text) {
  constexpr std::string_view kBefore = "cannot be verified: ";
  constexpr std::string_view kBetween = " - ";
  const auto found = text.find(kBefore);
  if (found == std::string_view::npos) return;
  const std::string_view inner = text.substr(found + kBefore.size());
  unsigned inner_number = 0;
  const auto [end, error] = std::from_chars(inner.data(), inner.data() + inner.size(), inner_number);
  const std::string_view rest = inner.substr(static_cast<std::size_t>(end - inner.data()));
  if (error != std::errc() || !rest.starts_with(kBetween)) return;
  number = inner_number;
  text = rest.substr(kBetween.size());
}

absl::Status host_refused(unsigned number, std::string_view text, const Target& target) {
  const std::string ours = client_address_in(text);
  if (number == 1130) {
    return failure(
        StatusCode::kPermissionDenied, "HostNotPrivileged",
        fmt::format("{} lets nobody in from our address {} (error 1130: {}); allow the address: add it to "
                    "the whitelist, or give the account a host part that covers it",
                    address(target), ours, text));
  }
  return failure(
      StatusCode::kPermissionDenied, "HostBlocked",
      fmt::format(
          "{} has blocked our address {} after too many broken connections (error 1129: {}); run "
          "FLUSH HOSTS at the source (from MySQL 8.4 on: TRUNCATE TABLE performance_schema.host_cache) and find "
          "what breaks connections",
          address(target), ours, text));
}

bool says(std::string_view text, std::string_view part) {
  const auto same = [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); };
  return std::search(text.begin(), text.end(), part.begin(), part.end(), same) != text.end();
}

/// 1236 covers everything that can go wrong while the server reads its binlog: the text decides.
absl::Status binlog_unreadable(std::string_view text, const Target& target) {
  if (says(text, "same server_uuid/server_id") || says(text, "same server_id")) {
    return failure(
        StatusCode::kAborted, "DuplicateServerId",
        fmt::format("another reader with our server id has connected to {}, and the server has cut us off "
                    "({}); if it is not this task's own successor, give one of the two another "
                    "spec.source.serverId",
                    address(target), text));
  }
  for (const std::string_view purged :
       {"purged", "could not find first log file", "could not find gtid state", "could not find log"}) {
    if (!says(text, purged)) continue;
    return failure(StatusCode::kOutOfRange, "BinlogPositionPurged",
                   fmt::format("{} no longer has the binlog from which to go on: {}", address(target), text));
  }
  for (const std::string_view unknown : {"more GTIDs than the", "impossible position", "position > file size",
                                         "which is not in the master's binlog", "missing the GTID"}) {
    if (!says(text, unknown)) continue;
    return failure(
        StatusCode::kOutOfRange, "BinlogPositionUnknown",
        fmt::format("{} does not know the position from which to go on, as after a fail-over to a server "
                    "that had not received everything: {}",
                    address(target), text));
  }
  if (says(text, "anonymous transaction")) {
    return failure(
        StatusCode::kUnavailable, "TransactionsWithoutGtid",
        fmt::format(
            "{} holds back transactions that were committed without a GTID, while gtid_mode was less than "
            "ON: {}; SET GLOBAL gtid_mode = ON_PERMISSIVE at the source until the task has read them (its "
            "lag is 0), then ON again",
            address(target), text));
  }
  if (says(text, "max_allowed_packet")) {
    return failure(
        StatusCode::kFailedPrecondition, "EventTooLarge",
        fmt::format("{} cannot send an event of its binlog: {}; SET GLOBAL max_allowed_packet=1073741824 "
                    "at the source",
                    address(target), text));
  }
  return failure(StatusCode::kFailedPrecondition, "BinlogUnreadable",
                 fmt::format("{} cannot read its binlog for us: {}; look into the source's error log",
                             address(target), text));
}

absl::Status meaning_of(unsigned number, std::string_view text, const Target& target) {
  for (const Meaning& meaning : kMeanings) {
    if (meaning.number != number) continue;
    const std::string who = target.user.empty() ? std::string() : fmt::format(" as {}", target.user);
    return failure(
        meaning.code, meaning.reason,
        fmt::format("{}{}: {} (error {}); {}", address(target), who, text, number, meaning.repair));
  }
  return failure(StatusCode::kFailedPrecondition, "StatementFailed",
                 fmt::format("{}: {} (error {})", address(target), text, number));
}

}  // namespace

std::string_view repair_of(unsigned number) {
  const auto* const found = std::find_if(kMeanings.begin(), kMeanings.end(),
                                         [number](const Meaning& each) { return each.number == number; });
  return found == kMeanings.end() || found->repair == kTriesAgain ? std::string_view() : found->repair;
}

unsigned error_number_of(const absl::Status& status) {
  unsigned number = 0;
  if (const auto payload = status.GetPayload(kNumberUrl)) {
    const std::string text(*payload);
    std::from_chars(text.data(), text.data() + text.size(), number);
  }
  return number;
}

std::string client_address_in(std::string_view text) {
  for (const std::string_view before : {"'@'", "Host '"}) {
    const auto found = text.find(before);
    if (found == std::string_view::npos) continue;
    const std::string_view rest = text.substr(found + before.size());
    return std::string(rest.substr(0, rest.find('\'')));
  }
  return {};
}

absl::Status classify_error(unsigned number, std::string_view text, const Target& target) {
  constexpr unsigned kConnectionError = 2002;
  constexpr unsigned kConnectHostError = 2003;
  constexpr unsigned kHostBlocked = 1129;
  constexpr unsigned kHostNotPrivileged = 1130;
  constexpr unsigned kBinlogError = 1236;
  constexpr unsigned kConnectionLost = 2013;
  constexpr unsigned kPluginNotLoaded = 2059;
  unwrap(number, text);
  // The library calls a plugin that it has not got a refused login.
  if (says(text, "Plugin") && says(text, "could not be loaded")) number = kPluginNotLoaded;
  absl::Status status;
  switch (number) {
    case kConnectionError:
    case kConnectHostError:
      status = connect_failed(number, text, target);
      break;
    case kHostBlocked:
    case kHostNotPrivileged:
      status = host_refused(number, text, target);
      break;
    case kBinlogError:
      status = binlog_unreadable(text, target);
      break;
    case kConnectionLost:
      status = says(text, "handshake") && says(text, "system error: 110")
                   ? connect_failed(number, "(110)", target)
                   : meaning_of(number, text, target);
      break;
    default:
      // MariaDB has numbers of its own for some of 1236's cases, with the same texts.
      if (says(text, "requested by the slave") || says(text, "connecting slave requested") ||
          says(text, "same server_uuid/server_id")) {
        status = binlog_unreadable(text, target);
      } else {
        status = meaning_of(number, text, target);
      }
  }
  status.SetPayload(kNumberUrl, absl::Cord(std::to_string(number)));
  return status;
}

}  // namespace rowtide::source
