#pragma once

#include "absl/status/status.h"

namespace rowtide::precheck {

/// One attempt to connect tells about three checks: which of them it failed.
enum class ConnectFault { None, Reach, Tls, Login };

[[nodiscard]] ConnectFault connect_fault(const absl::Status& connected);
/// Credentials, CA or client certificate could not be read, so that nothing was sent yet.
[[nodiscard]] bool is_secret_missing(const absl::Status& connected);

}  // namespace rowtide::precheck
