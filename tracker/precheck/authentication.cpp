#include <fmt/format.h>

#include "common/status/reason.h"
#include "tracker/precheck/check_list.h"
#include "tracker/precheck/connect_fault.h"
#include "tracker/source/server_error.h"

namespace rowtide::precheck {
namespace {

/// Servers say of them only that access is denied.
std::string_view requirements_of_tls(const task::Tls& tls) {
  if (tls.mode == task::TlsMode::Disabled) {
    return ", and so is one with REQUIRE SSL or X509: set spec.source.tls.mode to another than Disabled";
  }
  if (!tls.client_certificate_secret_ref) {
    return ", and so is one with REQUIRE X509, SUBJECT or ISSUER: name a certificate in "
           "spec.source.tls.clientCertificateSecretRef";
  }
  return ", and so is one whose REQUIRE SUBJECT or ISSUER is not that of the certificate in "
         "spec.source.tls.clientCertificateSecretRef";
}

std::string repair_of_login(const absl::Status& status, const CheckContext& context) {
  const std::string reason = reason_of(status);
  const auto& ref = context.source().credentials_secret_ref;
  const std::string where = ref ? fmt::format("Secret {} (spec.source.credentialsSecretRef)", ref->name)
                                : std::string("spec.source.credentials");
  if (is_secret_missing(status)) return repair_of_missing_secret(status, context.source());
  if (reason == "AccessDenied") {
    return fmt::format(
        "put the account's username and password into {}; or at the source: ALTER USER ... IDENTIFIED "
        "BY ...; an account limited to other hosts than {} is refused the same way{}",
        where, context.client_address(), requirements_of_tls(context.source().tls));
  }
  if (reason == "AuthPluginUnsupported") {
    return context.source().type == task::SourceType::MariaDb
               ? "ALTER USER ... IDENTIFIED VIA mysql_native_password USING PASSWORD(...);"
               : "ALTER USER ... IDENTIFIED WITH caching_sha2_password BY ...;";
  }
  if (reason == "PasswordExpired") return "ALTER USER ... IDENTIFIED BY ... PASSWORD EXPIRE NEVER;";
  return std::string(source::repair_of(source::error_number_of(status)));
}

}  // namespace

CheckItem check_authentication(CheckContext& context) {
  const absl::Status& status = context.connected();
  if (status.ok()) return passed("logged in as " + context.account());
  CheckItem item = failed(status, "an account that may log in", repair_of_login(status, context));
  item.observed = item.reason;
  return item;
}

}  // namespace rowtide::precheck
