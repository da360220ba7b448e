#pragma once

#include <stop_token>
#include <string>

#include "absl/status/status.h"
#include "common/task/secrets.h"
#include "common/task/spec.h"

namespace rowtide::commands {

/// Serves the changes of a task with sink.stream at `listen` until told to stop. `state`: folder for the
/// places of named readers; empty: there are none.
[[nodiscard]] absl::Status run_readers(const task::Task& task, const task::SecretReader& secrets,
                                       const std::string& listen, const std::string& state,
                                       const std::stop_token& stop);

}  // namespace rowtide::commands
