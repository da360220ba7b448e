#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string_view>

namespace rowtide {
inline namespace v1 {

struct AvroError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Avro's binary encoding (Apache Avro 1.11 specification, "Binary encoding"), read from the front: all that
/// a reader of one known schema needs. Throws AvroError at whatever does not fit.
class AvroReader {
 public:
  explicit AvroReader(std::string_view bytes) : begin_(bytes.data()), rest_(bytes) {}

  /// int, long, enum index, union branch: zigzag, seven bits a byte, lowest first.
  std::int64_t read_long() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const std::uint64_t byte = take();
      value |= (byte & 0x7fU) << shift;
      if (byte < 0x80) return static_cast<std::int64_t>((value >> 1U) ^ (~(value & 1U) + 1));
    }
    throw AvroError("a number of more than ten bytes");
  }

  /// string and bytes.
  std::string_view read_bytes() {
    const std::int64_t size = read_long();
    if (size < 0 || static_cast<std::uint64_t>(size) > rest_.size())
      throw AvroError("a text longer than the record");
    const std::string_view bytes = rest_.substr(0, static_cast<std::size_t>(size));
    rest_.remove_prefix(bytes.size());
    return bytes;
  }

  double read_double() {
    std::uint64_t bits = 0;
    for (unsigned shift = 0; shift < 64; shift += 8) bits |= static_cast<std::uint64_t>(take()) << shift;
    return std::bit_cast<double>(bits);
  }

  /// Each item of an array or map.
  template <typename ReadItem>
  void read_blocks(ReadItem read_item) {
    for (std::int64_t count = read_long(); count != 0; count = read_long()) {
      if (count < 0) {
        read_long();  // the block's bytes
        count = -count;
      }
      if (count < 0 || static_cast<std::uint64_t>(count) > rest_.size())
        throw AvroError("a list longer than the record");
      for (std::int64_t i = 0; i < count; ++i) read_item();
    }
  }

  [[nodiscard]] std::size_t position() const { return static_cast<std::size_t>(rest_.data() - begin_); }

 private:
  unsigned char take() {
    if (rest_.empty()) throw AvroError("the record ends too early");
    const auto byte = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    return byte;
  }

  const char* begin_;
  std::string_view rest_;
};

}  // namespace v1
}  // namespace rowtide
