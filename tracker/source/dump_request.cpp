#include "tracker/source/dump_request.h"

#include <fmt/format.h>

#include <limits>

#include "common/status/reason.h"

namespace rowtide::source {
namespace {

using absl::StatusCode;

template <typename Integer>
void put(std::string& out, Integer value) {
  for (std::size_t i = 0; i < sizeof(value); ++i) {
    out += static_cast<char>(static_cast<unsigned char>(static_cast<std::uint64_t>(value) >> (8 * i)));
  }
}

/// One length byte, then the text.
void put_short_text(std::string& out, std::string_view text) {
  out += static_cast<char>(text.size());
  out += text;
}

}  // namespace

absl::Status check_position_fits(const binlog::Position& from, const ServerInfo& facts) {
  const auto* mysql = std::get_if<binlog::MysqlGtidSet>(&from.gtids);
  const bool is_mariadb_set = std::holds_alternative<binlog::MariadbGtidSet>(from.gtids);
  if ((mysql != nullptr && facts.is_mariadb) || (is_mariadb_set && !facts.is_mariadb)) {
    return failure(
        StatusCode::kFailedPrecondition, "PositionOfOtherServer",
        fmt::format("the position {} is of {}, the source is {} ({}); a checkpoint cannot move between the "
                    "two: raise spec.resetNonce with spec.startPosition",
                    binlog::to_string(from), is_mariadb_set ? "MariaDB" : "MySQL",
                    facts.is_mariadb ? "MariaDB" : "MySQL", facts.version_text));
  }
  if (mysql != nullptr && !facts.has_gtids()) {
    return failure(
        StatusCode::kFailedPrecondition, "GtidModeOff",
        fmt::format("the position {} is one of GTIDs, but gtid_mode is {} at the source; switch it to ON",
                    binlog::to_string(from), facts.gtid_mode));
  }
  if (from.gtids.index() == 0 && !from.server.empty() && from.server != facts.server) {
    return failure(
        StatusCode::kFailedPrecondition, "SourceReplaced",
        fmt::format(
            "the position {} is a place in the files of server {}, and the source is now server {}, "
            "whose files are others; let the task read that server again, or raise spec.resetNonce with "
            "spec.startPosition. With gtid_mode=ON a task goes on at any replica",
            binlog::to_string(from), from.server, facts.server));
  }
  if (from.gtids.index() == 0 && from.offset > std::numeric_limits<std::uint32_t>::max()) {
    return failure(
        StatusCode::kFailedPrecondition, "OffsetTooLarge",
        fmt::format("the position {} is beyond 4 GiB, which a server can only be asked for by GTIDs; switch "
                    "gtid_mode to ON, or begin at another file",
                    binlog::to_string(from)));
  }
  return absl::OkStatus();
}

std::vector<std::string> dump_settings(const binlog::Position& from, const ServerInfo& facts,
                                       const ReaderIdentity& identity, std::chrono::nanoseconds heartbeat) {
  // The newer names are read by MySQL 8.0.26 and later; a variable that nobody reads does no harm.
  std::vector<std::string> settings{
      "SET @master_binlog_checksum = @@global.binlog_checksum, @source_binlog_checksum = "
      "@@global.binlog_checksum",
      fmt::format("SET @master_heartbeat_period = {0}, @source_heartbeat_period = {0}", heartbeat.count()),
      fmt::format("SET @slave_uuid = '{0}', @replica_uuid = '{0}'", identity.uuid),
      // While the sink pushes back nothing is read: the server must not give up on us too soon.
      "SET SESSION net_write_timeout = 3600",
  };
  if (facts.is_mariadb) {
    // 4: understands MariaDB's GTID events. Without it the server rewrites them for older replicas.
    settings.emplace_back("SET @mariadb_slave_capability = 4");
    if (const auto* gtids = std::get_if<binlog::MariadbGtidSet>(&from.gtids)) {
      settings.push_back(fmt::format("SET @slave_connect_state = '{}'", gtids->to_string()));
      // A transaction of ours that the server lacks is an error, not a hole to step over.
      settings.emplace_back("SET @slave_gtid_strict_mode = 1");
      settings.emplace_back("SET @slave_gtid_ignore_duplicates = 0");
    }
  }
  return settings;
}

std::string register_packet(const ReaderIdentity& identity) {
  std::string packet;
  put<std::uint32_t>(packet, identity.server_id);
  put_short_text(packet, identity.label);
  put_short_text(packet, "");     // user
  put_short_text(packet, "");     // password
  put<std::uint16_t>(packet, 0);  // port: nobody can connect to us
  put<std::uint32_t>(packet, 0);  // replication rank, unused
  put<std::uint32_t>(packet, 0);  // source's server id: filled in by the server
  return packet;
}

std::string dump_packet(std::uint32_t server_id, std::uint32_t offset, std::string_view file,
                        bool is_mariadb) {
  // The texts of statements, of which MariaDB else sends none: the events of a transaction have no position
  // of their own since 11.4, so that what is left out between them could not be counted.
  constexpr std::uint16_t kSendAnnotateRows = 2;
  std::string packet;
  put<std::uint32_t>(packet, offset);
  put<std::uint16_t>(packet, is_mariadb ? kSendAnnotateRows : 0);  // and wait at the end
  put<std::uint32_t>(packet, server_id);
  packet += file;
  return packet;
}

std::string dump_gtid_packet(std::uint32_t server_id, std::string_view encoded_gtids) {
  std::string packet;
  put<std::uint16_t>(packet, 0);  // flags: wait at the end
  put<std::uint32_t>(packet, server_id);
  put<std::uint32_t>(packet, 0);  // no file name
  put<std::uint64_t>(packet, 4);
  put<std::uint32_t>(packet, static_cast<std::uint32_t>(encoded_gtids.size()));
  packet += encoded_gtids;
  return packet;
}

}  // namespace rowtide::source
