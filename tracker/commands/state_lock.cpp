#include "tracker/commands/state_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "common/status/reason.h"

namespace rowtide::commands {

absl::StatusOr<std::unique_ptr<StateLock>> StateLock::open(const std::string& folder) {
  const int file = ::open((folder + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file >= 0) return std::unique_ptr<StateLock>(new StateLock(folder, file));
  return absl::InvalidArgumentError(fmt::format(
      "--state {}: {}; give a folder that user {} can write to (in a pod: a volume for which the pod's "
      "securityContext.fsGroup sees to that)",
      folder, std::generic_category().message(errno), ::geteuid()));
}

absl::Status StateLock::hold() {
  if (is_held_ || ::flock(file_, LOCK_EX | LOCK_NB) == 0) {
    is_held_ = true;
    return absl::OkStatus();
  }
  return failure(
      absl::StatusCode::kUnavailable, "StateInUse",
      fmt::format("--state {}: {}; the places of named readers are there when it has ended, or give each "
                  "tracker a folder of its own",
                  folder_,
                  errno == EWOULDBLOCK ? "another tracker uses it" : std::generic_category().message(errno)));
}

StateLock::~StateLock() {
  ::close(file_);
}

}  // namespace rowtide::commands
