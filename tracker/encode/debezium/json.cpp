#include "tracker/encode/debezium/json.h"

#include <map>
#include <set>
#include <utility>
#include <vector>

#include "common/version.h"
#include "tracker/encode/debezium/connect_schema.h"
#include "tracker/encode/debezium/schema.h"
#include "tracker/encode/debezium/transaction.h"
#include "tracker/encode/debezium/value.h"
#include "tracker/encode/json_writer.h"
#include "tracker/encode/schema_change_mark.h"

namespace rowtide::encode {
namespace {

/// Not multiplied: a damaged event may tell any time.
void append_nanoseconds(std::string& out, std::int64_t microseconds) {
  json::append_integer(out, microseconds);
  if (microseconds != 0) out += "000";
}

using types::Column;
using types::Value;
using types::ValueKind;

constexpr std::string_view kNewKeyHeader = "__debezium.newkey";
constexpr std::string_view kOldKeyHeader = "__debezium.oldkey";

/// The "source" block. Its constant stretches are written once a table, its numbers once a row.
class SourceBlock {
 public:
  /// `table` empty: null, of a schema change that concerns no single table.
  SourceBlock(const EncoderContext& context, std::string_view database, std::string_view table) {
    to_ts_ms_ = R"({"version":)";
    json::append_string(to_ts_ms_, kVersion);
    to_ts_ms_ += R"(,"connector":)";
    json::append_string(to_ts_ms_, context.connector);
    to_ts_ms_ += R"(,"name":)";
    json::append_string(to_ts_ms_, context.source_name);
    to_ts_ms_ += R"(,"ts_ms":)";

    to_ts_us_ = R"(,"snapshot":"false","db":)";
    json::append_string(to_ts_us_, database);
    to_ts_us_ += R"(,"sequence":null,"ts_us":)";

    to_server_id_ = R"(,"table":)";
    if (table.empty()) {
      to_server_id_ += "null";
    } else {
      json::append_string(to_server_id_, table);
    }
    to_server_id_ += R"(,"server_id":)";
  }

  void append_to(std::string& out, const ChangeOrigin& origin) const {
    out += to_ts_ms_;
    json::append_integer(out, origin.commit_timestamp_us / 1000);
    out += to_ts_us_;
    json::append_integer(out, origin.commit_timestamp_us);
    out += R"(,"ts_ns":)";
    append_nanoseconds(out, origin.commit_timestamp_us);
    out += to_server_id_;
    json::append_integer(out, origin.server_id);
    out += R"(,"gtid":)";
    if (origin.gtid.empty()) {
      out += "null";
    } else {
      json::append_string(out, origin.gtid);
    }
    out += R"(,"file":)";
    json::append_string(out, origin.file);
    out += R"(,"pos":)";
    json::append_integer(out, origin.offset);
    out += R"(,"row":)";
    json::append_integer(out, origin.row);
    out += R"(,"thread":)";
    if (origin.thread_id == 0) {
      out += "null";
    } else {
      json::append_integer(out, origin.thread_id);
    }
    out += R"(,"query":null})";
  }

 private:
  std::string to_ts_ms_;
  std::string to_ts_us_;
  std::string to_server_id_;
};

void append_processed_times(std::string& out, const ChangeOrigin& origin) {
  out += R"("ts_ms":)";
  json::append_integer(out, origin.processed_timestamp_us / 1000);
  out += R"(,"ts_us":)";
  json::append_integer(out, origin.processed_timestamp_us);
  out += R"(,"ts_ns":)";
  append_nanoseconds(out, origin.processed_timestamp_us);
}

/// Message timestamps are when we handled the change, not when it was committed: the topic's retention counts
/// from them, and a backlog older than that must still reach its consumers.
std::int64_t processed_milliseconds(const ChangeOrigin& origin) {
  return origin.processed_timestamp_us / 1000;
}

struct DebeziumColumn {
  Column column;
  std::string name;  ///< ,"name":
};

class DebeziumTableEncoder final : public TableEncoder {
 public:
  /// `topic` and `table` ("database.table") outlive every batch that is encoded into; `transactions` is
  /// nullptr where their metadata is not asked for; `key` and `value` stand around each record's.
  DebeziumTableEncoder(const EncoderContext& context, const binlog::TablePlan& plan, std::string_view topic,
                       std::string_view table, DebeziumTransactions* transactions, Wrapping key,
                       Wrapping value)
      : topic_(topic),
        table_(table),
        options_(context.debezium),
        transactions_(transactions),
        key_columns_(plan.key_columns),
        source_(context, plan.database, plan.table),
        key_(std::move(key)),
        value_(std::move(value)) {
    columns_.reserve(plan.columns.size());
    for (const Column& column : plan.columns) {
      std::string name = ",";
      json::append_string(name, column.name);
      name += ':';
      columns_.push_back({column, std::move(name)});
    }
  }

