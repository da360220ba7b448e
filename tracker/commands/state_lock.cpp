#include "tracker/commands/state_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace rowtide::commands {

absl::StatusOr<std::unique_ptr<StateLock>> StateLock::take(const std::string& folder) {
  const int file = ::open((folder + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) {
    return absl::InvalidArgumentError(
        fmt::format("--state {}: {}; give a folder that this account can write to", folder,
                    std::generic_category().message(errno)));
  }
  std::unique_ptr<StateLock> lock(new StateLock(file));
  if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
    return absl::FailedPreconditionError(fmt::format(
        "--state {}: {}; give each tracker a folder of its own", folder,
        errno == EWOULDBLOCK ? "another tracker uses it" : std::generic_category().message(errno)));
  }
  return lock;
}

StateLock::~StateLock() {
  ::close(file_);
}

}  // namespace rowtide::commands
