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
  if (reason == "TlsFailed" || reason == "ClientCertificateRefused") return ConnectFault::Tls;
  if (is_secret_missing(connected)) {
    if (std::string(connected.message()).find("spec.source.polardb.") != std::string::npos)
      return ConnectFault::Reach;
    const bool is_tls = std::string(connected.message()).find("spec.source.tls.") != std::string::npos;
    return is_tls ? ConnectFault::Tls : ConnectFault::Login;
  }
  return absl::IsUnauthenticated(connected) ? ConnectFault::Login : ConnectFault::Reach;
}

}  // namespace rowtide::precheck
