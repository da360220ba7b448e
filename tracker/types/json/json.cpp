// JSON of MySQL: a length of as many bytes as the metadata says, and a binary document. MariaDB's JSON is a
// LONGTEXT.
#include <cstring>

#include "tracker/types/families.h"
#include "tracker/types/json/json_diff.h"
#include "tracker/types/json/jsonb.h"
#include "tracker/types/text_value.h"

namespace rowtide::types {
namespace {

/// What a thread keeps between documents; more is given back.
constexpr std::size_t kKeptCapacity = std::size_t{1} << 20U;

/// Runs `write` on the thread's text, and puts what it wrote into the scratch.
template <typename Write>
DecodeStatus decode_text(Scratch& scratch, Value& out, const Write& write) noexcept {
  thread_local std::string text;
  text.clear();
  if (!write(text)) return DecodeStatus::BadValue;
  const std::span<char> room = scratch.allocate(text.size());
  std::memcpy(room.data(), text.data(), text.size());
  if (text.capacity() > kKeptCapacity) std::string().swap(text);
  out.kind = ValueKind::Json;
  out.text = {room.data(), room.size()};
  return DecodeStatus::Ok;
}

DecodeStatus decode_json(ByteReader& row, const Column& column, Scratch& scratch, Value& out) noexcept {
  const std::string_view document = read_counted(row, column.width);
  if (!row.ok()) return DecodeStatus::Truncated;
  return decode_text(scratch, out,
                     [&](std::string& text) { return jsonb_to_text(as_bytes(document), text); });
}

}  // namespace

DecodeStatus decode_json_diff(ByteReader& row, const Column& column, Bytes document, Scratch& scratch,
                              Value& out) noexcept {
  const std::string_view diffs = read_counted(row, column.width);
  if (!row.ok()) return DecodeStatus::Truncated;
  return decode_text(scratch, out,
                     [&](std::string& text) { return apply_json_diffs(document, as_bytes(diffs), text); });
}

absl::Status compile_json(const ColumnDefinition& definition, Column& column) {
  if (definition.wire_metadata < 1 || definition.wire_metadata > 4) return metadata_error(definition);
  column.kind = ValueKind::Json;
  column.width = static_cast<std::uint8_t>(definition.wire_metadata);
  column.decode = decode_json;
  return absl::OkStatus();
}

}  // namespace rowtide::types
