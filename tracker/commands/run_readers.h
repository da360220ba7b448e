#pragma once

#include <stop_token>
#include <string>

#include "absl/status/status.h"
#include "common/task/secrets.h"
#include "common/task/spec.h"

namespace rowtide::commands {

/// As the command line has them.
struct ReaderPlaces {
  std::string listen;          ///< of the changes
  std::string status_listen;   ///< of metrics, health and status besides; empty: only there
  std::string state;           ///< folder for the places of named readers; empty: there are none
  bool is_prechecked = false;  ///< else what the objects do not select is looked at, and logged
};

/// Serves the changes of a task with sink.stream until told to stop.
[[nodiscard]] absl::Status run_readers(const task::Task& task, const task::SecretReader& secrets,
                                       const ReaderPlaces& places, const std::stop_token& stop);

}  // namespace rowtide::commands
