#include <fmt/format.h>

#include "tracker/precheck/check_list.h"
#include "tracker/precheck/connect_fault.h"

namespace rowtide::precheck {

bool wants_tls(const task::Task& task) {
  return task.spec.source.tls.mode != task::TlsMode::Disabled;
}

CheckItem check_tls(CheckContext& context) {
  const absl::Status& status = context.connected();
  if (connect_fault(status) == ConnectFault::Tls) {
    CheckItem item = failed(status, "a TLS connection as spec.source.tls asks for",
                            "put the CA that signed the source's certificate into the Secret of "
                            "spec.source.tls.caSecretRef, or choose another spec.source.tls.mode");
    item.observed = item.reason;
    if (item.reason == "ClientCertificateRefused") {
      item.repair =
          "put a certificate of a CA in the server's ssl_ca, and its own key, as tls.crt and tls.key "
          "into the Secret of spec.source.tls.clientCertificateSecretRef";
    }
    return item;
  }
  const std::string cipher = context.tls_cipher();
  if (!cipher.empty()) return passed(cipher);
  // Only Preferred comes here: the other modes have refused a connection without.
  return passed(status.ok() ? "not encrypted: the source offers no TLS, and mode Preferred goes on without"
                            : "nothing against it up to the login");
}

}  // namespace rowtide::precheck