  void encode(const RowChange& change, const ChangeOrigin& origin, record::RecordBatch& out) override {
    switch (change.operation) {
      case binlog::RowOperation::Insert:
        return append_record('c', change.after, {}, change.after, origin, out);
      case binlog::RowOperation::Delete:
        append_record('d', change.before, change.before, {}, origin, out);
        return append_tombstone(change.before, {}, origin, out);
      case binlog::RowOperation::Update:
        if (!has_new_key(change)) {
          return append_record('u', change.after, change.before, change.after, origin, out);
        }
        return append_key_change(change, origin, out);
    }
  }

 private:
  using Row = std::span<const Value>;

  [[nodiscard]] bool has_new_key(const RowChange& change) const noexcept {
    for (const std::uint32_t index : key_columns_) {
      if (!is_same_value(change.before[index], change.after[index])) return true;
    }
    return false;
  }

  void append_key(const Row& row, std::string& text) const {
    text += '{';
    std::size_t skipped_comma = 1;
    for (const std::uint32_t index : key_columns_) {
      text.append(columns_[index].name, skipped_comma);
      skipped_comma = 0;
      append_debezium_value(text, columns_[index].column, row[index], options_);
    }
    text += '}';
  }

  /// A column that the image does not hold is left out: null would be a claim.
  void append_image(const Row& row, std::string& text) const {
    if (row.empty()) {
      text += "null";
      return;
    }
    text += '{';
    std::size_t skipped_comma = 1;
    for (std::size_t index = 0; index < columns_.size(); ++index) {
      if (row[index].kind == ValueKind::Absent) continue;
      text.append(columns_[index].name, skipped_comma);
      skipped_comma = 0;
      append_debezium_value(text, columns_[index].column, row[index], options_);
    }
    text += '}';
  }

  void begin(const Row& key, const ChangeOrigin& origin, record::RecordBatch& out) const {
    out.begin_record(topic_, table_, processed_milliseconds(origin));
    if (key_columns_.empty()) return;
    std::string& text = out.buffer();
    text += key_.head;
    append_key(key, text);
    text += key_.tail;
    out.end_key();
  }

  void append_value(char operation, const Row& before, const Row& after, const ChangeOrigin& origin,
                    std::string& text) const {
    text += value_.head;
    text += R"({"before":)";
    append_image(before, text);
    text += R"(,"after":)";
    append_image(after, text);
    text += R"(,"source":)";
    source_.append_to(text, origin);
    text += R"(,"transaction":)";
    if (transactions_ == nullptr) {
      text += "null";
    } else {
      transactions_->append_block(text, table_);
    }
    text += R"(,"op":")";
    text += operation;
    text += R"(",)";
    append_processed_times(text, origin);
    text += '}';
    text += value_.tail;
  }

  void append_record(char operation, const Row& key, const Row& before, const Row& after,
                     const ChangeOrigin& origin, record::RecordBatch& out) const {
    begin(key, origin, out);
    append_value(operation, before, after, origin, out.buffer());
    out.end_record();
  }

  /// Also without a key, as Debezium does. `new_key` is empty but for a changed key.
  void append_tombstone(const Row& key, std::string_view new_key, const ChangeOrigin& origin,
                        record::RecordBatch& out) const {
    if (!options_.tombstones) return;
    begin(key, origin, out);
    if (!new_key.empty()) out.add_header(kNewKeyHeader, new_key);
    out.end_record_tombstone();
  }

  /// Whoever keeps state by key must drop the old row and take the new one.
  void append_key_change(const RowChange& change, const ChangeOrigin& origin, record::RecordBatch& out) {
    old_key_.clear();
    new_key_.clear();
    append_key(change.before, old_key_);
    append_key(change.after, new_key_);

    begin(change.before, origin, out);
    out.add_header(kNewKeyHeader, new_key_);
    append_value('d', change.before, {}, origin, out.buffer());
    out.end_record();

    append_tombstone(change.before, new_key_, origin, out);

    begin(change.after, origin, out);
    out.add_header(kOldKeyHeader, old_key_);
    append_value('c', {}, change.after, origin, out.buffer());
    out.end_record();
  }

  std::string_view topic_;
  std::string_view table_;
  task::DebeziumOptions options_;
  DebeziumTransactions* transactions_;
  std::vector<DebeziumColumn> columns_;
  std::vector<std::uint32_t> key_columns_;
  SourceBlock source_;
  Wrapping key_;
  Wrapping value_;
  std::string old_key_;  // of the row at hand, where its key changes
  std::string new_key_;
};

