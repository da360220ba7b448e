#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace rowtide::op::kube {

/// A small file's bytes (tokens, certificates, kubeconfigs); at most 1 MiB. NotFound and others name the
/// file.
absl::StatusOr<std::string> read_file(const std::string& path);

}  // namespace rowtide::op::kube
