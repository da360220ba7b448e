#pragma once

#include <cstdint>

namespace rowtide {

inline constexpr std::int64_t kMicrosPerSecond = 1'000'000;

}  // namespace rowtide
