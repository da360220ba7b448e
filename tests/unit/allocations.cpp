#include "tests/unit/allocations.h"

#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

thread_local std::size_t taken = 0;
std::atomic<std::size_t> held = 0;

void* counted(std::size_t size) {
  ++taken;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) {
    held += ::malloc_usable_size(memory);
    return memory;
  }
  throw std::bad_alloc();
}

void give_back(void* memory) {
  held -= ::malloc_usable_size(memory);
  std::free(memory);
}

}  // namespace

void* operator new(std::size_t size) {
  return counted(size);
}
void* operator new[](std::size_t size) {
  return counted(size);
}
void operator delete(void* memory) noexcept {
  give_back(memory);
}
void operator delete[](void* memory) noexcept {
  give_back(memory);
}
void operator delete(void* memory, std::size_t /*size*/) noexcept {
  give_back(memory);
}
void operator delete[](void* memory, std::size_t /*size*/) noexcept {
  give_back(memory);
}

namespace rowtide::test {

std::size_t allocations() noexcept {
  return taken;
}

std::size_t held_bytes() noexcept {
  return held;
}

}  // namespace rowtide::test
