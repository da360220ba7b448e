// MariaDB's COMPRESSED columns: a length and bytes as in VARCHAR and BLOB; the first byte says what the rest
// is. 0: the value. 0x80 | header bit | n: n bytes of the value's length, big-endian, and a zlib stream (raw
// deflate with the header bit). An empty value has no byte at all. Source: MariaDB sql/field_comp.cc.
#include <zlib.h>

#include "tracker/types/families.h"
#include "tracker/types/text_value.h"

namespace rowtide::types {
namespace {

constexpr std::uint8_t kMethodMask = 0xf0;
constexpr std::uint8_t kMethodNone = 0x00;
constexpr std::uint8_t kMethodZlib = 0x80;
constexpr std::uint8_t kRawDeflate = 0x08;
constexpr std::uint8_t kLengthMask = 0x07;
/// Deflate cannot do better: a larger claim is damage, and would cost memory.
constexpr std::uint64_t kMaxRatio = 1032;

bool inflate_all(Bytes compressed, bool is_raw, std::span<char> out) noexcept {
  z_stream stream{};
  if (inflateInit2(&stream, is_raw ? -MAX_WBITS : MAX_WBITS) != Z_OK) return false;
  // zlib's parameter is not const, but it only reads.
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(compressed.data()));
  stream.avail_in = static_cast<uInt>(compressed.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int result = inflate(&stream, Z_FINISH);
  const bool is_complete = result == Z_STREAM_END && stream.avail_out == 0;
  inflateEnd(&stream);
  return is_complete;
}

/// The column's stored bytes to the value's.
bool expand(Bytes stored, Scratch& scratch, std::string_view& out) noexcept {
  out = {};
  if (stored.empty()) return true;
  ByteReader reader(stored);
  const std::uint8_t header = reader.u8();
  if ((header & kMethodMask) == kMethodNone) {
    out = as_text(reader.rest());
    return true;
  }
  if ((header & kMethodMask) != kMethodZlib) return false;
  const std::size_t length_size = header & kLengthMask;
  if (length_size < 1 || length_size > 4) return false;
  const std::uint64_t size = reader.big_endian(length_size);
  if (!reader.ok() || size > (reader.remaining() + 1) * kMaxRatio) return false;
  const std::span<char> room = scratch.allocate(size);
  out = {room.data(), room.size()};
  return inflate_all(reader.rest(), (header & kRawDeflate) != 0, room);
}

DecodeStatus decode_compressed(ByteReader& row, const Column& column, Scratch& scratch, Value& out) noexcept {
  const std::string_view stored = read_counted(row, column.width);
  if (!row.ok()) return DecodeStatus::Truncated;
  out.kind = column.kind;
  if (!expand(as_bytes(stored), scratch, out.text)) return DecodeStatus::BadValue;
  if (column.kind == ValueKind::Bytes) return DecodeStatus::Ok;
  return to_utf8(*static_cast<const Charset*>(column.charset), out.text, scratch, out.text);
}

}  // namespace

absl::Status compile_compressed(const ColumnDefinition& definition, Column& column) {
  const bool is_varchar = static_cast<WireType>(definition.wire_type) == WireType::VarcharCompressed;
  const absl::Status status =
      is_varchar ? compile_varchar(definition, column) : compile_blob(definition, column);
  column.decode = decode_compressed;
  return status;
}

}  // namespace rowtide::types
