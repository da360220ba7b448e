#include "tracker/encode/canal/json.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "tracker/encode/canal/value.h"
#include "tracker/encode/debezium/value.h"
#include "tracker/encode/json_writer.h"
#include "tracker/encode/record_ids.h"
#include "tracker/encode/schema_change_mark.h"
#include "tracker/types/type_text.h"

namespace rowtide::encode {
namespace {

using types::Column;
using types::Value;
using types::ValueKind;
using Row = std::span<const Value>;

std::int64_t milliseconds(std::int64_t micros) {
  return micros / 1000;
}

struct CanalColumn {
  Column column;
  std::string name;        ///< ,"name":
  std::string mysql_type;  ///< ,"name":"varchar(20)"
};

/// `{`, the members that `append` adds for each present column, `}`.
template <typename Append>
void append_object(std::string& out, const std::vector<CanalColumn>& columns, const Row& row, Append append) {
  out += '{';
  const std::size_t begin = out.size();
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (row[i].kind == ValueKind::Absent) continue;
    append(columns[i], row[i], i);
  }
  if (out.size() > begin) out.erase(begin, 1);  // the first comma
  out += '}';
}

class CanalTableEncoder final : public TableEncoder {
 public:
  /// `topic` and `table` ("database.table") outlive every batch that is encoded into.
  CanalTableEncoder(const binlog::TablePlan& plan, std::string_view topic, std::string_view table,
                    RecordIds& ids)
      : topic_(topic), table_(table), ids_(ids), key_columns_(plan.key_columns) {
    for (const Column& column : plan.columns) {
      CanalColumn prepared{.column = column, .name = ",", .mysql_type = {}};
      json::append_string(prepared.name, column.name);
      prepared.name += ':';
      prepared.mysql_type = prepared.name;
      json::append_string(prepared.mysql_type, types::type_text(column));
      columns_.push_back(std::move(prepared));
    }
    to_es_ = R"(],"database":)";
    json::append_string(to_es_, plan.database);
    to_es_ += R"(,"es":)";
    append_primary_key(plan);
    to_ts_ = R"(,"table":)";
    json::append_string(to_ts_, plan.table);
    to_ts_ += R"(,"ts":)";
  }

  void encode(const RowChange& change, const ChangeOrigin& origin, record::RecordBatch& out) override {
    const bool is_delete = change.operation == binlog::RowOperation::Delete;
    const Row& row = is_delete ? change.before : change.after;
    out.begin_record(topic_, table_, milliseconds(origin.processed_timestamp_us));
    if (!key_columns_.empty()) {
      append_key(change, row, out.buffer());
      out.end_key();
    }
    append_message(change, row, origin, out.buffer());
    out.end_record();
  }

 private:
  void append_primary_key(const binlog::TablePlan& plan) {
    to_sql_type_ = R"(,"pkNames":)";
    if (key_columns_.empty()) {
      to_sql_type_ += "null";
    } else {
      std::vector<std::uint32_t> in_table_order = key_columns_;
      std::sort(in_table_order.begin(), in_table_order.end());
      char separator = '[';
      for (const std::uint32_t index : in_table_order) {
        to_sql_type_ += separator;
        json::append_string(to_sql_type_, plan.columns[index].name);
        separator = ',';
      }
      to_sql_type_ += ']';
    }
    to_sql_type_ += R"(,"sql":"","sqlType":)";
  }

  /// Canal has no message keys; ours lets Kafka keep a row's messages in order. A key column that the new
  /// image does not hold is as it was.
  void append_key(const RowChange& change, const Row& row, std::string& text) const {
    text += '{';
    std::size_t skipped_comma = 1;
    for (const std::uint32_t index : key_columns_) {
      text.append(columns_[index].name, skipped_comma);
      skipped_comma = 0;
      const bool is_unchanged = row[index].kind == ValueKind::Absent && !change.before.empty();
      append_canal_value(text, columns_[index].column, is_unchanged ? change.before[index] : row[index]);
    }
    text += '}';
  }

