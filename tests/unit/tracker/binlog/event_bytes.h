#pragma once

#include <zlib.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "tracker/binlog/event.h"

namespace rowtide::binlog {

/// Little-endian integers and text, one after the other: how events are made by hand.
class EventBytes {
 public:
  EventBytes& number(std::uint64_t value, unsigned width) {
    for (unsigned i = 0; i < width; ++i)
      bytes_.push_back(static_cast<char>(static_cast<std::uint8_t>(value >> (8 * i))));
    return *this;
  }
  EventBytes& u8(std::uint64_t value) { return number(value, 1); }
  EventBytes& u16(std::uint64_t value) { return number(value, 2); }
  EventBytes& u32(std::uint64_t value) { return number(value, 4); }
  EventBytes& u48(std::uint64_t value) { return number(value, 6); }
  EventBytes& u64(std::uint64_t value) { return number(value, 8); }
  EventBytes& text(std::string_view text) {
    bytes_.append(text);
    return *this;
  }
  /// One byte of length, the text.
  EventBytes& counted(std::string_view counted) { return u8(counted.size()).text(counted); }
  EventBytes& zeros(std::size_t count) {
    bytes_.append(count, '\0');
    return *this;
  }

  [[nodiscard]] const std::string& str() const { return bytes_; }

 private:
  std::string bytes_;
};

struct EventOptions {
  std::uint32_t log_pos = 0;
  std::uint16_t flags = 0;
  bool has_checksum = true;
  std::uint32_t timestamp = 1700000000;
  std::uint32_t server_id = 7;
};

/// Header, body and checksum.
inline std::string make_event(EventType type, std::string_view body, EventOptions options) {
  const std::size_t size = kEventHeaderSize + body.size() + (options.has_checksum ? 4 : 0);
  EventBytes event;
  event.u32(options.timestamp).u8(static_cast<std::uint8_t>(type)).u32(options.server_id).u32(size);
  event.u32(options.log_pos).u16(options.flags).text(body);
  if (!options.has_checksum) return event.str();
  const auto checksum =
      crc32(0, reinterpret_cast<const Bytef*>(event.str().data()), static_cast<uInt>(event.str().size()));
  return event.u32(checksum).str();
}

/// The body of a FORMAT_DESCRIPTION without the checksum that follows it.
inline std::string format_body(std::string_view version, std::uint8_t algorithm = 1) {
  EventBytes body;
  body.u16(4).text(version).zeros(50 - version.size()).u32(0).u8(19).zeros(41).u8(algorithm);
  return body.str();
}

}  // namespace rowtide::binlog
