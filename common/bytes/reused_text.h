#pragma once

#include <cstddef>
#include <string>

namespace rowtide {

/// Empties a text that is filled again and again, and keeps its memory for that: but one huge row must not
/// hold its memory for the rest of the run.
inline void empty_for_reuse(std::string& text) {
  constexpr std::size_t kKeptBytes = std::size_t{4} * 1024 * 1024;
  if (text.capacity() > kKeptBytes) {
    std::string().swap(text);
  } else {
    text.clear();
  }
}

}  // namespace rowtide
