// ENUM: the member's number from 1, 0 for a value that was none; SET: a bit a member. One to eight bytes,
// little-endian.
#include <fmt/format.h>

#include <algorithm>

#include "tracker/types/families.h"

namespace rowtide::types {
namespace {

DecodeStatus decode_enum(ByteReader& row, const Column& column, Scratch&, Value& out) noexcept {
  const std::uint64_t number = row.little_endian(column.width);
  if (!row.ok()) return DecodeStatus::Truncated;
  if (number > column.members.size()) return DecodeStatus::BadValue;
  out.kind = ValueKind::Text;
  out.unsigned_integer = number;
  out.text = number == 0 ? std::string_view{} : std::string_view{column.members[number - 1]};
  return DecodeStatus::Ok;
}

std::string_view join_members(std::uint64_t bits, const Column& column, Scratch& scratch) noexcept {
  // compile_set() counted the text of all members together.
  const std::span<char> room = scratch.allocate(column.length);
  char* end = room.data();
  for (std::size_t member = 0; bits != 0; ++member, bits >>= 1U) {
    if ((bits & 1U) == 0) continue;
    if (end != room.data()) *end++ = ',';
    const std::string& name = column.members[member];
    end = std::ranges::copy(name, end).out;
  }
  const auto size = static_cast<std::size_t>(end - room.data());
  scratch.shrink_last(room, size);
  return {room.data(), size};
}

DecodeStatus decode_set(ByteReader& row, const Column& column, Scratch& scratch, Value& out) noexcept {
  const std::uint64_t bits = row.little_endian(column.width);
  if (!row.ok()) return DecodeStatus::Truncated;
  if (column.members.size() < 64 && (bits >> column.members.size()) != 0) return DecodeStatus::BadValue;
  out.kind = ValueKind::Text;
  out.unsigned_integer = bits;
  out.text = bits == 0 ? std::string_view{} : join_members(bits, column, scratch);
  return DecodeStatus::Ok;
}

absl::Status compile_members(const ColumnDefinition& definition, Column& column, std::uint32_t max_width) {
  const std::uint32_t width = string_metadata(definition.wire_metadata).length;
  if (width < 1 || width > max_width) return metadata_error(definition);
  if (column.members.empty()) {
    return absl::FailedPreconditionError(fmt::format(
        "column `{}` is an ENUM or SET whose members are not known. Set binlog_row_metadata=FULL at the "
        "source, or give the account SELECT on the table",
        definition.name));
  }
  column.kind = ValueKind::Text;
  column.width = static_cast<std::uint8_t>(width);
  column.length = 0;
  for (const std::string& member : column.members)
    column.length += static_cast<std::uint32_t>(member.size()) + 1;
  return absl::OkStatus();
}

}  // namespace

absl::Status compile_enum(const ColumnDefinition& definition, Column& column) {
  column.decode = decode_enum;
  return compile_members(definition, column, 2);
}

absl::Status compile_set(const ColumnDefinition& definition, Column& column) {
  constexpr std::uint32_t kMaxMembers = 64;
  if (column.members.size() > kMaxMembers) return metadata_error(definition);
  column.decode = decode_set;
  return compile_members(definition, column, 8);
}

}  // namespace rowtide::types
