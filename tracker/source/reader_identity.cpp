#include "tracker/source/reader_identity.h"

#include <fmt/format.h>

#include "common/task/server_id.h"

namespace rowtide::source {
namespace {

/// FNV-1a: stable across builds and machines, which std::hash does not promise.
std::uint64_t stable_hash(std::string_view text) {
  std::uint64_t hash = 14695981039346656037U;
  for (const char character : text) hash = (hash ^ static_cast<unsigned char>(character)) * 1099511628211U;
  return hash;
}

}  // namespace

ReaderIdentity reader_identity(const task::Task& task) {
  const std::uint32_t server_id = task::effective_server_id(task);
  return {.server_id = server_id,
          .uuid = fmt::format("726f7774-6964-4000-8000-0000{:08x}", server_id),
          .label = fmt::format("rowtide-{:016x}", stable_hash(task.identity()))};
}

}  // namespace rowtide::source