  void append_message(const RowChange& change, const Row& row, const ChangeOrigin& origin,
                      std::string& text) const {
    text += R"({"data":[)";
    append_object(text, columns_, row, [&](const CanalColumn& column, const Value& value, std::size_t) {
      text += column.name;
      append_canal_value(text, column.column, value);
    });
    text += to_es_;
    json::append_integer(text, milliseconds(origin.commit_timestamp_us));
    text += R"(,"gtid":)";
    json::append_string(text, origin.gtid);
    text += R"(,"id":)";
    json::append_integer(text, ids_.next(origin));
    text += R"(,"isDdl":false,"mysqlType":)";
    append_object(text, columns_, row,
                  [&](const CanalColumn& column, const Value&, std::size_t) { text += column.mysql_type; });
    append_old(change, text);
    text += to_sql_type_;
    append_object(text, columns_, row, [&](const CanalColumn& column, const Value& value, std::size_t) {
      text += column.name;
      json::append_integer(text, canal_sql_type(column.column, value));
    });
    text += to_ts_;
    json::append_integer(text, milliseconds(origin.processed_timestamp_us));
    text += R"(,"type":")";
    text += type_of(change.operation);
    text += R"("})";
  }

  /// What an update changed, with the values from before. What the before image does not hold is not
  /// delivered.
  void append_old(const RowChange& change, std::string& text) const {
    text += R"(,"old":)";
    if (change.operation != binlog::RowOperation::Update) {
      text += "null";
      return;
    }
    text += '[';
    append_object(text, columns_, change.before,
                  [&](const CanalColumn& column, const Value& before, std::size_t index) {
                    const Value& after = change.after[index];
                    if (after.kind == ValueKind::Absent || is_same_value(before, after)) return;
                    text += column.name;
                    append_canal_value(text, column.column, before);
                  });
    text += ']';
  }

  static std::string_view type_of(binlog::RowOperation operation) {
    switch (operation) {
      case binlog::RowOperation::Insert:
        return "INSERT";
      case binlog::RowOperation::Update:
        return "UPDATE";
      case binlog::RowOperation::Delete:
        return "DELETE";
    }
    return "";
  }

  std::string_view topic_;
  std::string_view table_;
  RecordIds& ids_;
  std::vector<CanalColumn> columns_;
  std::vector<std::uint32_t> key_columns_;
  std::string to_es_;
  std::string to_sql_type_;
  std::string to_ts_;
};

class CanalJsonEncoder final : public Encoder {
 public:
  explicit CanalJsonEncoder(EncoderContext context) : context_(std::move(context)) {}

  absl::StatusOr<std::unique_ptr<TableEncoder>> bind(const binlog::TablePlan& plan,
                                                     std::string topic) override {
    return std::make_unique<CanalTableEncoder>(plan, keep(std::move(topic)),
                                               keep(plan.database + "." + plan.table), ids_);
  }

  void encode_schema_change(const SchemaChange& change, const ChangeOrigin& origin,
                            record::RecordBatch& out) override {
    const bool is_of_several = change.table.empty() && !change.first_table.empty();
    const std::string_view database = is_of_several ? change.first_database : change.database;
    const std::string_view table = is_of_several ? change.first_table : change.table;
    std::string label(database);
    if (!table.empty()) label.append(".").append(table);
    out.begin_record(context_.schema_topic, out.keep(label), milliseconds(origin.processed_timestamp_us));
    mark_schema_change(change, out);
    std::string& text = out.buffer();
    text += R"({"data":null,"database":)";
    json::append_string(text, database);
    text += R"(,"es":)";
    json::append_integer(text, milliseconds(origin.commit_timestamp_us));
    text += R"(,"gtid":)";
    json::append_string(text, origin.gtid);
    text += R"(,"id":)";
    json::append_integer(text, ids_.next(origin));
    text += R"(,"isDdl":true,"mysqlType":null,"old":null,"pkNames":null,"sql":)";
    json::append_string(text, change.sql);
    text += R"(,"sqlType":null,"table":)";
    json::append_string(text, table);
    text += R"(,"ts":)";
    json::append_integer(text, milliseconds(origin.processed_timestamp_us));
    text += R"(,"type":")";
    text += canal_ddl_type(change.verb, change.object);
    text += R"("})";
    out.end_record();
  }

 private:
  /// A table can be bound anew while records of its old binding wait in a batch: their names are kept here.
  std::string_view keep(std::string name) { return *names_.insert(std::move(name)).first; }

  EncoderContext context_;
  RecordIds ids_;
  std::set<std::string> names_;
};

}  // namespace

std::unique_ptr<Encoder> make_canal_json_encoder(EncoderContext context) {
  return std::make_unique<CanalJsonEncoder>(std::move(context));
}

}  // namespace rowtide::encode
