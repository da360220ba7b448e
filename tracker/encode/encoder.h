#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/task/spec.h"
#include "tracker/binlog/rows_event.h"
#include "tracker/binlog/table_plan.h"
#include "tracker/record/record_batch.h"
#include "tracker/schema/apply_ddl.h"
#include "tracker/sql/statement.h"

namespace rowtide::encode {

/// Where a change comes from: the same for all rows of an event but `row`.
struct ChangeOrigin {
  std::uint32_t server_id = 0;
  std::string_view gtid;  ///< empty: none
  std::string_view file;
  std::uint64_t offset = 0;  ///< where the event begins
  std::uint32_t row = 0;     ///< index in the event
  std::uint32_t thread_id = 0;
  std::int64_t commit_timestamp_us = 0;  ///< from the GTID event where it says, else the event's seconds
  std::int64_t processed_timestamp_us = 0;
  // The transaction that the change belongs to. Its id is the GTID; without GTIDs
  // "file=mysql-bin.000003,pos=484", where it begins.
  std::string_view transaction_id = {};
  std::string_view transaction_file = {};
  std::uint64_t transaction_offset = 0;
};

struct RowChange {
  binlog::RowOperation operation;
  std::span<const types::Value> before;
  std::span<const types::Value> after;
};

struct SchemaChange {
  std::string_view database;
  std::string_view table;  ///< empty: of the database, or several tables
  std::string_view sql;    ///< valid UTF-8
  /// What it did to the task's tables, with their definitions before and after; empty where that is not
  /// known, or the statement changed no table.
  std::span<const schema::TableChange> changes{};
  // What the statement's head says it does, and to what: also where the table is not known.
  sql::DdlVerb verb = sql::DdlVerb::None;
  sql::DdlObject object = sql::DdlObject::Other;
  /// Of a RENAME or DROP of several tables: the first that it names, of RENAME its new name.
  std::string_view first_database{};
  std::string_view first_table{};
  /// All that it names, where these are several.
  std::span<const sql::StatementTable> tables{};
};

/// One table's encoder: everything that is the same for all its rows is prepared. Appends one record a
/// change, or several where the format wants it (a changed key, a tombstone). Never fails: what a format
/// cannot hold is refused when the table is bound. One thread.
class TableEncoder {
 public:
  virtual ~TableEncoder() = default;
  virtual void encode(const RowChange& change, const ChangeOrigin& origin, record::RecordBatch& out) = 0;
};

/// What an encoder is told of the task, once.
struct EncoderContext {
  std::string source_name;          ///< "<namespace>.<task>": Debezium's topic prefix
  std::string connector;            ///< "mysql" or "mariadb"
  std::string schema_topic;         ///< where schema changes go
  std::string source_version = {};  ///< "8.0.15"
  task::DebeziumOptions debezium = {};
  /// The topic of a table, for records that no row belongs to.
  std::function<std::string(const std::string& database, const std::string& table)> topic_for = {};
};

/// One output format. Immutable but for what it counts itself; its table encoders borrow from it.
class Encoder {
 public:
  virtual ~Encoder() = default;
  /// The plan is copied from as needed; `topic` is copied.
  [[nodiscard]] virtual absl::StatusOr<std::unique_ptr<TableEncoder>> bind(const binlog::TablePlan& plan,
                                                                           std::string topic) = 0;
  /// Around the row changes of a transaction, before the first and after the last; a transaction without any
  /// that the task selects has neither. A stream that is resumed begins between two transactions.
  virtual void begin_transaction(const ChangeOrigin& /*origin*/, record::RecordBatch& /*out*/) {}
  virtual void end_transaction(const ChangeOrigin& /*origin*/, record::RecordBatch& /*out*/) {}
  virtual void encode_schema_change(const SchemaChange& change, const ChangeOrigin& origin,
                                    record::RecordBatch& out) = 0;
};

/// The one table of formats. `format` is the task's sink.kafka.format, e.g. "debezium-json".
[[nodiscard]] absl::StatusOr<std::unique_ptr<Encoder>> make_encoder(std::string_view format,
                                                                    EncoderContext context);

/// What the format's messages carry as their timestamps, where Kafka has milliseconds: topics of seconds need
/// one partition, and a retention that is not Kafka's. Milliseconds for a format that is not known.
[[nodiscard]] record::TimestampUnit timestamp_unit(std::string_view format);

}  // namespace rowtide::encode
