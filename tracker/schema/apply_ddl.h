#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tracker/binlog/query_variables.h"
#include "tracker/schema/collations.h"
#include "tracker/schema/definition.h"
#include "tracker/sql/ddl.h"
#include "tracker/sql/names.h"

namespace rowtide::schema {

using TablePtr = std::shared_ptr<const CatalogTable>;

/// What a source's DDL depends on beside the statement and its session.
struct SourceDialect {
  bool is_mariadb = false;
  std::uint32_t version = 0;  ///< 80015, 101106
  bool lower_case_names = false;
  bool adds_row_ids = false;  ///< tables without key may have a hidden column: kRowId
  /// Where the binlog does not say (MySQL 5.7).
  bool explicit_defaults_for_timestamp = true;
  Collations collations{false, 0};
};

/// The session that ran a statement, from its QUERY event.
struct DdlSession {
  std::string database;  ///< the default one
  binlog::QueryVariables variables;
  bool uses_temporary_table = false;  ///< kFlagThreadSpecific: what the statement reads may be one
};

/// How tables stand before a statement. Names are as the source keeps them.
class Definitions {
 public:
  struct Found {
    bool is_known = false;
    TablePtr table;  ///< nullptr and known: there is no such table
  };
  virtual ~Definitions() = default;
  [[nodiscard]] virtual Found find(const sql::TableName& name) const = 0;
  [[nodiscard]] virtual std::vector<std::string> tables_of(const std::string& database) const = 0;
  /// The database's default collation; 0: not known.
  [[nodiscard]] virtual std::uint16_t database_collation(const std::string& database) const = 0;
  /// Is it known that there is no such database?
  [[nodiscard]] virtual bool is_absent(const std::string& database) const = 0;
};

struct TableChange {
  enum class Kind : std::uint8_t {
    Create,
    Alter,  ///< also RENAME: then `old_name` differs from `name`
    Drop,
    Truncate,
    Unknown  ///< the statement changed it in a way that is not understood, or it was not known before
  };
  Kind kind = Kind::Unknown;
  sql::TableName name;
  sql::TableName old_name;  ///< `name` but for a renamed table
  TablePtr before;
  TablePtr after;  ///< nullptr: dropped, or Unknown
  /// SchemaHistory: the ALTER statements of `old_name` since it was made, where it keeps them.
  std::vector<std::string> alters = {};
};

struct DatabaseChange {
  std::string name;
  bool is_dropped = false;
  std::uint16_t collation = 0;  ///< 0: not known
  bool is_new = false;          ///< it has no tables yet
};

struct DdlEffect {
  std::vector<TableChange> tables;
  std::vector<DatabaseChange> databases;
  std::string doubt;  ///< why a change is Unknown; empty if none is
};

/// What a statement (valid UTF-8) does to definitions. Pure. A statement that is not understood, or does not
/// fit what is known, yields Unknown for the tables that it names: never a guess.
[[nodiscard]] DdlEffect apply_ddl(std::string_view sql, const DdlSession& session,
                                  const SourceDialect& dialect, const Definitions& definitions);

}  // namespace rowtide::schema
