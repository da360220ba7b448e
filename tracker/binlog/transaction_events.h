#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/bytes/byte_reader.h"
#include "tracker/binlog/gtid.h"

namespace rowtide::binlog {

/// FORMAT_DESCRIPTION: what the rest of the file looks like.
struct FormatDescription {
  std::string server_version;
  bool is_mariadb = false;
  bool has_checksum = false;  ///< CRC32 after every event
  /// The server wrote it when it started: no session of before is left.
  bool is_of_server_start = false;
};
/// `body` with the checksum still attached (whether there is one is what this event says).
[[nodiscard]] absl::StatusOr<FormatDescription> parse_format_description(Bytes body);

struct RotateEvent {
  std::uint64_t position = 0;
  std::string_view file;
};
[[nodiscard]] absl::StatusOr<RotateEvent> parse_rotate(Bytes body);

/// MySQL's GTID and ANONYMOUS_GTID.
struct GtidEvent {
  MysqlGtid gtid;                                   ///< number 0: anonymous
  std::optional<std::int64_t> commit_timestamp_us;  ///< original commit, microseconds since the epoch
};
[[nodiscard]] absl::StatusOr<GtidEvent> parse_gtid(Bytes body);
/// GTID_TAGGED: the same in another form, with a tag.
[[nodiscard]] absl::StatusOr<GtidEvent> parse_gtid_tagged(Bytes body);

struct MariadbGtidEvent {
  MariadbGtid gtid;          ///< server_id filled from the header by the caller's argument
  bool standalone = false;   ///< the group is one event, without COMMIT
  bool prepared_xa = false;  ///< the group ends with XA PREPARE: its outcome comes in another one
  std::string xid;           ///< of a prepared_xa
  /// binlog_alter_two_phase=ON: the statement stands in two groups, when it begins and when it ends; only
  /// where the second is a commit did it happen, and there.
  enum class Alter : std::uint8_t { Whole, Start, Commit, Rollback };
  Alter alter = Alter::Whole;
  [[nodiscard]] bool changes_nothing() const { return alter == Alter::Start || alter == Alter::Rollback; }
};
[[nodiscard]] absl::StatusOr<MariadbGtidEvent> parse_mariadb_gtid(Bytes body, std::uint32_t server_id);

struct QueryEvent {
  std::uint32_t thread_id = 0;
  std::uint16_t error_code = 0;
  std::string_view database;  ///< the session's default database
  std::string_view sql;       ///< in the client's character set, as sent
  /// The client's character set; 0: not known. types::to_utf8_replacing(client_collation, sql) makes a
  /// message of it.
  std::uint16_t client_collation = 0;
  Bytes status_variables;  ///< for parse_query_variables()
};
[[nodiscard]] absl::StatusOr<QueryEvent> parse_query(Bytes body);

/// The XA_PREPARE event. Source: MySQL XA_prepare_event (libs/mysql/binlog/event/control_events.h).
struct XaPrepareEvent {
  bool is_one_phase = false;  ///< committed at once: no outcome follows
  std::string xid;
};
[[nodiscard]] absl::StatusOr<XaPrepareEvent> parse_xa_prepare(Bytes body);

}  // namespace rowtide::binlog
