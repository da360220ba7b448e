#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "tracker/binlog/binlog_coordinates.h"
#include "tracker/schema/definition.h"
#include "tracker/sql/names.h"

namespace rowtide::schema {

/// What the DDL between a start position in the past and now says about the tables at that position. The
/// catalog of now holds for a table that no statement names; one that the first statement about it creates
/// was not there; of all others it is not known. Fed with every DDL from the start position on.
class DdlSinceStart {
 public:
  explicit DdlSinceStart(bool lower_case_names) : lower_case_names_(lower_case_names) {}

  /// As classify_statement() takes them, and where the statement stands.
  void add(std::string_view sql, std::string_view default_database, bool uses_temporary_table,
           const binlog::BinlogCoordinates& at);

  /// Does a statement at `place` or after it say anything of the table?
  [[nodiscard]] bool is_changed_from(const sql::TableName& name,
                                     const binlog::BinlogCoordinates& place) const;

  [[nodiscard]] const std::set<sql::TableName>& created() const { return created_; }
  [[nodiscard]] const std::set<sql::TableName>& changed() const { return changed_; }
  /// Databases of which any table may have changed.
  [[nodiscard]] const std::set<std::string>& changed_databases() const { return changed_databases_; }

 private:
  bool lower_case_names_;
  std::set<sql::TableName> created_;
  std::set<sql::TableName> changed_;
  std::set<std::string> changed_databases_;
  std::map<sql::TableName, binlog::BinlogCoordinates>
      last_;  ///< without a table: a database, of which any may have changed
};

}  // namespace rowtide::schema
