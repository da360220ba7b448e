#include "common/task/stable_hash.h"

#include <fmt/format.h>

#include <cstdint>

namespace rowtide::task {

std::string stable_hash(std::string_view text) {
  std::uint64_t hash = 14695981039346656037ULL;  // FNV-1a
  for (const char character : text) hash = (hash ^ static_cast<unsigned char>(character)) * 1099511628211ULL;
  return fmt::format("{:016x}", hash);
}

}  // namespace rowtide::task
