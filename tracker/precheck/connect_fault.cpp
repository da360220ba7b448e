#include "tracker/precheck/connect_fault.h"

#include <string>

#include "common/status/reason.h"

namespace rowtide::precheck {

bool is_secret_missing(const absl::Status& connected) {
  return reason_of(connected) == "SecretMissing";
}

ConnectFault connect_fault(const absl::Status& connected) {
  if (connected.ok()) return ConnectFault::None;
  const std::string reason = reason_of(connected);
  if (reason == "TlsFailed") return ConnectFault::Tls;
  if (is_secret_missing(connected)) {
    const bool is_ca = std::string(connected.message()).find("caSecretRef") != std::string::npos;
    return is_ca ? ConnectFault::Tls : ConnectFault::Login;
  }
  return absl::IsUnauthenticated(connected) ? ConnectFault::Login : ConnectFault::Reach;
}

}  // namespace rowtide::precheck
