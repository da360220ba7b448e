#include "tracker/precheck/connect_fault.h"

#include <fmt/format.h>

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

std::string repair_of_missing_secret(const absl::Status& connected, const task::Source& source) {
  const ConnectFault fault = connect_fault(connected);
  if (fault == ConnectFault::Reach && source.polardb) {
    return fmt::format(
        "create Secret {} (spec.source.polardb.openApiSecretRef) with the keys accessKeyId and accessKeySecret",
        source.polardb->open_api_secret_ref.name);
  }
  if (fault == ConnectFault::Tls)
    return "create the Secret that the message names, with the key that it names";
  const auto& ref = source.credentials_secret_ref;
  const std::string where = ref ? fmt::format("Secret {} (spec.source.credentialsSecretRef)", ref->name)
                                : std::string("spec.source.credentials");
  return fmt::format("create {} with the keys username and password", where);
}

}  // namespace rowtide::precheck
