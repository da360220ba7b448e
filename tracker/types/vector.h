#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace rowtide::types {

inline constexpr std::size_t kVectorElementSize = 4;

/// Element `index` of a Vector value's text.
[[nodiscard]] inline float vector_element(std::string_view elements, std::size_t index) noexcept {
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < kVectorElementSize; ++i) {
    bits |= std::uint32_t{static_cast<std::uint8_t>(elements[index * kVectorElementSize + i])} << (8 * i);
  }
  return std::bit_cast<float>(bits);
}

}  // namespace rowtide::types
