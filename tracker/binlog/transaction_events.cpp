#include "tracker/binlog/transaction_events.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "common/bytes/utf8.h"
#include "tracker/binlog/event.h"
#include "tracker/sql/xa_statement.h"

namespace rowtide::binlog {
namespace {

absl::Status truncated(std::string_view event, Bytes body) {
  return absl::DataLossError(
      fmt::format("{} event with a body of {} bytes ends too early: the stream is damaged, or its server "
                  "writes a form that this "
                  "version does not know",
                  event, body.size()));
}

/// "5.5.5-" is what MariaDB puts in front for clients of old.
constexpr std::string_view kMariadbPrefix = "5.5.5-";
constexpr std::string_view kMariadbMark = "MariaDB";

std::string_view until_nul(std::string_view text) {
  return text.substr(0, text.find('\0'));
}

/// Since MySQL 5.6.1 and MariaDB 5.3 the event says whether there are checksums.
bool tells_checksum(std::string_view version) {
  unsigned parts[3] = {0, 0, 0};
  const char* at = version.data();
  const char* const end = at + version.size();
  for (unsigned& part : parts) {
    const auto [next, error] = std::from_chars(at, end, part);
    if (error != std::errc()) break;
    at = next == end ? next : next + 1;
  }
  const unsigned first[3] = {5, 6, 1};
  return !std::lexicographical_compare(std::begin(parts), std::end(parts), std::begin(first),
                                       std::end(first));
}

}  // namespace

absl::StatusOr<FormatDescription> parse_format_description(Bytes body) {
  constexpr std::uint16_t kBinlogVersion = 4;
  constexpr std::uint8_t kHeaderSize = 19;
  constexpr std::size_t kVersionSize = 50;
  ByteReader reader(body);
  const std::uint16_t binlog_version = reader.u16();
  std::string_view version = until_nul(reader.text(kVersionSize));
  const std::uint32_t created = reader.u32();
  const std::uint8_t header_size = reader.u8();
  if (!reader.ok()) return truncated("FORMAT_DESCRIPTION", body);

  FormatDescription format;
  format.is_of_server_start = created != 0;
  format.is_mariadb = version.find(kMariadbMark) != std::string_view::npos;
  if (format.is_mariadb && version.starts_with(kMariadbPrefix)) version.remove_prefix(kMariadbPrefix.size());
  format.server_version = std::string(version);
  if (binlog_version != kBinlogVersion || header_size != kHeaderSize || !tells_checksum(version)) {
    return absl::UnimplementedError(
        fmt::format("binlog format {} of server version '{}' (event headers of {} bytes) is not supported: "
                    "MySQL 5.7 or later, or "
                    "MariaDB 10.5 or later is needed",
                    binlog_version, format.server_version, header_size));
  }
  // Then the length of each event type's fixed part, and at the end the algorithm and the checksum.
  if (reader.remaining() < 1 + kChecksumSize) return truncated("FORMAT_DESCRIPTION", body);
  const auto algorithm = std::to_integer<std::uint8_t>(body[body.size() - kChecksumSize - 1]);
  if (algorithm > 1) {
    return absl::UnimplementedError(
        fmt::format("binlog checksum algorithm {} of server version '{}' is not known: set "
                    "binlog_checksum=CRC32 at the source",
                    algorithm, format.server_version));
  }
  format.has_checksum = algorithm == 1;
  return format;
}

absl::StatusOr<RotateEvent> parse_rotate(Bytes body) {
  ByteReader reader(body);
  RotateEvent event;
  event.position = reader.u64();
  event.file = as_text(reader.rest());
  if (!reader.ok() || event.file.empty()) return truncated("ROTATE", body);
  if (!is_utf8(event.file)) return absl::DataLossError("ROTATE: the next file's name is not text");
  return event;
}

absl::StatusOr<GtidEvent> parse_gtid(Bytes body) {
  // Source: MySQL Gtid_event (libs/mysql/binlog/event/control_events.h). 5.7 stops before the timestamps.
  constexpr std::uint8_t kLogicalTimestamps = 2;
  constexpr std::size_t kTimestampSize = 7;
  constexpr std::uint64_t kOriginalFollows = std::uint64_t{1} << 55U;
  ByteReader reader(body);
  GtidEvent event;
  reader.skip(1);  // flags
  const Bytes uuid = reader.bytes(event.gtid.uuid.size());
  event.gtid.number = reader.u64();
  if (!reader.ok()) return truncated("GTID", body);
  std::memcpy(event.gtid.uuid.data(), uuid.data(), uuid.size());

  if (reader.at_end() || reader.u8() != kLogicalTimestamps) return event;
  reader.skip(16);  // last committed, sequence number
  if (reader.remaining() < kTimestampSize) return event;
  std::uint64_t timestamp = reader.little_endian(kTimestampSize);
  if ((timestamp & kOriginalFollows) != 0) timestamp = reader.little_endian(kTimestampSize);
  if (!reader.ok()) return truncated("GTID", body);
  event.commit_timestamp_us = static_cast<std::int64_t>(timestamp & ~kOriginalFollows);
  return event;
}

absl::StatusOr<MariadbGtidEvent> parse_mariadb_gtid(Bytes body, std::uint32_t server_id) {
  constexpr std::uint8_t kStandalone = 1;
  constexpr std::uint8_t kGroupCommit = 2;
  constexpr std::uint8_t kPreparedXa = 64;
  constexpr std::uint8_t kCompletedXa = 128;
  // In a byte after all that, where there is one. Source: MariaDB Gtid_log_event (sql/log_event.h).
  constexpr std::uint8_t kStartAlter = 2;
  constexpr std::uint8_t kCommitAlter = 4;
  constexpr std::uint8_t kRollbackAlter = 8;
  ByteReader reader(body);
  MariadbGtidEvent event;
  event.gtid.sequence = reader.u64();
  event.gtid.domain = reader.u32();
  event.gtid.server_id = server_id;
  const std::uint8_t flags = reader.u8();
  event.standalone = (flags & kStandalone) != 0;
  event.prepared_xa = (flags & kPreparedXa) != 0;
  if ((flags & kGroupCommit) != 0) reader.skip(8);
  if ((flags & (kPreparedXa | kCompletedXa)) != 0) {
    const std::uint32_t format_id = reader.u32();
    const std::uint8_t gtrid_size = reader.u8();
    const std::uint8_t bqual_size = reader.u8();
    const std::string_view gtrid = reader.text(gtrid_size);
    const std::string_view bqual = reader.text(bqual_size);
    if (event.prepared_xa) event.xid = sql::xid_text(gtrid, bqual, format_id);
  }
  if (!reader.ok()) return truncated("MARIADB_GTID", body);
  const std::uint8_t more_flags = reader.at_end() ? std::uint8_t{0} : reader.u8();
  if ((more_flags & kStartAlter) != 0) event.alter = MariadbGtidEvent::Alter::Start;
  if ((more_flags & kCommitAlter) != 0) event.alter = MariadbGtidEvent::Alter::Commit;
  if ((more_flags & kRollbackAlter) != 0) event.alter = MariadbGtidEvent::Alter::Rollback;
  return event;
}

namespace {

/// The client's character set from the status variables, which are { code, value } with a length known per
/// code. Those after it are not looked at. Source: MySQL Query_event
/// (libs/mysql/binlog/event/statement_events.h).
std::uint16_t client_collation(Bytes status_variables) {
  ByteReader reader(status_variables);
  while (reader.ok() && !reader.at_end()) {
    switch (reader.u8()) {
      case 0:  // flags2
      case 3:  // auto_increment
        reader.skip(4);
        break;
      case 1:  // sql_mode
        reader.skip(8);
        break;
      case 6:  // catalog
        reader.skip(reader.u8());
        break;
      case 4: {  // character_set_client, collation_connection, collation_server
        const std::uint16_t collation = reader.u16();
        return reader.ok() ? collation : std::uint16_t{0};
      }
      default:
        return 0;
    }
  }
  return 0;
}

}  // namespace

absl::StatusOr<QueryEvent> parse_query(Bytes body) {
  ByteReader reader(body);
  QueryEvent event;
  event.thread_id = reader.u32();
  reader.skip(4);  // execution time
  const std::uint8_t database_size = reader.u8();
  event.error_code = reader.u16();
  const std::uint16_t variables_size = reader.u16();
  event.status_variables = reader.bytes(variables_size);
  event.client_collation = client_collation(event.status_variables);
  event.database = reader.text(database_size);
  reader.skip(1);  // NUL
  if (!reader.ok()) return truncated("QUERY", body);
  event.sql = as_text(reader.rest());
  return event;
}

absl::StatusOr<XaPrepareEvent> parse_xa_prepare(Bytes body) {
  ByteReader reader(body);
  XaPrepareEvent event;
  event.is_one_phase = reader.u8() != 0;
  const std::uint32_t format_id = reader.u32();
  const std::uint32_t gtrid_size = reader.u32();
  const std::uint32_t bqual_size = reader.u32();
  const std::string_view gtrid = reader.text(gtrid_size);
  const std::string_view bqual = reader.text(bqual_size);
  if (!reader.ok()) return truncated("XA_PREPARE", body);
  event.xid = sql::xid_text(gtrid, bqual, format_id);
  return event;
}

}  // namespace rowtide::binlog
