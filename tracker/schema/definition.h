#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tracker/sql/ddl.h"
#include "tracker/sql/names.h"

namespace rowtide::schema {

struct CatalogColumn {
  std::string name;
  std::string column_type;  ///< as in information_schema: "int(10) unsigned", "enum('a','b')"
  std::string data_type;    ///< "int", "enum"
  bool is_nullable = true;
  bool is_unsigned = false;
  std::uint16_t collation = 0;  ///< id; 63 for binary types, 0 for types without one
  std::vector<std::string> members;

  sql::Generated generated = sql::Generated::No;
  bool is_auto_increment = false;
  bool is_invisible = false;
  bool is_default_expression = false;  ///< `default_value` is to be evaluated: CURRENT_TIMESTAMP, (uuid())
  /// Without its quotes; nullopt: none, which for a column that may be NULL is NULL.
  std::optional<std::string> default_value;
  std::string comment;
  bool operator==(const CatalogColumn&) const = default;
};

struct CatalogKey {
  enum class Kind : std::uint8_t { Primary, Unique, Other };
  std::string name;
  Kind kind = Kind::Other;
  bool has_expression = false;  ///< a part is no column: no use to identify rows
  std::vector<std::string> columns;
  /// Of each column: how much of it is in the key, in characters or bytes; 0: all. Empty: all of all.
  std::vector<std::uint32_t> prefixes = {};
  /// MariaDB: unique by a hash of its columns, in a hidden column. May: with some engines and row formats.
  enum class Hash : std::uint8_t { No, May, Yes };
  Hash hash = Hash::No;
  bool operator==(const CatalogKey&) const = default;
};

struct CatalogTable {
  std::vector<CatalogColumn> columns;
  /// Primary key, else the first UNIQUE key without NULLs; empty = none.
  std::vector<std::uint32_t> key_columns;

  std::vector<CatalogKey> keys;  ///< as the server keeps them; of those that are not unique, in any order
  std::uint16_t collation = 0;   ///< the table's default; 0: not known
  std::string comment;
  /// Columns after `columns` that only the table map has: what holds functional indexes (MySQL); the row's
  /// time where it is not declared (MariaDB's WITH SYSTEM VERSIONING); hashes that may be there (MariaDB).
  std::vector<std::string> hidden_columns;
  bool is_versioned = false;  ///< MariaDB: its rows of the past are kept and written to the binlog as well
  bool operator==(const CatalogTable&) const = default;

  [[nodiscard]] std::optional<std::uint32_t> index_of(std::string_view column) const;
  /// Makes the primary key's columns NOT NULL and puts the keys into the server's order, unless a statement
  /// leaves them as they stand: the primary key, UNIQUE ones without NULLs, other UNIQUE ones, of both those
  /// of whole columns first; those by a hash.
  void settle_keys(bool sorts);
  /// Works out key_columns from `keys`. The key that a table map names (FULL) is the same one.
  void choose_key();
};

}  // namespace rowtide::schema
