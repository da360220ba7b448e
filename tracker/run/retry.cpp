#include "tracker/run/retry.h"

#include "common/status/reason.h"

namespace rowtide::run {

bool is_retryable(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsUnauthenticated(status) || absl::IsPermissionDenied(status) ||
         absl::IsDeadlineExceeded(status);
}

std::string condition_reason(const absl::Status& status) {
  // The source tells more exactly what it met: UnknownHost, HostNotPrivileged, SecretMissing, ...
  if (std::string reason = reason_of(status); !reason.empty()) return reason;
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return "";
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
      return "SourceUnavailable";
    case absl::StatusCode::kUnauthenticated:
      return "AccessDenied";
    case absl::StatusCode::kPermissionDenied:
      return "PermissionDenied";
    case absl::StatusCode::kOutOfRange:
      return "BinlogPositionLost";
    case absl::StatusCode::kAborted:
      return "Fenced";
    case absl::StatusCode::kFailedPrecondition:
      return "SourceUnsuitable";
    case absl::StatusCode::kUnimplemented:
      return "NotSupported";
    case absl::StatusCode::kDataLoss:
      return "BinlogDamaged";
    case absl::StatusCode::kResourceExhausted:
      return "RecordTooLarge";
    case absl::StatusCode::kNotFound:
      return "NotFound";
    case absl::StatusCode::kInvalidArgument:
      return "InvalidTask";
    default:
      return "Failed";
  }
}

}  // namespace rowtide::run
