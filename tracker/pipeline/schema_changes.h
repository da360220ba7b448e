#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tracker/binlog/event.h"
#include "tracker/binlog/transaction_events.h"
#include "tracker/encode/encoder.h"
#include "tracker/osc/translator.h"
#include "tracker/schema/catalog.h"
#include "tracker/schema/schema_history.h"
#include "tracker/select/table_selector.h"
#include "tracker/sql/statement.h"
#include "tracker/sql/temporary_tables.h"

namespace rowtide::pipeline {

/// The statements of a stream: what each is about, what DDL does to the definitions, and what of it is the
/// task's. Fed with every statement, in the order of the stream. One thread.
class SchemaChanges {
 public:
  struct Parts {
    const select::TableSelector& selector;
    schema::Catalog& catalog;
    /// Follows every statement that changes a table; nullptr: the catalog is asked alone.
    schema::SchemaHistory* history = nullptr;
    osc::HelperNames helpers{};
    bool is_wanted = true;  ///< the task's dataTypes
  };
  /// Of one statement, what the task is to get.
  struct Change {
    std::string database;
    std::string table;       ///< empty: of the database, or several tables
    std::string sql;         ///< valid UTF-8
    sql::TableName first{};  ///< as encode::SchemaChange has it, and `tables`
    std::vector<sql::StatementTable> tables{};
    std::vector<schema::TableChange> changes;
    sql::DdlVerb verb = sql::DdlVerb::None;
    sql::DdlObject object = sql::DdlObject::Other;
    /// Refers to this one.
    [[nodiscard]] encode::SchemaChange view() const {
      return {.database = database,
              .table = table,
              .sql = sql,
              .changes = changes,
              .verb = verb,
              .object = object,
              .first_database = first.database,
              .first_table = first.table,
              .tables = tables};
    }
  };
  struct Effect {
    bool is_selected = false;
    std::optional<Change> change;  ///< selected ones may still have nothing to emit
  };

  /// All that it refers to must outlive it.
  explicit SchemaChanges(Parts parts) : parts_(std::move(parts)), translator_(parts_.helpers) {}

  /// The statement's head, with names as table maps have them and temporary tables known as such.
  [[nodiscard]] sql::Statement classify(const binlog::EventView& event, const binlog::QueryEvent& query);

  /// A statement of kind Ddl that is of no temporary table: definitions are brought up to it.
  [[nodiscard]] Effect apply(const binlog::EventView& event, const sql::Statement& statement,
                             const binlog::QueryEvent& query, bool is_mariadb);

  /// The server has begun anew: its sessions' temporary tables are gone.
  void forget_sessions(std::uint32_t server_id) { temporary_tables_.forget(server_id); }

 private:
  void keep_names(sql::Statement& statement) const;
  void find_temporary_tables(const binlog::EventView& event, const binlog::QueryEvent& query,
                             sql::Statement& statement);
  [[nodiscard]] bool is_temporary(const sql::TemporaryTables::Session& session,
                                  const sql::StatementTable& table) const;
  [[nodiscard]] bool is_selected(const sql::Statement& statement, std::string_view database) const;
  void forget(const sql::Statement& statement);
  [[nodiscard]] schema::DdlEffect change_definitions(const binlog::EventView& event,
                                                     const binlog::QueryEvent& query, std::string_view sql,
                                                     bool is_mariadb);

  Parts parts_;
  osc::Translator translator_;
  sql::TemporaryTables temporary_tables_;
};

}  // namespace rowtide::pipeline
