#pragma once

#include <string>

#include "absl/status/status.h"
#include "common/task/spec.h"

namespace rowtide::precheck {

/// One attempt to connect tells about three checks: which of them it failed.
enum class ConnectFault { None, Reach, Tls, Login };

[[nodiscard]] ConnectFault connect_fault(const absl::Status& connected);
/// Credentials, CA, client certificate or the keys of PolarDB's API could not be read, so that nothing was
/// sent yet.
[[nodiscard]] bool is_secret_missing(const absl::Status& connected);
/// Which Secret that is, and what belongs in it.
[[nodiscard]] std::string repair_of_missing_secret(const absl::Status& connected, const task::Source& source);

}  // namespace rowtide::precheck
