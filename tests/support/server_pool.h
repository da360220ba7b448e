#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>

namespace rowtide::test {

/// Where a server lives that test programs use one after the other, since to start one costs more than most
/// tests: a folder below $ROWTIDE_SERVER_POOL (scripts/test.sh makes it). Two programs never have the same
/// one at a time, so that each finds its server as if it were its own.
struct PooledFolder {
  std::filesystem::path path;
  pid_t owner = 0;  ///< the process that the server does not outlive: it stands in the pool's file "owner"
};

/// One for a server of this kind ("kafka") that no other process has: where possible one in which such a
/// server ran for an earlier program. It belongs to this process until that ends. nullopt without a pool.
/// Throws on failure. Not thread-safe.
[[nodiscard]] std::optional<PooledFolder> take_pooled_folder(const std::string& server);

}  // namespace rowtide::test
