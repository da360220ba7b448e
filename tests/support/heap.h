#pragma once

#include <malloc.h>

#include <atomic>
#include <cstddef>

// Of the sanitizers' runtime, which tests are linked with and not compiled for; null without one.
// NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)
extern "C" {
[[gnu::weak]] int __sanitizer_install_malloc_and_free_hooks(void (*)(const volatile void*, std::size_t),
                                                            void (*)(const volatile void*));
[[gnu::weak]] std::size_t __sanitizer_get_allocated_size(const volatile void*);
}
// NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)

namespace rowtide::test {

/// Bytes that the process has allocated and not freed, of libraries, too; differences count, not the number.
inline std::ptrdiff_t heap_bytes() {
  if (__sanitizer_install_malloc_and_free_hooks == nullptr) {
    const struct mallinfo2 info = mallinfo2();
    return static_cast<std::ptrdiff_t>(info.uordblks + info.hblkhd);
  }
  // The sanitizer's own number counts what is freed until it is used again.
  static std::atomic<std::ptrdiff_t> bytes{0};
  [[maybe_unused]] static const int hooks = __sanitizer_install_malloc_and_free_hooks(
      [](const volatile void*, std::size_t size) { bytes += static_cast<std::ptrdiff_t>(size); },
      [](const volatile void* address) {
        bytes -= static_cast<std::ptrdiff_t>(__sanitizer_get_allocated_size(address));
      });
  return bytes;
}

}  // namespace rowtide::test
