#pragma once

#include <openssl/types.h>

#include <functional>

#include "common/http/server.h"

namespace rowtide::http {

/// Has every connection of the context ask for the certificate to show; TLS 1.2 at least. `certificate` must
/// outlive the context.
[[nodiscard]] bool serve_certificates(SSL_CTX& context, const std::function<KeyPair()>& certificate);

}  // namespace rowtide::http
