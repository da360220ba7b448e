#include "tracker/types/json/jsonb.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>

#include "tracker/types/json/json_scalars.h"
#include "tracker/types/json/jsonb_container.h"

namespace rowtide::types {
namespace {

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
  bool container(JsonbType type, Bytes bytes, int depth);
  bool key(const JsonbContainer& container, std::uint64_t index);
  bool element(const JsonbContainer& container, std::uint64_t index, int depth);
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
      if (!reader.ok() || !std::isfinite(number)) return false;  // JSON has no NaN and no infinity
      append_json_double(number, out_);
      return true;
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
  const std::string_view text = reader.text(read_jsonb_length(reader));
  return reader.ok() && append_json_string(text, out_);
}

bool Printer::opaque(ByteReader reader) {
  const std::uint8_t type = reader.u8();
  const Bytes bytes = reader.bytes(read_jsonb_length(reader));
  return reader.ok() && append_json_opaque(type, bytes, out_);
}

bool Printer::container(JsonbType type, Bytes bytes, int depth) {
  JsonbContainer container;
  if (depth > kMaxDepth || !container.open(type, bytes)) return false;
  out_.push_back(container.is_object ? '{' : '[');
  for (std::uint64_t index = 0; index < container.count; ++index) {
    if (index > 0) out_.push_back(',');
    if (container.is_object && !key(container, index)) return false;
    if (!element(container, index, depth)) return false;
  }
  out_.push_back(container.is_object ? '}' : ']');
  return true;
}

bool Printer::key(const JsonbContainer& container, std::uint64_t index) {
  std::string_view text;
  if (!container.key(index, text) || !append_json_string(text, out_)) return false;
  out_.push_back(':');
  return true;
}

bool Printer::element(const JsonbContainer& container, std::uint64_t index, int depth) {
  JsonbElement element;
  return container.element(index, element) && value(element.type, element.bytes, depth);
}

}  // namespace

bool jsonb_to_text(Bytes document, std::string& out) noexcept {
  if (document.empty()) {
    out.append("null");
    return true;
  }
  return jsonb_to_text({static_cast<JsonbType>(document[0]), document.subspan(1)}, out);
}

bool jsonb_to_text(const JsonbElement& element, std::string& out) noexcept {
  Printer printer(out, element.bytes.size());
  return printer.value(element.type, element.bytes, 0);
}

}  // namespace rowtide::types