class DebeziumJsonEncoder final : public Encoder {
 public:
  explicit DebeziumJsonEncoder(EncoderContext context) : context_(std::move(context)) {
    const bool has_schemas = context_.debezium.schemas;
    if (context_.debezium.transaction_metadata)
      transactions_.emplace(context_.source_name + ".transaction", has_schemas);
    if (!has_schemas) return;
    schema_change_key_ = connect_schema_change_key_wrapping(context_.connector);
    schema_change_ = connect_schema_change_wrapping(context_.connector);
  }

  absl::StatusOr<std::unique_ptr<TableEncoder>> bind(const binlog::TablePlan& plan,
                                                     std::string topic) override {
    Wrapping key;
    if (context_.debezium.schemas && !plan.key_columns.empty())
      key = connect_key_wrapping(plan, struct_name(plan), context_.debezium);
    const std::string_view table = keep(plan.database + "." + plan.table);
    Wrapping value = envelope_of(plan);
    if (context_.debezium.truncates) envelopes_[std::string(table)] = value;
    return std::make_unique<DebeziumTableEncoder>(context_, plan, keep(std::move(topic)), table,
                                                  transactions_ ? &*transactions_ : nullptr, std::move(key),
                                                  std::move(value));
  }

  void begin_transaction(const ChangeOrigin& origin, record::RecordBatch& out) override {
    if (transactions_) transactions_->begin(origin, out);
  }
  void end_transaction(const ChangeOrigin& origin, record::RecordBatch& out) override {
    if (transactions_) transactions_->end(origin, out);
  }

  void encode_schema_change(const SchemaChange& change, const ChangeOrigin& origin,
                            record::RecordBatch& out) override {
    if (context_.debezium.truncates && !change.table.empty() && change.verb == sql::DdlVerb::Truncate)
      append_truncate(change, origin, out);
    std::string label(change.database);
    if (!change.table.empty()) label.append(".").append(change.table);
    out.begin_record(context_.schema_topic, out.keep(label), processed_milliseconds(origin));
    mark_schema_change(change, out);

    std::string& text = out.buffer();
    text += schema_change_key_.head;
    text += R"({"databaseName":)";
    json::append_string(text, change.database);
    text += '}';
    text += schema_change_key_.tail;
    out.end_key();

    text += schema_change_.head;
    text += R"({"source":)";
    SourceBlock(context_, change.database, change.table).append_to(text, origin);
    text += ',';
    if (context_.debezium.schemas) {  // whose schema has no others
      text += R"("ts_ms":)";
      json::append_integer(text, processed_milliseconds(origin));
    } else {
      append_processed_times(text, origin);
    }
    text += R"(,"databaseName":)";
    json::append_string(text, change.database);
    text += R"(,"schemaName":null,"ddl":)";
    json::append_string(text, change.sql);
    text += R"(,"tableChanges":)";
    append_table_changes(text, change.changes);
    text += '}';
    text += schema_change_.tail;
    out.end_record();
  }

 private:
  [[nodiscard]] std::string struct_name(const binlog::TablePlan& plan) const {
    return connect_table_name(context_.source_name, plan.database, plan.table);
  }

  [[nodiscard]] Wrapping envelope_of(const binlog::TablePlan& plan) const {
    if (!context_.debezium.schemas) return {};
    return connect_envelope_wrapping(plan, struct_name(plan), context_.connector, context_.debezium);
  }

  /// Of all rows, so it has no key and no images.
  void append_truncate(const SchemaChange& change, const ChangeOrigin& origin, record::RecordBatch& out) {
    const std::string database(change.database);
    const std::string table(change.table);
    out.begin_record(keep(context_.topic_for(database, table)), keep(database + "." + table),
                     processed_milliseconds(origin));
    // Of a table that had no row yet, the columns are not known, and there are none to write.
    const auto found = envelopes_.find(database + "." + table);
    const Wrapping wrapping =
        found != envelopes_.end()
            ? found->second
            : envelope_of({.database = database, .table = table, .columns = {}, .key_columns = {}});
    std::string& text = out.buffer();
    text += wrapping.head;
    text += R"({"before":null,"after":null,"source":)";
    SourceBlock(context_, database, table).append_to(text, origin);
    text += R"(,"transaction":null,"op":"t",)";
    append_processed_times(text, origin);
    text += '}';
    text += wrapping.tail;
    out.end_record();
  }

  /// A table can be bound anew while records of its old binding wait in a batch: their names are kept here.
  std::string_view keep(std::string name) { return *names_.insert(std::move(name)).first; }

  EncoderContext context_;
  std::optional<DebeziumTransactions> transactions_;
  std::set<std::string> names_;
  Wrapping schema_change_key_;
  Wrapping schema_change_;
  std::map<std::string, Wrapping> envelopes_;  ///< by "database.table": the last bound, for truncates
};

}  // namespace

std::unique_ptr<Encoder> make_debezium_json_encoder(EncoderContext context) {
  return std::make_unique<DebeziumJsonEncoder>(std::move(context));
}

}  // namespace rowtide::encode
