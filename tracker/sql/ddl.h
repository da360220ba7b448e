#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "tracker/sql/names.h"

namespace rowtide::sql {

// A DDL statement as data: what it says of tables, their columns and keys. What changes none of them
// (engines, partitions, row formats) is read and left out. Names are as written; an empty database is the
// session's default one.

enum class Generated : std::uint8_t { No, Virtual, Stored };

/// CHARSET and COLLATE as written; "default" stands for the database's.
struct CharsetSpec {
  std::string charset;
  std::string collation;
  [[nodiscard]] bool empty() const { return charset.empty() && collation.empty(); }
};

struct DefaultSpec {
  bool is_null = false;
  bool is_expression = false;
  std::string text;
  bool is_bytes = false;     ///< x'41', b'1', 0x41: `text` is the bytes, a number to columns of numbers
  std::string charset = {};  ///< _latin1 in front of bytes
};

/// Where an added or changed column goes: nowhere in particular, to the front, or after another.
struct Placement {
  bool is_first = false;
  std::string after;
  [[nodiscard]] bool empty() const { return !is_first && after.empty(); }
};

struct ColumnSpec {
  std::string name;
  std::string type;  ///< lower case, synonyms undone: "int", "varchar", "enum"
  std::optional<std::uint64_t> length;
  std::optional<std::uint64_t> scale;
  bool is_unsigned = false;
  bool is_zerofill = false;
  bool is_binary = false;  ///< CHAR(10) BINARY: the _bin collation
  CharsetSpec charset;
  std::vector<std::string> members;

  std::optional<bool> is_nullable;  ///< NULL and NOT NULL as written
  std::optional<DefaultSpec> default_value;
  bool updates_itself = false;  ///< ON UPDATE CURRENT_TIMESTAMP
  bool is_auto_increment = false;
  bool is_primary = false;
  bool is_unique = false;
  bool is_invisible = false;
  Generated generated = Generated::No;
  bool is_row_time = false;   ///< MariaDB: GENERATED ALWAYS AS ROW START, ROW END
  bool is_versioned = false;  ///< MariaDB: WITH SYSTEM VERSIONING, which makes a new table versioned
  std::string comment;
  Placement placement;
  bool if_not_exists = false;
};

struct KeySpec {
  enum class Kind : std::uint8_t { Primary, Unique, Other, Foreign };
  Kind kind = Kind::Other;
  std::string name;  ///< empty: the server finds one
  std::vector<std::string> columns;
  bool has_expression = false;
  bool if_not_exists = false;
  std::vector<std::uint32_t> prefixes = {};  ///< CatalogKey::prefixes, as written
  bool uses_hash = false;                    ///< USING HASH
  bool is_of_period = false;                 ///< ..., period WITHOUT OVERLAPS: with the period's columns
};

struct AddColumn {
  ColumnSpec column;
};
struct ChangeColumn {
  std::string name;  ///< until now
  ColumnSpec column;
  bool if_exists = false;
};
struct DropColumn {
  std::string name;
  bool if_exists = false;
};
struct RenameColumn {
  std::string from;
  std::string to;
  bool if_exists = false;
};
/// ALTER COLUMN c SET DEFAULT ..., DROP DEFAULT, SET VISIBLE, SET INVISIBLE.
struct AlterColumn {
  std::string name;
  bool drops_default = false;
  std::optional<DefaultSpec> default_value;
  std::optional<bool> is_invisible;
};
struct AddKey {
  KeySpec key;
};
struct DropKey {
  std::string name;  ///< "PRIMARY" for the primary key
};
struct RenameKey {
  std::string from;
  std::string to;
};
struct ConvertCharset {
  CharsetSpec charset;
};
struct SetTableOptions {
  CharsetSpec charset;
  std::optional<std::string> comment;
};
struct RenameTo {
  TableName name;
};
struct SetVersioning {
  bool is_on = false;
};
/// MariaDB: PERIOD FOR name (start, end), whose columns are NOT NULL from then on.
struct AddPeriod {
  std::string start;
  std::string end;
};
using AlterAction =
    std::variant<AddColumn, ChangeColumn, DropColumn, RenameColumn, AlterColumn, AddKey, DropKey, RenameKey,
                 ConvertCharset, SetTableOptions, RenameTo, SetVersioning, AddPeriod>;

struct CreateTable {
  TableName name;
  bool if_not_exists = false;
  bool or_replace = false;
  std::optional<TableName> like;
  std::vector<ColumnSpec> columns;
  std::vector<KeySpec> keys;  ///< in the order of their appearance, those of column attributes included
  std::optional<AddPeriod> period;
  SetTableOptions options;
  bool is_versioned = false;
};
/// Also CREATE INDEX and DROP INDEX.
struct AlterTable {
  TableName name;
  bool if_exists = false;
  std::vector<AlterAction> actions;
};
/// MariaDB: a partition becomes a table of the same definition, or a table becomes a partition.
struct ConvertPartition {
  TableName name;
  TableName table;
  bool if_exists = false;
  bool makes_table = false;  ///< else `table` ceases to be
};
struct DropTables {
  std::vector<TableName> names;
};
struct RenameTables {
  bool if_exists = false;
  struct Move {
    TableName from;
    TableName to;
  };
  std::vector<Move> moves;  ///< one after the other
};
struct TruncateTable {
  TableName name;
};
/// CREATE and ALTER DATABASE.
struct SetDatabase {
  std::string name;  ///< empty: the default one
  bool is_new = false;
  bool if_not_exists = false;
  bool or_replace = false;
  CharsetSpec charset;
};
struct DropDatabase {
  std::string name;
};
/// Changes no table: views, routines, triggers, events, users, temporary tables.
struct OtherDdl {};

using DdlStatement = std::variant<OtherDdl, CreateTable, AlterTable, ConvertPartition, DropTables,
                                  RenameTables, TruncateTable, SetDatabase, DropDatabase>;

}  // namespace rowtide::sql
