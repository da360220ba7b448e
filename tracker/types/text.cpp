// CHAR, VARCHAR, BINARY, VARBINARY: a length of one byte where the column holds at most 255 bytes, else of
// two, and the bytes. CHAR comes without its trailing blanks, BINARY without its trailing zeros.
#include <fmt/format.h>

#include <cstring>

#include "common/status/try.h"
#include "tracker/types/families.h"
#include "tracker/types/text_value.h"

namespace rowtide::types {
namespace {

constexpr std::uint32_t kMaxShortLength = 255;

DecodeStatus decode_characters(ByteReader& row, const Column& column, Scratch& scratch, Value& out) noexcept {
  const std::string_view text = read_counted(row, column.width);
  if (!row.ok()) return DecodeStatus::Truncated;
  out.kind = ValueKind::Text;
  return to_utf8(*static_cast<const Charset*>(column.charset), text, scratch, out.text);
}

DecodeStatus decode_bytes(ByteReader& row, const Column& column, Scratch&, Value& out) noexcept {
  out.kind = ValueKind::Bytes;
  out.text = read_counted(row, column.width);
  return row.ok() ? DecodeStatus::Ok : DecodeStatus::Truncated;
}

DecodeStatus decode_padded_bytes(ByteReader& row, const Column& column, Scratch& scratch,
                                 Value& out) noexcept {
  const std::string_view bytes = read_counted(row, column.width);
  if (!row.ok()) return DecodeStatus::Truncated;
  if (bytes.size() > column.length) return DecodeStatus::BadValue;
  out.kind = ValueKind::Bytes;
  out.text = bytes;
  if (bytes.size() == column.length) return DecodeStatus::Ok;
  const std::span<char> padded = scratch.allocate(column.length);
  if (!bytes.empty()) std::memcpy(padded.data(), bytes.data(), bytes.size());
  std::memset(padded.data() + bytes.size(), 0, padded.size() - bytes.size());
  out.text = {padded.data(), padded.size()};
  return DecodeStatus::Ok;
}

absl::Status unknown_collation(const ColumnDefinition& definition) {
  if (definition.collation == 0) {
    return absl::FailedPreconditionError(
        fmt::format("column `{}` of type {} comes without its character set. Set binlog_row_metadata=MINIMAL "
                    "or FULL at the source, "
                    "or exclude the table from the task's objects",
                    definition.name, type_name(definition.wire_type)));
  }
  return absl::UnimplementedError(fmt::format(
      "column `{}` of type {} has the collation id {}, which this version does not know. Exclude the table "
      "from the task's objects, or change the column's collation at the source",
      definition.name, type_name(definition.wire_type), definition.collation));
}

}  // namespace

StringMetadata string_metadata(std::uint16_t wire_metadata) noexcept {
  constexpr unsigned kLengthBits = 0x30;
  const unsigned type = wire_metadata & 0xffU;
  const unsigned length = wire_metadata >> 8U;
  // A real type has both bits set; the ones missing are bits 8 and 9 of the length.
  const unsigned high = (type & kLengthBits) ^ kLengthBits;
  return {static_cast<WireType>(type | kLengthBits), length | (high << 4U)};
}

DecodeFunction counted_decoder(const Column& column) noexcept {
  return column.kind == ValueKind::Bytes ? decode_bytes : decode_characters;
}

absl::Status compile_collation(const ColumnDefinition& definition, Column& column) {
  const Charset* charset = find_charset(definition.collation);
  if (charset == nullptr) return unknown_collation(definition);
  column.charset = charset;
  column.kind = charset->form == CharsetForm::Binary ? ValueKind::Bytes : ValueKind::Text;
  return absl::OkStatus();
}

absl::Status compile_varchar(const ColumnDefinition& definition, Column& column) {
  RETURN_IF_ERROR(compile_collation(definition, column));
  column.length = definition.wire_metadata;
  column.width = column.length > kMaxShortLength ? 2 : 1;
  column.decode = counted_decoder(column);
  return absl::OkStatus();
}

absl::Status compile_string(const ColumnDefinition& definition, Column& column) {
  const StringMetadata metadata = string_metadata(definition.wire_metadata);
  if (metadata.real_type == WireType::Enum) return compile_enum(definition, column);
  if (metadata.real_type == WireType::Set) return compile_set(definition, column);
  if (metadata.real_type != WireType::String && metadata.real_type != WireType::VarString)
    return metadata_error(definition);
  column.length = metadata.length;
  if (const DecodeFunction decode = fixed_binary_decoder(definition.declared_type, metadata.length)) {
    column.kind = ValueKind::Text;
    column.decode = decode;
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(compile_collation(definition, column));
  column.width = column.length > kMaxShortLength ? 2 : 1;
  column.decode = column.kind == ValueKind::Bytes ? decode_padded_bytes : decode_characters;
  return absl::OkStatus();
}

}  // namespace rowtide::types
