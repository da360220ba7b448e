#include "tracker/types/jsonb.h"

#include <fmt/format.h>

#include <bit>

#include "tracker/types/json_scalars.h"

namespace rowtide::types {
namespace {

enum class JsonbType : std::uint8_t {
  SmallObject = 0x0,
  LargeObject = 0x1,
  SmallArray = 0x2,
  LargeArray = 0x3,
  Literal = 0x4,
  Int16 = 0x5,
  UInt16 = 0x6,
  Int32 = 0x7,
  UInt32 = 0x8,
  Int64 = 0x9,
  UInt64 = 0xa,
  Double = 0xb,
  String = 0xc,
  Opaque = 0xf,
};

/// The server refuses deeper documents (ER_JSON_DOCUMENT_TOO_DEEP at 100).
constexpr int kMaxDepth = 101;

/// A document's text is never longer than this many times its bytes: the worst is a double with three hundred
/// zeros. Broken bytes whose elements all point at one another would grow without end.
constexpr std::size_t kMaxExpansion = 64;
constexpr std::size_t kMinBudget = 4096;

class Printer {
 public:
  Printer(std::string& out, std::size_t document_size)
      : out_(out), budget_(out.size() + kMinBudget + document_size * kMaxExpansion) {}

  bool value(JsonbType type, Bytes bytes, int depth);

 private:
  /// Offsets, counts and inlined values have 2 bytes in small containers, 4 in large ones.
  struct Container {
    Bytes bytes;  ///< from the element count on: what offsets count from
    std::size_t width = 2;
    std::uint64_t count = 0;
    bool is_object = false;

    [[nodiscard]] std::size_t key_entry_size() const { return is_object ? width + 2 : 0; }
    [[nodiscard]] std::size_t value_entry_size() const { return 1 + width; }
    [[nodiscard]] ByteReader at(std::uint64_t offset) const {
      ByteReader reader(bytes);
      reader.skip(offset);
      return reader;
    }
    [[nodiscard]] ByteReader key_entry(std::uint64_t index) const {
      return at(2 * width + index * key_entry_size());
    }
    [[nodiscard]] ByteReader value_entry(std::uint64_t index) const {
      return at(2 * width + count * key_entry_size() + index * value_entry_size());
    }
    [[nodiscard]] bool holds_inline(JsonbType type) const {
      if (type == JsonbType::Int32 || type == JsonbType::UInt32) return width == 4;
      return type == JsonbType::Literal || type == JsonbType::Int16 || type == JsonbType::UInt16;
    }
  };

  bool container(JsonbType type, Bytes bytes, int depth);
  bool key(const Container& container, std::uint64_t index);
  bool element(const Container& container, std::uint64_t index, int depth);
  bool literal(ByteReader reader);
  bool string(ByteReader reader);
  bool opaque(ByteReader reader);
  template <typename Integer>
  bool integer(bool ok, Integer number) {
    const fmt::format_int digits(number);
    if (ok) out_.append(digits.data(), digits.size());
    return ok;
  }

