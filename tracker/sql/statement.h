#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tracker/sql/savepoint.h"
#include "tracker/sql/xa_statement.h"

namespace rowtide::sql {

enum class StatementKind : std::uint8_t {
  Begin,
  Commit,
  Rollback,
  Savepoint,  ///< SAVEPOINT, RELEASE SAVEPOINT, ROLLBACK TO
  Xa,         ///< XA START, END, PREPARE, COMMIT, ROLLBACK
  Ddl,        ///< changes a schema object: tables, views, indexes, databases, routines, triggers, events;
              ///< or empties a table
  Dml,  ///< a data change written as a statement: INSERT, UPDATE, DELETE, REPLACE, LOAD DATA, CALL, WITH ...
  Administrative,  ///< GRANT, users, ANALYZE, OPTIMIZE, FLUSH, SET ...: changes neither rows nor schemas of
                   ///< tables
  Unknown,
};

enum class DdlVerb : std::uint8_t {
  None,
  Create,
  Alter,
  Drop,
  Rename,
  Truncate,  ///< or another statement by which a server empties a table
};
/// Of which kind the objects are that a DDL statement names.
enum class DdlObject : std::uint8_t { Other, Table, Index };

struct StatementTable {
  std::string database;  ///< the session's default database where the statement names none
  std::string table;     ///< empty for database DDL
  bool operator==(const StatementTable&) const = default;
};

struct Statement {
  StatementKind kind = StatementKind::Unknown;
  DdlVerb verb = DdlVerb::None;
  DdlObject object = DdlObject::Other;
  /// For Ddl and Dml: the objects that the statement changes, as far as its head names them (RENAME and DROP
  /// name several). Empty when they are not known.
  std::vector<StatementTable> tables;
  bool is_temporary = false;  ///< DDL of a temporary table, as the statement says
  /// DDL of one table that is a temporary one, or uses what belongs to its session.
  bool may_be_temporary = false;
  /// CREATE TABLE of a table that cannot have been there: neither OR REPLACE nor IF NOT EXISTS.
  bool makes_new_table = false;
  bool writes_rows = false;  ///< CREATE TABLE ... SELECT: a data change, too, written as a statement
  /// MySQL 8.0.21 and later: CREATE TABLE ... SELECT is one transaction, of which CREATE TABLE ... START
  /// TRANSACTION is the beginning.
  bool starts_transaction = false;
  /// Savepoint, but for RELEASE.
  std::optional<SavepointStatement> savepoint{};
  /// Xa, but for verbs that change nothing (RECOVER).
  std::optional<XaStatement> xa{};
};

/// Reads the head of a statement, once: comments (also /*! ... */ with a version) and blanks skipped, quoted
/// names understood. Not a SQL parser.
/// `uses_temporary_table` is the event's flag (kFlagThreadSpecific). Sessions with binlog_format=STATEMENT
/// log DDL of their temporary tables, and only CREATE and DROP say TEMPORARY; ALTER TABLE, TRUNCATE and the
/// index statements concern one table, so that with the flag it is the temporary one; or one with a column
/// DEFAULT (CONNECTION_ID()), with which the servers set the flag, too (measured on 8.0.15 and 10.11).
[[nodiscard]] Statement classify_statement(std::string_view sql, std::string_view default_database,
                                           bool uses_temporary_table = false);

}  // namespace rowtide::sql
