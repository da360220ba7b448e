#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tracker/binlog/position.h"
#include "tracker/source/reader_identity.h"
#include "tracker/source/server_info.h"

namespace rowtide::source {

// What is said to a server to get its binlog. Pure. Source: MySQL "Replication Protocol" (COM_REGISTER_SLAVE,
// COM_BINLOG_DUMP, COM_BINLOG_DUMP_GTID), MariaDB KB "Replication Protocol".

inline constexpr unsigned kComBinlogDump = 0x12;
inline constexpr unsigned kComRegisterReplica = 0x15;
inline constexpr unsigned kComBinlogDumpGtid = 0x1e;

/// FAILED_PRECONDITION when this server cannot begin at such a position: GTIDs of the other kind of server,
/// GTIDs while gtid_mode is not ON, a file offset beyond 32 bits.
[[nodiscard]] absl::Status check_position_fits(const binlog::Position& from, const ServerInfo& facts);

/// The SET statements before the dump.
[[nodiscard]] std::vector<std::string> dump_settings(const binlog::Position& from, const ServerInfo& facts,
                                                     const ReaderIdentity& identity,
                                                     std::chrono::nanoseconds heartbeat);

[[nodiscard]] std::string register_packet(const ReaderIdentity& identity);
[[nodiscard]] std::string dump_packet(std::uint32_t server_id, std::uint32_t offset, std::string_view file,
                                      bool is_mariadb);
/// From the beginning of what is left, without the transactions in the encoded set.
[[nodiscard]] std::string dump_gtid_packet(std::uint32_t server_id, std::string_view encoded_gtids);

}  // namespace rowtide::source
