#include "tracker/encode/debezium/connect_schema.h"

#include <fmt/format.h>

#include <vector>

#include "tracker/encode/json_writer.h"
#include "tracker/types/families.h"
#include "tracker/types/geometry.h"

namespace rowtide::encode {
namespace {

using types::Column;
using types::ValueKind;
using types::WireType;

/// A schema but for whether it is optional, in the parts that stand before and after that.
struct ConnectType {
  std::string type;        ///< "type":"int32"
  std::string attributes;  ///< ,"name":"io.debezium.time.Date","version":1
};

ConnectType plain(std::string_view type) {
  return {fmt::format(R"("type":"{}")", type), {}};
}

ConnectType named(std::string_view type, std::string_view name, std::string_view more = {}) {
  return {fmt::format(R"("type":"{}")", type), fmt::format(R"(,"name":"{}","version":1{})", name, more)};
}

ConnectType structure(std::string_view fields, std::string_view name, std::string_view more = {}) {
  std::string attributes = ",\"name\":";
  json::append_string(attributes, name);
  attributes += more;
  return {fmt::format(R"("type":"struct","fields":[{}])", fields), std::move(attributes)};
}

ConnectType array_of(std::string_view items) {
  return {fmt::format(R"("type":"array","items":{{{}}})", items), {}};
}

std::string schema_text(const ConnectType& type, bool is_optional) {
  return fmt::format(R"({},"optional":{}{})", type.type, is_optional, type.attributes);
}

/// Appends one field to a struct's fields.
void append_field(std::string& fields, std::string_view name, const ConnectType& type, bool is_optional) {
  if (!fields.empty()) fields += ',';
  fields += '{';
  fields += schema_text(type, is_optional);
  fields += R"(,"field":)";
  json::append_string(fields, name);
  fields += '}';
}

struct PlainField {
  std::string_view name;
  std::string_view type;
  bool is_optional = false;
};

void append_fields(std::string& fields, std::initializer_list<PlainField> list) {
  for (const PlainField& field : list) append_field(fields, field.name, plain(field.type), field.is_optional);
}

Wrapping wrapping(const ConnectType& type) {
  return {fmt::format(R"({{"schema":{{{}}},"payload":)", schema_text(type, false)), "}"};
}

constexpr std::string_view kVersion1 = R"(,"version":1)";

ConnectType decimal_type(int precision, int scale) {
  return named(
      "bytes", "org.apache.kafka.connect.data.Decimal",
      fmt::format(R"(,"parameters":{{"scale":"{}","connect.decimal.precision":"{}"}})", scale, precision));
}

ConnectType integer_type(const Column& column, const task::DebeziumOptions& options) {
  const bool is_unsigned = column.kind == ValueKind::UInt;
  constexpr int kBigintDigits = 20;
  switch (column.width) {
    case 1:
      return plain("int16");
    case 2:
      return plain(is_unsigned ? "int32" : "int16");
    case 3:
      return plain("int32");
    case 4:
      return plain(is_unsigned ? "int64" : "int32");
    default:
      if (is_unsigned && options.unsigned_bigint == task::DebeziumUnsignedBigint::Precise)
        return decimal_type(kBigintDigits, 0);
      return plain("int64");
  }
}

/// The members with commas between them, those in a member with a backslash.
ConnectType member_type(std::string_view name, const std::vector<std::string>& members) {
  std::string allowed;
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (i > 0) allowed += ',';
    for (const char character : members[i]) {
      if (character == ',') allowed += '\\';
      allowed += character;
    }
  }
  std::string more = R"(,"parameters":{"allowed":)";
  json::append_string(more, allowed);
  more += '}';
  return named("string", name, more);
}

ConnectType text_type(const Column& column) {
  switch (static_cast<WireType>(column.wire_type)) {
    case WireType::Enum:
      return member_type("io.debezium.data.Enum", column.members);
    case WireType::Set:
      return member_type("io.debezium.data.EnumSet", column.members);
    default:
      return plain("string");
  }
}

ConnectType geometry_type(const Column& column) {
  std::string fields;
  const bool is_point = column.geometry_type == static_cast<std::uint8_t>(types::GeometryType::Point);
  // Optional, other than Debezium's: MariaDB stores an empty POINT, at which the connector stops.
  if (is_point) append_fields(fields, {{"x", "double", true}, {"y", "double", true}});
  append_fields(fields, {{"wkb", "bytes", is_point}, {"srid", "int32", true}});
  constexpr std::string_view kGeometry = R"(,"version":1,"doc":"Geometry")";
  if (!is_point) return structure(fields, "io.debezium.data.geometry.Geometry", kGeometry);
  return structure(fields, "io.debezium.data.geometry.Point", ",\"version\":1,\"doc\":\"Geometry (POINT)\"");
}

ConnectType vector_type() {
  ConnectType type = array_of(R"("type":"float","optional":false)");
  type.attributes = R"(,"name":"io.debezium.data.FloatVector","version":1)";
  return type;
}

ConnectType exact_type(const Column& column, task::DebeziumDecimals mode) {
  switch (mode) {
    case task::DebeziumDecimals::String:
      return plain("string");
    case task::DebeziumDecimals::Precise:
      return decimal_type(column.precision, column.scale);
    case task::DebeziumDecimals::Double:
      break;
  }
  return plain("double");
}

ConnectType datetime_type(const Column& column, bool is_adaptive) {
  if (!is_adaptive) return named("int64", "org.apache.kafka.connect.data.Timestamp");
  return named("int64", column.fsp > 3 ? "io.debezium.time.MicroTimestamp" : "io.debezium.time.Timestamp");
}

/// What append_debezium_value() writes.
ConnectType column_type(const Column& column, const task::DebeziumOptions& options) {
  const bool is_adaptive = options.time == task::DebeziumTime::AdaptiveMicroseconds;
  switch (column.kind) {
    case ValueKind::Absent:
    case ValueKind::Null:
      break;
    case ValueKind::Int:
    case ValueKind::UInt:
      return integer_type(column, options);
    case ValueKind::Year:
      return named("int32", "io.debezium.time.Year");
    case ValueKind::Float:
      return plain("float");
    case ValueKind::Double:
      return plain("double");
    case ValueKind::Decimal:
      return exact_type(column, options.decimals);
    case ValueKind::Text:
      return text_type(column);
    case ValueKind::Json:
      return named("string", "io.debezium.data.Json");
    case ValueKind::Bytes:
      return plain(options.binary == task::DebeziumBinary::Base64 ? "bytes" : "string");
    case ValueKind::Bits:
      return column.bits <= 1 ? plain("boolean")
                              : named("bytes", "io.debezium.data.Bits",
                                      fmt::format(R"(,"parameters":{{"length":"{}"}})", column.bits));
    case ValueKind::Date:
      return named("int32", is_adaptive ? "io.debezium.time.Date" : "org.apache.kafka.connect.data.Date");
    case ValueKind::Time:
      return is_adaptive ? named("int64", "io.debezium.time.MicroTime")
                         : named("int32", "org.apache.kafka.connect.data.Time");
    case ValueKind::DateTime:
      return datetime_type(column, is_adaptive);
    case ValueKind::Timestamp:
      return named("string", "io.debezium.time.ZonedTimestamp");
    case ValueKind::Geometry:
      return geometry_type(column);
    case ValueKind::Vector:
      return vector_type();
  }
  return plain("string");
}

ConnectType source_type(std::string_view connector) {
  std::string fields;
  append_fields(fields,
                {{"version", "string"}, {"connector", "string"}, {"name", "string"}, {"ts_ms", "int64"}});
  append_field(
      fields, "snapshot",
      named("string", "io.debezium.data.Enum",
            R"(,"parameters":{"allowed":"true,first,first_in_data_collection,last_in_data_collection,last,)"
            R"(false,incremental"},"default":"false")"),
      true);
  append_fields(fields, {{"db", "string"},
                         {"sequence", "string", true},
                         {"ts_us", "int64", true},
                         {"ts_ns", "int64", true},
                         {"table", "string", true},
                         {"server_id", "int64"},
                         {"gtid", "string", true},
                         {"file", "string"},
                         {"pos", "int64"},
                         {"row", "int32"},
                         {"thread", "int64", true},
                         {"query", "string", true}});
  return structure(fields, fmt::format("io.debezium.connector.{}.Source", connector), kVersion1);
}

