#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <span>
#include <vector>

namespace rowtide::types {

/// Memory for what a decoder must write down (decimal digits, transcoded text, JSON): bump allocation,
/// nothing freed until reset(), which keeps the memory. One a thread; its spans live until reset().
class Scratch {
 public:
  /// At least `size` bytes, uninitialised. A request larger than a chunk gets a chunk of its own.
  std::span<char> allocate(std::size_t size) {
    while (current_ < chunks_.size()) {
      Chunk& chunk = chunks_[current_];
      if (chunk.size - used_ >= size) {
        const std::span<char> taken{chunk.memory.get() + used_, size};
        used_ += size;
        return taken;
      }
      ++current_;
      used_ = 0;
    }
    const std::size_t chunk_size = size > kChunkSize ? size : kChunkSize;
    chunks_.push_back({std::make_unique_for_overwrite<char[]>(chunk_size), chunk_size});
    used_ = size;
    return {chunks_.back().memory.get(), size};
  }

  /// Gives back the unused tail of the newest allocation.
  void shrink_last(std::span<char> allocation, std::size_t used) noexcept {
    used_ -= allocation.size() - used;
  }

  /// Forgets every allocation; chunks beyond the first few are released so that one large row does not stay.
  void reset() noexcept {
    if (chunks_.size() > kKeptChunks) chunks_.resize(kKeptChunks);
    while (!chunks_.empty() && chunks_.back().size > kChunkSize) chunks_.pop_back();
    current_ = 0;
    used_ = 0;
  }

 private:
  static constexpr std::size_t kChunkSize = std::size_t{64} << 10U;
  static constexpr std::size_t kKeptChunks = 4;

  struct Chunk {
    std::unique_ptr<char[]> memory;
    std::size_t size;
  };
  std::vector<Chunk> chunks_;
  std::size_t current_ = 0;
  std::size_t used_ = 0;
};

}  // namespace rowtide::types
