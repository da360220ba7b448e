#include "common/task/server_id.h"

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>
#include <string_view>

namespace rowtide::task {

namespace {

/// With room for `count` ids from it on.
std::uint32_t derived_server_id(std::string_view text, std::uint32_t count = 1) {
  // FNV-1a: stable across builds and machines, which std::hash does not promise.
  std::uint32_t hash = 2166136261U;
  for (const char character : text) {
    hash = (hash ^ static_cast<unsigned char>(character)) * 16777619U;
  }
  constexpr std::uint32_t kFirst = 1U << 30U;
  return kFirst + hash % (UINT32_MAX - kFirst - (count - 1));
}

/// In a pod its uid: pods may be given one host name.
std::string this_replica() {
  if (const char* pod = std::getenv(kPodUid); pod != nullptr && *pod != '\0') return pod;
  std::array<char, 256> host{};
  static_cast<void>(::gethostname(host.data(), host.size() - 1));
  return host.data();
}

}  // namespace

std::uint32_t effective_server_id(const Task& task) {
  return task.spec.source.server_id != 0 ? task.spec.source.server_id : derived_server_id(task.identity());
}

std::uint32_t first_reader_server_id(const Task& task) {
  if (task.spec.source.server_id != 0) return task.spec.source.server_id;
  return derived_server_id(task.identity() + "@" + this_replica(),
                           static_cast<std::uint32_t>(task.spec.sink.stream->max_readers));
}

}  // namespace rowtide::task