ConnectType table_changes_type() {
  const ConnectType texts = array_of(R"("type":"string","optional":false)");
  std::string column;
  append_fields(column, {{"name", "string"},
                         {"jdbcType", "int32"},
                         {"nativeType", "int32", true},
                         {"typeName", "string"},
                         {"typeExpression", "string", true},
                         {"charsetName", "string", true},
                         {"length", "int32", true},
                         {"scale", "int32", true},
                         {"position", "int32"},
                         {"optional", "boolean", true},
                         {"autoIncremented", "boolean", true},
                         {"generated", "boolean", true},
                         {"comment", "string", true},
                         {"defaultValueExpression", "string", true}});
  append_field(column, "enumValues", texts, true);
  std::string table;
  append_fields(table, {{"defaultCharsetName", "string", true}});
  append_field(table, "primaryKeyColumnNames", texts, true);
  append_field(
      table, "columns",
      array_of(schema_text(structure(column, "io.debezium.connector.schema.Column", kVersion1), false)),
      false);
  append_fields(table, {{"comment", "string", true}});
  std::string change;
  append_fields(change, {{"type", "string"}, {"id", "string"}});
  append_field(change, "table", structure(table, "io.debezium.connector.schema.Table", kVersion1), true);
  return array_of(schema_text(structure(change, "io.debezium.connector.schema.Change", kVersion1), false));
}

}  // namespace

