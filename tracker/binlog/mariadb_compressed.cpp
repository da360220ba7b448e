#include "tracker/binlog/mariadb_compressed.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>

#include "common/status/try.h"

namespace rowtide::binlog {
namespace {

/// Deflate cannot do better: a larger claim is damage, and would cost memory.
constexpr std::uint64_t kMaxRatio = 1032;

absl::Status damaged_event(std::string_view what) {
  return absl::DataLossError(
      fmt::format("the compressed event {}; the binlog is damaged here: check the file with mariadb-binlog "
                  "--verify-binlog-checksum",
                  what));
}

/// Where the compressed part begins; the bytes before it stand as they are. 0: the event ends too early.
std::size_t plain_size_of_query(Bytes body) {
  ByteReader reader(body);
  reader.skip(8);  // thread, execution time
  const std::uint8_t database_size = reader.u8();
  reader.skip(2);  // error
  const std::uint16_t variables_size = reader.u16();
  reader.skip(std::uint64_t{variables_size} + database_size + 1);
  return reader.ok() ? body.size() - reader.remaining() : 0;
}

std::size_t plain_size_of_rows(Bytes body, bool is_update) {
  ByteReader reader(body);
  reader.skip(8);  // table id, flags
  const std::uint64_t columns = reader.length_encoded();
  const std::uint64_t bitmap = columns / 8 + (columns % 8 != 0 ? 1 : 0);
  reader.skip(bitmap);
  if (is_update) reader.skip(bitmap);
  return reader.ok() ? body.size() - reader.remaining() : 0;
}

/// The first byte: 0x80, the algorithm in three bits (0: zlib), the number of bytes of the length that
/// follows.
absl::Status append_uncompressed(Bytes compressed, std::vector<std::byte>& out) {
  constexpr std::uint8_t kAlgorithmMask = 0x70;
  constexpr std::uint8_t kLengthMask = 0x07;
  ByteReader reader(compressed);
  const std::uint8_t head = reader.u8();
  if ((head & kAlgorithmMask) != 0) {
    return absl::UnimplementedError(fmt::format(
        "an event is compressed in a way (0x{:02x}) that this version of Rowtide does not know; upgrade "
        "it, or SET GLOBAL log_bin_compress=OFF and raise spec.resetNonce with spec.startPosition after it",
        head));
  }
  const std::uint64_t size = reader.big_endian(std::clamp<std::size_t>(head & kLengthMask, 1, 4));
  if (!reader.ok() || size > (reader.remaining() + 1) * kMaxRatio)
    return damaged_event("has no possible length");
  const std::size_t begin = out.size();
  out.resize(begin + size);
  auto written = static_cast<uLongf>(size);
  const int result = ::uncompress(reinterpret_cast<Bytef*>(out.data() + begin), &written,
                                  reinterpret_cast<const Bytef*>(reader.rest().data()),
                                  static_cast<uLong>(reader.remaining()));
  if (result != Z_OK || written != size) return damaged_event("cannot be decompressed");
  return absl::OkStatus();
}

EventType plain_type(EventType type) {
  switch (type) {
    case EventType::MariadbQueryCompressed:
      return EventType::Query;
    case EventType::MariadbWriteRowsCompressedV1:
      return EventType::WriteRowsV1;
    case EventType::MariadbUpdateRowsCompressedV1:
      return EventType::UpdateRowsV1;
    case EventType::MariadbDeleteRowsCompressedV1:
      return EventType::DeleteRowsV1;
    default:
      return type;
  }
}

}  // namespace

absl::StatusOr<EventView> uncompress_mariadb(const EventView& event, std::vector<std::byte>& buffer) {
  EventView plain = event;
  plain.header.type = plain_type(event.header.type);
  if (plain.header.type == event.header.type) return event;
  const std::size_t plain_size =
      plain.header.type == EventType::Query
          ? plain_size_of_query(event.body)
          : plain_size_of_rows(event.body, plain.header.type == EventType::UpdateRowsV1);
  if (plain_size == 0) return damaged_event("ends inside its header");
  buffer.assign(event.body.begin(), event.body.begin() + static_cast<std::ptrdiff_t>(plain_size));
  RETURN_IF_ERROR(append_uncompressed(event.body.subspan(plain_size), buffer));
  plain.body = buffer;
  return plain;
}

}  // namespace rowtide::binlog
