#include "tracker/binlog/stream_state.h"

#include <fmt/format.h>
#include <zlib.h>

#include "common/status/try.h"

namespace rowtide::binlog {
namespace {

constexpr std::uint64_t kWrap = std::uint64_t{1} << 32U;

bool is_artificial(const EventHeader& header) {
  return (header.flags & kFlagArtificial) != 0;
}

bool is_heartbeat(EventType type) {
  return type == EventType::Heartbeat || type == EventType::HeartbeatV2;
}

std::uint32_t add_to_checksum(std::uint32_t checksum, Bytes bytes) {
  return static_cast<std::uint32_t>(
      crc32_z(checksum, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

/// Over header and body. A file that is being written has a flag in its FORMAT_DESCRIPTION that is taken away
/// when the file is closed: the checksum is that of the event without it.
std::uint32_t computed_checksum(const EventHeader& header, Bytes bytes) {
  constexpr std::uint16_t kFlagInUse = 1;
  constexpr std::size_t kFlagsOffset = 17;
  const Bytes summed = bytes.first(bytes.size() - kChecksumSize);
  if (header.type != EventType::FormatDescription || (header.flags & kFlagInUse) == 0)
    return add_to_checksum(0, summed);
  const std::byte flag = summed[kFlagsOffset] & ~std::byte{kFlagInUse};
  std::uint32_t checksum = add_to_checksum(0, summed.first(kFlagsOffset));
  checksum = add_to_checksum(checksum, Bytes(&flag, 1));
  return add_to_checksum(checksum, summed.subspan(kFlagsOffset + 1));
}

std::uint32_t stored_checksum(Bytes bytes) {
  ByteReader reader(bytes.last(kChecksumSize));
  return reader.u32();
}

}  // namespace

void StreamState::reset(const Position& from) {
  format_ = {};
  has_format_ = false;
  has_format_of_file_ = false;
  file_ = from.file;
  file_created_ = 0;
  offset_ = from.offset < kFirstOffset ? kFirstOffset : from.offset;
}

absl::StatusOr<EventView> StreamState::accept(Bytes bytes) {
  if (bytes.size() < kEventHeaderSize) {
    return absl::DataLossError(
        fmt::format("binlog event at {}:{} has {} bytes, fewer than its header of {}: the stream is damaged; "
                    "check the file with "
                    "mysqlbinlog --verify-binlog-checksum",
                    file_, offset_, bytes.size(), kEventHeaderSize));
  }
  EventView event;
  event.header = parse_event_header(bytes);
  if (event.header.event_size != bytes.size()) {
    return absl::DataLossError(
        fmt::format("binlog event {} (type {}) at {}:{} says that it has {} bytes, but {} were read: the "
                    "stream is damaged; check "
                    "the file with mysqlbinlog --verify-binlog-checksum",
                    name(event.header.type), static_cast<unsigned>(event.header.type), file_, offset_,
                    event.header.event_size, bytes.size()));
  }
  ASSIGN_OR_RETURN(bool has_checksum, check(event.header, bytes));
  event.body = bytes.subspan(kEventHeaderSize);
  if (has_checksum) event.body = event.body.first(event.body.size() - kChecksumSize);
  event.start_offset = advance(event.header);
  RETURN_IF_ERROR(apply(event));
  return event;
}

absl::StatusOr<bool> StreamState::check(const EventHeader& header, Bytes bytes) {
  bool has_checksum = format_.has_checksum;
  if (header.type == EventType::FormatDescription) {
    // It says itself whether there are checksums. The bytes of one are there in any case; but without
    // checksums a server that changes the event on its way to us (MySQL 8) does not compute them anew.
    if (has_format_of_file_) {
      return located(
          absl::DataLossError("a second one in the file: the stream is damaged; check the file with "
                              "mysqlbinlog --verify-binlog-checksum"),
          header);
    }
    absl::StatusOr<FormatDescription> format = parse_format_description(bytes.subspan(kEventHeaderSize));
    if (!format.ok()) return located(format.status(), header);
    format_ = *std::move(format);
    file_created_ = header.timestamp;
    has_format_ = true;
    has_format_of_file_ = true;
    if (!format_.has_checksum) return bytes.size() >= kEventHeaderSize + kChecksumSize;
    has_checksum = true;
  } else if (!has_format_) {
    if (header.type != EventType::Rotate && !is_heartbeat(header.type)) {
      return absl::DataLossError(
          fmt::format("binlog event {} (type {}) at {}:{} comes before the FORMAT_DESCRIPTION of its file: "
                      "the stream is damaged",
                      name(header.type), static_cast<unsigned>(header.type), file_, offset_));
    }
    // The ROTATE that opens a stream comes before anything says whether there are checksums: it fits or there
    // is none.
    return bytes.size() >= kEventHeaderSize + kChecksumSize &&
           computed_checksum(header, bytes) == stored_checksum(bytes);
  }
  if (!has_checksum) return false;
  if (bytes.size() < kEventHeaderSize + kChecksumSize ||
      computed_checksum(header, bytes) != stored_checksum(bytes)) {
    return absl::DataLossError(
        fmt::format("binlog event {} (type {}) at {}:{} with {} bytes has a wrong checksum: it was changed "
                    "on its way or on the "
                    "source's disk; check the file with mysqlbinlog --verify-binlog-checksum",
                    name(header.type), static_cast<unsigned>(header.type), file_, offset_, bytes.size()));
  }
  return true;
}

absl::Status StreamState::located(const absl::Status& status, const EventHeader& header) const {
  return {status.code(),
          absl::string_view(fmt::format("at {}:{} ({}): {}", file_, offset_, name(header.type),
                                        std::string_view(status.message().data(), status.message().size())))};
}

absl::Status StreamState::apply(const EventView& event) {
  if (event.header.type != EventType::Rotate) return absl::OkStatus();
  absl::StatusOr<RotateEvent> rotate = parse_rotate(event.body);
  if (!rotate.ok()) return located(rotate.status(), event.header);
  file_ = std::string(rotate->file);
  file_created_ = 0;
  has_format_of_file_ = false;
  offset_ = rotate->position < kFirstOffset ? kFirstOffset : rotate->position;
  return absl::OkStatus();
}

std::uint64_t StreamState::advance(const EventHeader& header) {
  const std::uint64_t begin = offset_;
  // Made up by the server for this connection: not in the file.
  if (is_artificial(header) || is_heartbeat(header.type)) return begin;
  // A stream that begins midway gets the file's FORMAT_DESCRIPTION first, which stands at the file's start.
  if (header.type == EventType::FormatDescription && (begin != kFirstOffset || header.log_pos == 0))
    return begin;

  const std::uint64_t counted = begin + header.event_size;
  offset_ = counted;
  if (header.log_pos != 0) {
    // The server leaves out what we have already (GTIDs): its position is then further on. It has 32 bits
    // only, so what seems to be behind us by far has wrapped, and what is behind us by little is no position
    // (a relayed event's own).
    const std::uint64_t skipped = (kWrap + header.log_pos - counted % kWrap) % kWrap;
    if (skipped < kWrap / 2) offset_ = counted + skipped;
  }
  return offset_ - header.event_size;
}

}  // namespace rowtide::binlog