std::string connect_table_name(std::string_view source, std::string_view database, std::string_view table) {
  std::string name = fmt::format("{}.{}.{}", source, database, table);
  std::string legal;
  for (const char character : name) {
    const auto byte = static_cast<unsigned char>(character);
    const bool is_alphanumeric =
        (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
    if (is_alphanumeric || byte == '.' || byte == '_' || byte == '-') {
      legal += character;
    } else if ((byte & 0xc0U) != 0x80) {  // one per UTF-16 unit, as Java counts
      legal += byte >= 0xf0 ? "__" : "_";
    }
  }
  return legal;
}

Wrapping connect_key_wrapping(const binlog::TablePlan& plan, std::string_view table,
                              const task::DebeziumOptions& options) {
  std::string fields;
  for (const std::uint32_t index : plan.key_columns) {
    const Column& column = plan.columns[index];
    append_field(fields, column.name, column_type(column, options), column.is_nullable);
  }
  return wrapping(structure(fields, fmt::format("{}.Key", table)));
}

Wrapping connect_envelope_wrapping(const binlog::TablePlan& plan, std::string_view table,
                                   std::string_view connector, const task::DebeziumOptions& options) {
  std::string columns;
  for (const Column& column : plan.columns)
    append_field(columns, column.name, column_type(column, options), column.is_nullable);
  const ConnectType row = structure(columns, fmt::format("{}.Value", table));
  std::string block;
  append_fields(block, {{"id", "string"}, {"total_order", "int64"}, {"data_collection_order", "int64"}});
  std::string fields;
  append_field(fields, "before", row, true);
  append_field(fields, "after", row, true);
  append_field(fields, "source", source_type(connector), false);
  append_field(fields, "transaction", structure(block, "event.block", kVersion1), true);
  append_fields(
      fields,
      {{"op", "string"}, {"ts_ms", "int64", true}, {"ts_us", "int64", true}, {"ts_ns", "int64", true}});
  return wrapping(structure(fields, fmt::format("{}.Envelope", table), R"(,"version":2)"));
}

Wrapping connect_schema_change_key_wrapping(std::string_view connector) {
  std::string fields;
  append_fields(fields, {{"databaseName", "string"}});
  return wrapping(
      structure(fields, fmt::format("io.debezium.connector.{}.SchemaChangeKey", connector), kVersion1));
}

Wrapping connect_schema_change_wrapping(std::string_view connector) {
  std::string fields;
  append_field(fields, "source", source_type(connector), false);
  append_fields(fields, {{"ts_ms", "int64"},
                         {"databaseName", "string", true},
                         {"schemaName", "string", true},
                         {"ddl", "string", true}});
  append_field(fields, "tableChanges", table_changes_type(), false);
  return wrapping(
      structure(fields, fmt::format("io.debezium.connector.{}.SchemaChangeValue", connector), kVersion1));
}

Wrapping connect_transaction_key_wrapping() {
  std::string fields;
  append_fields(fields, {{"id", "string"}});
  return wrapping(structure(fields, "io.debezium.connector.common.TransactionMetadataKey", kVersion1));
}

Wrapping connect_transaction_wrapping() {
  std::string collection;
  append_fields(collection, {{"data_collection", "string"}, {"event_count", "int64"}});
  std::string fields;
  append_fields(fields, {{"status", "string"}, {"id", "string"}, {"event_count", "int64", true}});
  append_field(fields, "data_collections",
               array_of(schema_text(structure(collection, "event.collection", kVersion1), true)), true);
  append_fields(fields, {{"ts_ms", "int64"}});
  return wrapping(structure(fields, "io.debezium.connector.common.TransactionMetadataValue", kVersion1));
}

}  // namespace rowtide::encode
