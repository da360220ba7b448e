#pragma once

#include <cstddef>

namespace rowtide::test {

/// How often this thread has taken memory with operator new. Of programs that link allocations.cpp, which
/// replaces it.
[[nodiscard]] std::size_t allocations() noexcept;

/// How many bytes all threads hold now of what operator new gave.
[[nodiscard]] std::size_t held_bytes() noexcept;

}  // namespace rowtide::test
