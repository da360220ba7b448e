#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tracker/binlog/gtid.h"

namespace rowtide::binlog {

/// An XA transaction that is prepared and has no outcome yet: where its rows stand, so that they can be read
/// (again) when it commits. A point before its group.
struct PreparedXa {
  std::string xid;
  GtidSet gtids;
  std::string file;
  std::uint64_t offset = 0;
  bool has_rows = false;  ///< of tracked tables
  bool operator==(const PreparedXa&) const = default;
};

/// How much is delivered of a transaction whose end was not reached. It is read again from its beginning, and
/// as many rows of each table are not delivered again.
struct Midway {
  std::string transaction;                    ///< its GTID; without GTIDs "file=...,pos=...", where it begins
  std::map<std::string, std::uint64_t> rows;  ///< delivered, by "database.table"
  std::uint64_t schema_changes = 0;           ///< CREATE TABLE ... SELECT has one before its rows
  bool operator==(const Midway&) const = default;
};

/// A point between two transactions from which the stream can be resumed: everything before it is done, and
/// where there is `midway`, some of a transaction after it.
/// With GTIDs the set decides where to resume; file:offset are for people, and say which of two positions of
/// one MariaDB server comes first. Without, file:offset decide.
struct Position {
  GtidSet gtids;
  std::string file;
  std::uint64_t offset = 0;  ///< 64-bit, also where the wire's log_pos has wrapped
  std::vector<PreparedXa> prepared{};
  /// Of the tables here (schema/schema_history.h): they are read again with the definitions of then.
  std::uint64_t schema_version = 0;
  /// Whose file it is (source/server_info.h); empty: not known.
  std::string server = {};
  /// When that server began the file, seconds since 1970: a binlog that was reset has files of the same
  /// names. 0: not known.
  std::uint32_t file_created = 0;
  std::optional<Midway> midway = {};
  bool operator==(const Position&) const = default;
};

/// Less is done at `a` than at `b`. False also where that cannot be known: of two servers without GTIDs, of
/// sets that each have what the other has not.
[[nodiscard]] bool is_before(const Position& a, const Position& b);

/// For logs and messages: "mysql-bin.000003:4711 (GTIDs uuid:1-5)", and with midway ", after 4000 rows of
/// transaction uuid:6".
[[nodiscard]] std::string to_string(const Position& position);

/// JSON: {"flavor":"mysql"|"mariadb"|"file","gtidSet":"...","file":"...","offset":4711}, and where there are
/// such "preparedXa":[{"xid":"...","gtidSet":"...","file":"...","offset":4711,"rows":true}],
/// "schemaVersion":3, "server":"...", "fileCreated":1795971586,
/// "midway":{"transaction":"...","rows":{"shop.orders":4000},"schemaChanges":0}.
[[nodiscard]] std::string to_json(const Position& position);
[[nodiscard]] absl::StatusOr<Position> position_from_json(std::string_view json);

}  // namespace rowtide::binlog
