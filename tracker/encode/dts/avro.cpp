#include "tracker/encode/dts/avro.h"

#include <fmt/format.h>

#include <set>
#include <utility>
#include <vector>

#include "tracker/encode/dts/avro_writer.h"
#include "tracker/encode/dts/value.h"
#include "tracker/encode/json_writer.h"
#include "tracker/encode/record_ids.h"
#include "tracker/encode/schema_change_mark.h"
#include "tracker/types/temporal.h"

namespace rowtide::encode {
namespace {

using avro::append_long;
using avro::append_string;
using types::Value;
using Row = std::span<const Value>;

constexpr std::int64_t kVersion = 1;
constexpr std::int64_t kMysqlSource = 0;

// Symbols of Operation that we write.
enum class Operation : std::int64_t { Insert = 0, Update = 1, Delete = 2, Ddl = 3, Begin = 4, Commit = 5 };

// Branches of ["null", "string", array].
constexpr std::int64_t kNull = 0;
constexpr std::int64_t kString = 1;
constexpr std::int64_t kArray = 2;

/// Dots part database and table, so those inside a name are written otherwise.
std::string escaped(std::string_view name) {
  std::string text;
  for (const char c : name) {
    if (c == '.') {
      text += "\\u002E";
    } else {
      text += c;
    }
  }
  return text;
}

std::string object_name(std::string_view database, std::string_view table) {
  if (table.empty()) return escaped(database);
  return escaped(database) + "." + escaped(table);
}

/// "484@mysql-bin.000003"
void append_place(std::string& out, std::uint64_t offset, std::string_view file) {
  const std::size_t begin = out.size();
  json::append_integer(out, offset);
  out += '@';
  append_replacing_invalid(out, file);
  avro::count_bytes(out, begin);
}

/// Fields 1 to 8: what differs from record to record.
void append_head(std::string& out, std::string_view source, Operation operation, const ChangeOrigin& origin,
                 RecordIds& ids) {
  append_long(out, kVersion);
  append_long(out, ids.next(origin));
  append_long(out, origin.commit_timestamp_us / types::kMicrosPerSecond);
  append_place(out, origin.offset, origin.file);
  append_place(out, origin.transaction_offset, origin.transaction_file);
  append_string(out, origin.transaction_id);
  out += source;
  append_long(out, static_cast<std::int64_t>(operation));
}

void append_tail(std::string& out, const ChangeOrigin& origin) {
  append_long(out, origin.commit_timestamp_us / 1000);
}

/// Seconds, where Kafka has milliseconds: the SDK looks for the first message at or after a sourceTimestamp.
std::int64_t commit_seconds(const ChangeOrigin& origin) {
  return origin.commit_timestamp_us / types::kMicrosPerSecond;
}

class DtsTableEncoder final : public TableEncoder {
 public:
  /// `source`, `topic` and `table` ("database.table") outlive every batch that is encoded into.
  DtsTableEncoder(const binlog::TablePlan& plan, std::string_view source, std::string_view topic,
                  std::string_view table, RecordIds& ids)
      : source_(source), topic_(topic), table_(table), ids_(ids), columns_(plan.columns) {
    append_long(to_images_, kString);
    append_string(to_images_, object_name(plan.database, plan.table));
    append_long(to_images_, kNull);  // processTimestamps
    append_tags(plan);
    append_long(to_images_, kArray);
    append_long(to_images_, static_cast<std::int64_t>(columns_.size()));
    for (const types::Column& column : columns_) {
      append_string(to_images_, column.name);
      append_long(to_images_, dts_type_number(column));
    }
    append_long(to_images_, 0);
  }

  void encode(const RowChange& change, const ChangeOrigin& origin, record::RecordBatch& out) override {
    out.begin_record(topic_, table_, commit_seconds(origin));
    std::string& bytes = out.buffer();
    append_head(bytes, source_, operation_of(change.operation), origin, ids_);
    bytes += to_images_;
    append_image(bytes, change.before);
    append_image(bytes, change.after);
    append_tail(bytes, origin);
    out.end_record();
  }

