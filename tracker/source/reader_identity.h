#pragma once

#include <cstdint>
#include <string>

#include "common/task/spec.h"

namespace rowtide::source {

/// How a task's tracker names itself at the source; SHOW REPLICAS shows all three.
struct ReaderIdentity {
  std::uint32_t server_id = 0;
  /// The server cuts an older reader off when one with the same UUID (MySQL) or server id (MariaDB) comes:
  /// made from the server id, so that both kinds do the same.
  std::string uuid;
  /// The reader's "host": a word of the task's own, by which a precheck tells this task's tracker from a
  /// stranger.
  std::string label;
};

[[nodiscard]] ReaderIdentity reader_identity(const task::Task& task);

}  // namespace rowtide::source