  std::string& out_;
  std::size_t budget_;
};

/// A length in groups of seven bits, least first; the high bit says that another group follows. At most five.
std::uint64_t variable_length(ByteReader& reader) {
  std::uint64_t length = 0;
  for (unsigned shift = 0; shift < 35; shift += 7) {
    const std::uint8_t byte = reader.u8();
    length |= std::uint64_t{byte & 0x7fU} << shift;
    if ((byte & 0x80U) == 0) return length;
  }
  reader.fail();
  return 0;
}

bool Printer::value(JsonbType type, Bytes bytes, int depth) {
  if (out_.size() > budget_) return false;
  ByteReader reader(bytes);
  switch (type) {
    case JsonbType::SmallObject:
    case JsonbType::LargeObject:
    case JsonbType::SmallArray:
    case JsonbType::LargeArray:
      return container(type, bytes, depth + 1);
    case JsonbType::Literal:
      return literal(reader);
    case JsonbType::Int16: {
      const auto number = static_cast<std::int16_t>(reader.u16());
      return integer(reader.ok(), number);
    }
    case JsonbType::UInt16: {
      const std::uint16_t number = reader.u16();
      return integer(reader.ok(), number);
    }
    case JsonbType::Int32: {
      const auto number = static_cast<std::int32_t>(reader.u32());
      return integer(reader.ok(), number);
    }
    case JsonbType::UInt32: {
      const std::uint32_t number = reader.u32();
      return integer(reader.ok(), number);
    }
    case JsonbType::Int64: {
      const auto number = static_cast<std::int64_t>(reader.u64());
      return integer(reader.ok(), number);
    }
    case JsonbType::UInt64: {
      const std::uint64_t number = reader.u64();
      return integer(reader.ok(), number);
    }
    case JsonbType::Double: {
      const auto number = std::bit_cast<double>(reader.u64());
      if (reader.ok()) append_json_double(number, out_);
      return reader.ok();
    }
    case JsonbType::String:
      return string(reader);
    case JsonbType::Opaque:
      return opaque(reader);
  }
  return false;
}

bool Printer::literal(ByteReader reader) {
  switch (reader.u8()) {
    case 0:
      out_.append("null");
      break;
    case 1:
      out_.append("true");
      break;
    case 2:
      out_.append("false");
      break;
    default:
      return false;
  }
  return reader.ok();
}

bool Printer::string(ByteReader reader) {
  const std::string_view text = reader.text(variable_length(reader));
  return reader.ok() && append_json_string(text, out_);
}

bool Printer::opaque(ByteReader reader) {
  const std::uint8_t type = reader.u8();
  const Bytes bytes = reader.bytes(variable_length(reader));
  return reader.ok() && append_json_opaque(type, bytes, out_);
}

bool Printer::container(JsonbType type, Bytes bytes, int depth) {
  if (depth > kMaxDepth) return false;
  Container container;
  container.width = type == JsonbType::LargeObject || type == JsonbType::LargeArray ? 4 : 2;
  container.is_object = type == JsonbType::SmallObject || type == JsonbType::LargeObject;
  ByteReader header(bytes);
  container.count = header.little_endian(container.width);
  const std::uint64_t size = header.little_endian(container.width);
  if (!header.ok() || size > bytes.size()) return false;
  container.bytes = bytes.first(size);

  out_.push_back(container.is_object ? '{' : '[');
  for (std::uint64_t index = 0; index < container.count; ++index) {
    if (index > 0) out_.push_back(',');
    if (container.is_object && !key(container, index)) return false;
    if (!element(container, index, depth)) return false;
  }
  out_.push_back(container.is_object ? '}' : ']');
  return true;
}

bool Printer::key(const Container& container, std::uint64_t index) {
  ByteReader entry = container.key_entry(index);
  const std::uint64_t offset = entry.little_endian(container.width);
  const std::uint16_t length = entry.u16();
  ByteReader reader = container.at(offset);
  const std::string_view text = reader.text(length);
  if (!entry.ok() || !reader.ok() || !append_json_string(text, out_)) return false;
  out_.push_back(':');
  return true;
}

bool Printer::element(const Container& container, std::uint64_t index, int depth) {
  ByteReader entry = container.value_entry(index);
  const auto type = static_cast<JsonbType>(entry.u8());
  if (!entry.ok()) return false;
  if (container.holds_inline(type)) return value(type, entry.bytes(container.width), depth);
  const std::uint64_t offset = entry.little_endian(container.width);
  const ByteReader reader = container.at(offset);
  return entry.ok() && reader.ok() && value(type, reader.rest(), depth);
}

}  // namespace

bool jsonb_to_text(Bytes document, std::string& out) noexcept {
  if (document.empty()) {
    out.append("null");
    return true;
  }
  Printer printer(out, document.size());
  return printer.value(static_cast<JsonbType>(document[0]), document.subspan(1), 0);
}

}  // namespace rowtide::types