 private:
  static Operation operation_of(binlog::RowOperation operation) {
    switch (operation) {
      case binlog::RowOperation::Insert:
        return Operation::Insert;
      case binlog::RowOperation::Update:
        return Operation::Update;
      case binlog::RowOperation::Delete:
        return Operation::Delete;
    }
    return Operation::Insert;
  }

  void append_tags(const binlog::TablePlan& plan) {
    if (!plan.key_columns.empty()) {
      std::string keys = R"({"PRIMARY":[)";
      for (const std::uint32_t index : plan.key_columns) {
        if (keys.back() != '[') keys += ',';
        json::append_string(keys, plan.columns[index].name);
      }
      keys += "]}";
      append_long(to_images_, 1);
      append_string(to_images_, "pk_uk_info");
      append_string(to_images_, keys);
    }
    append_long(to_images_, 0);
  }

  void append_image(std::string& bytes, const Row& row) const {
    if (row.empty()) return append_long(bytes, kNull);
    append_long(bytes, kArray);
    append_long(bytes, static_cast<std::int64_t>(row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) append_dts_value(bytes, columns_[i], row[i]);
    append_long(bytes, 0);
  }

  std::string_view source_;
  std::string_view topic_;
  std::string_view table_;
  RecordIds& ids_;
  std::vector<types::Column> columns_;
  std::string to_images_;  ///< fields 9 to 12
};

class DtsAvroEncoder final : public Encoder {
 public:
  explicit DtsAvroEncoder(EncoderContext context) : context_(std::move(context)) {
    append_long(source_, kMysqlSource);
    append_string(source_, context_.source_version);
  }

  absl::StatusOr<std::unique_ptr<TableEncoder>> bind(const binlog::TablePlan& plan,
                                                     std::string topic) override {
    return std::make_unique<DtsTableEncoder>(plan, source_, keep(std::move(topic)),
                                             keep(plan.database + "." + plan.table), ids_);
  }

  void begin_transaction(const ChangeOrigin& origin, record::RecordBatch& out) override {
    append_mark(Operation::Begin, origin, out);
  }
  void end_transaction(const ChangeOrigin& origin, record::RecordBatch& out) override {
    append_mark(Operation::Commit, origin, out);
  }

  void encode_schema_change(const SchemaChange& change, const ChangeOrigin& origin,
                            record::RecordBatch& out) override {
    std::string label(change.database);
    if (!change.table.empty()) label.append(".").append(change.table);
    out.begin_record(context_.schema_topic, out.keep(label), commit_seconds(origin));
    mark_schema_change(change, out);
    std::string& bytes = out.buffer();
    append_head(bytes, source_, Operation::Ddl, origin, ids_);
    append_long(bytes, kString);
    append_string(bytes, object_name(change.database, change.table));
    append_long(bytes, kNull);  // processTimestamps
    append_long(bytes, 0);      // tags
    append_long(bytes, kNull);  // fields
    append_long(bytes, kNull);  // beforeImages
    append_long(bytes, kString);
    append_string(bytes, change.sql);
    append_tail(bytes, origin);
    out.end_record();
  }

 private:
  void append_mark(Operation operation, const ChangeOrigin& origin, record::RecordBatch& out) {
    out.begin_record(context_.schema_topic, "", commit_seconds(origin));
    std::string& bytes = out.buffer();
    append_head(bytes, source_, operation, origin, ids_);
    append_long(bytes, kNull);  // objectName
    append_long(bytes, kNull);  // processTimestamps
    append_long(bytes, 0);      // tags
    append_long(bytes, kNull);  // fields
    append_long(bytes, kNull);  // beforeImages
    append_long(bytes, kNull);  // afterImages
    append_tail(bytes, origin);
    out.end_record();
  }

  /// A table can be bound anew while records of its old binding wait in a batch: their names are kept here.
  std::string_view keep(std::string name) { return *names_.insert(std::move(name)).first; }

  EncoderContext context_;
  std::string source_;
  RecordIds ids_;
  std::set<std::string> names_;
};

}  // namespace

std::unique_ptr<Encoder> make_dts_avro_encoder(EncoderContext context) {
  return std::make_unique<DtsAvroEncoder>(std::move(context));
}

}  // namespace rowtide::encode
