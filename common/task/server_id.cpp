#include "common/task/server_id.h"

namespace rowtide::task {

std::uint32_t effective_server_id(const Task& task) {
  if (task.spec.source.server_id != 0) return task.spec.source.server_id;
  // FNV-1a: stable across builds and machines, which std::hash does not promise.
  std::uint32_t hash = 2166136261U;
  for (const char character : task.identity()) {
    hash = (hash ^ static_cast<unsigned char>(character)) * 16777619U;
  }
  constexpr std::uint32_t kFirst = 1U << 30U;
  return kFirst + hash % (UINT32_MAX - kFirst);
}

}  // namespace rowtide::task
