#include "common/task/server_id.h"

namespace rowtide::task {

std::uint32_t derived_server_id(std::string_view text, std::uint32_t count) {
  // FNV-1a: stable across builds and machines, which std::hash does not promise.
  std::uint32_t hash = 2166136261U;
  for (const char character : text) {
    hash = (hash ^ static_cast<unsigned char>(character)) * 16777619U;
  }
  constexpr std::uint32_t kFirst = 1U << 30U;
  return kFirst + hash % (UINT32_MAX - kFirst - (count - 1));
}

std::uint32_t effective_server_id(const Task& task) {
  return task.spec.source.server_id != 0 ? task.spec.source.server_id : derived_server_id(task.identity());
}

}  // namespace rowtide::task
