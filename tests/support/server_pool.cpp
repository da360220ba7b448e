#include "tests/support/server_pool.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <system_error>

namespace rowtide::test {

namespace {

pid_t owner_of(const std::filesystem::path& pool) {
  pid_t owner = 0;
  if (!(std::ifstream(pool / "owner") >> owner))
    throw std::runtime_error((pool / "owner").string() + " names no process");
  return owner;
}

}  // namespace

std::optional<PooledFolder> take_pooled_folder(const std::string& server) {
  const char* const pool = std::getenv("ROWTIDE_SERVER_POOL");
  if (pool == nullptr) return std::nullopt;
  for (int number = 1;; ++number) {
    PooledFolder folder{std::filesystem::path(pool) / fmt::format("{}-{}", server, number), owner_of(pool)};
    std::filesystem::create_directories(folder.path);
    // Held until this process ends, and by none that it starts.
    const std::string lock = folder.path / "lock";
    const int file = ::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file >= 0 && ::flock(file, LOCK_EX | LOCK_NB) == 0) return folder;
    if (file < 0 || errno != EWOULDBLOCK) throw std::system_error(errno, std::generic_category(), lock);
    ::close(file);
  }
}

}  // namespace rowtide::test
