#pragma once

#include <cstdint>
#include <string_view>

#include "common/bytes/byte_reader.h"

namespace rowtide::binlog {

/// Event types of MySQL 5.7 to 9.x and MariaDB 10.5 to 12.
/// Source: MySQL "Binlog Event" (libs/mysql/binlog/event/binlog_event.h), MariaDB KB "Replication Protocol".
enum class EventType : std::uint8_t {
  Unknown = 0,
  StartV3 = 1,
  Query = 2,
  Stop = 3,
  Rotate = 4,
  Intvar = 5,
  AppendBlock = 9,
  DeleteFile = 11,
  Rand = 13,
  UserVar = 14,
  FormatDescription = 15,
  Xid = 16,
  BeginLoadQuery = 17,
  ExecuteLoadQuery = 18,
  TableMap = 19,
  WriteRowsV1 = 23,
  UpdateRowsV1 = 24,
  DeleteRowsV1 = 25,
  Incident = 26,
  Heartbeat = 27,
  Ignorable = 28,
  RowsQuery = 29,
  WriteRows = 30,
  UpdateRows = 31,
  DeleteRows = 32,
  GtidLog = 33,
  AnonymousGtid = 34,
  PreviousGtids = 35,
  TransactionContext = 36,
  ViewChange = 37,
  XaPrepare = 38,
  PartialUpdateRows = 39,
  TransactionPayload = 40,
  HeartbeatV2 = 41,
  GtidTagged = 42,
  MariadbAnnotateRows = 160,
  MariadbBinlogCheckpoint = 161,
  MariadbGtidLog = 162,
  MariadbGtidList = 163,
  MariadbStartEncryption = 164,
  MariadbQueryCompressed = 165,
  MariadbWriteRowsCompressedV1 = 166,
  MariadbUpdateRowsCompressedV1 = 167,
  MariadbDeleteRowsCompressedV1 = 168,
};

[[nodiscard]] std::string_view name(EventType type) noexcept;

/// Rows as they are read, of both versions and with JSON diffs; MariaDB's compressed ones become these first.
[[nodiscard]] bool is_rows(EventType type) noexcept;

/// Header flags.
/// On a QUERY: the statement used a temporary table of its session.
inline constexpr std::uint16_t kFlagThreadSpecific = 0x4;
inline constexpr std::uint16_t kFlagArtificial = 0x20;
inline constexpr std::uint16_t kFlagIgnorable = 0x80;

/// The 19 bytes in front of every event.
struct EventHeader {
  std::uint32_t timestamp = 0;  ///< seconds since the epoch
  EventType type = EventType::Unknown;
  std::uint32_t server_id = 0;
  std::uint32_t event_size = 0;  ///< header, body and checksum
  std::uint32_t log_pos = 0;     ///< end of the event, modulo 2^32; 0 where the server does not say
  std::uint16_t flags = 0;
};
inline constexpr std::size_t kEventHeaderSize = 19;
inline constexpr std::size_t kChecksumSize = 4;
/// Of a file's first event: after the file's magic.
inline constexpr std::uint64_t kFirstOffset = 4;

/// `bytes` has kEventHeaderSize at least.
[[nodiscard]] EventHeader parse_event_header(Bytes bytes) noexcept;

/// One event: header and body. The body is borrowed from the source's buffer, without header and checksum.
struct EventView {
  EventHeader header;
  Bytes body;
  std::uint64_t start_offset = 0;  ///< where the event begins in its file (64-bit, counted by the stream)
};

}  // namespace rowtide::binlog
