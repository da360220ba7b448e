#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "tracker/binlog/binlog_coordinates.h"
#include "tracker/schema/apply_ddl.h"
#include "tracker/sql/ddl.h"
#include "tracker/sql/lexer.h"
#include "tracker/sql/names.h"
#include "tracker/sql/statement.h"

namespace rowtide::schema {

/// What the DDL between a start position in the past and now says about the tables at that position. The
/// catalog of now holds for a table whose definition no statement changes; one that the first statement about
/// it creates was not there; of all others it is not known. Fed with every DDL from the start position on.
/// What leaves columns, UNIQUE keys and character sets as they are (routines, triggers, partitions, other
/// indexes, TRUNCATE) is no change.
class DdlSinceStart {
 public:
  explicit DdlSinceStart(const SourceDialect& dialect)
      : dialect_{.is_mariadb = dialect.is_mariadb, .version = dialect.version},
        lower_case_names_(dialect.lower_case_names) {}

  /// A statement (valid UTF-8), and where it stands.
  void add(std::string_view sql, const DdlSession& session, const binlog::BinlogCoordinates& at);

  /// Of a table that was there at `place`: is it another one now, as far as statements there and later say?
  [[nodiscard]] bool is_changed_from(const sql::TableName& name,
                                     const binlog::BinlogCoordinates& place) const;

  [[nodiscard]] const std::set<sql::TableName>& created() const { return created_; }
  [[nodiscard]] const std::set<sql::TableName>& changed() const { return changed_; }
  /// Databases of which any table may have changed.
  [[nodiscard]] const std::set<std::string>& changed_databases() const { return changed_databases_; }
  /// Databases whose character set may have been another.
  [[nodiscard]] const std::set<std::string>& converted_databases() const { return converted_databases_; }

 private:
  struct Place {
    const std::string& database;  ///< the session's
    const binlog::BinlogCoordinates& at;
  };
  void note(const sql::OtherDdl& /*other*/, const Place& /*place*/) {}
  void note(const sql::TruncateTable& /*truncate*/, const Place& /*place*/) {}
  void note(const sql::CreateTable& create, const Place& place);
  void note(const sql::AlterTable& alter, const Place& place);
  void note(const sql::ConvertPartition& convert, const Place& place);
  void note(const sql::DropTables& drop, const Place& place);
  void note(const sql::RenameTables& rename, const Place& place);
  void note(const sql::SetDatabase& database, const Place& place);
  void note(const sql::DropDatabase& drop, const Place& place);
  void not_understood(const sql::Statement& head, const Place& place);
  void make(const sql::TableName& name);
  void change(const sql::TableName& name, const binlog::BinlogCoordinates& at);
  void change_database(const std::string& name, const binlog::BinlogCoordinates& at);
  [[nodiscard]] std::string as_kept(const std::string& name) const;
  [[nodiscard]] sql::TableName full(const sql::TableName& name, const Place& place) const;

  sql::Dialect dialect_;
  bool lower_case_names_;
  std::set<sql::TableName> created_;
  std::set<sql::TableName> changed_;
  std::set<std::string> changed_databases_;
  std::set<std::string> converted_databases_;
  std::map<sql::TableName, binlog::BinlogCoordinates>
      last_;  ///< without a table: a database, of which any may have changed
};

}  // namespace rowtide::schema
