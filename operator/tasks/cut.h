#pragma once

#include <cstddef>
#include <string>

#include "common/bytes/utf8.h"

namespace rowtide::op::tasks {

/// At most so many bytes of a text, and "..." where there were more. UTF-8 stays UTF-8, as JSON wants it.
[[nodiscard]] inline std::string cut(std::string text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (byte_at(text, most) & 0xc0U) == 0x80U) --most;
  return text.substr(0, most) + "...";
}

}  // namespace rowtide::op::tasks
