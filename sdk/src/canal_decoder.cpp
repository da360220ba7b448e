#include <algorithm>
#include <charconv>
#include <string>
#include <vector>

#include "sdk/src/decoder.h"
#include "sdk/src/json_document.h"

namespace rowtide {
inline namespace v1 {
namespace {

using simdjson::dom::element;

enum class CanalType : std::uint8_t {
  Integer,
  Decimal,
  Double,
  Text,
  Bytes,
  Date,
  Time,
  DateTime,
  Timestamp,
  Json
};

/// Of mysqlType: "decimal(10,2)", "int unsigned". ENUM and SET come as numbers.
CanalType canal_type(std::string_view type) {
  const std::string_view name = type.substr(0, type.find_first_of(" ("));
  constexpr std::string_view kIntegers[] = {"tinyint", "smallint", "mediumint", "int", "bigint",
                                            "bit",     "year",     "enum",      "set"};
  const auto is_among = [&name](const auto& names) {
    return std::find(std::begin(names), std::end(names), name) != std::end(names);
  };
  if (is_among(kIntegers)) return CanalType::Integer;
  if (name == "decimal" || name == "numeric") return CanalType::Decimal;
  if (name == "float" || name == "double" || name == "real") return CanalType::Double;
  if (name.ends_with("binary") || name.ends_with("blob")) return CanalType::Bytes;
  if (name == "date") return CanalType::Date;
  if (name == "time") return CanalType::Time;
  if (name == "datetime") return CanalType::DateTime;
  if (name == "timestamp") return CanalType::Timestamp;
  if (name == "json") return CanalType::Json;
  constexpr std::string_view kGeometries[] = {
      "geometry",        "point",        "linestring",         "polygon",       "multipoint",
      "multilinestring", "multipolygon", "geometrycollection", "geomcollection"};
  return is_among(kGeometries) ? CanalType::Bytes : CanalType::Text;
}

template <typename Number>
bool reads_as(std::string_view text, Number& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size();
}

/// The bytes that the code points U+0000 to U+00FF stand for, in the memory of the text; nothing if there are
/// others.
std::optional<std::string_view> narrowed(std::string_view text) {
  char* const begin = const_cast<char*>(text.data());  // of our own storage
  char* out = begin;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x80) {
      *out++ = text[i];
    } else if ((byte == 0xc2 || byte == 0xc3) && i + 1 < text.size()) {
      const auto next = static_cast<unsigned char>(text[++i]);
      *out++ = static_cast<char>(((byte & 0x03U) << 6U) | (next & 0x3fU));
    } else {
      return std::nullopt;
    }
  }
  return std::string_view(begin, static_cast<std::size_t>(out - begin));
}

struct RowIsUnfit {
  std::string why;
};

RowIsUnfit unfit(const Column& column, std::string_view type) {
  return {"its column '" + std::string(column.name) + "' of type '" + std::string(type) +
          "' has the value '" + std::string(column.value.text().substr(0, 100)) + "'"};
}

Value integer_of(const Column& column, std::string_view type) {
  const std::string_view text = column.value.text();
  std::uint64_t large = 0;
  std::int64_t whole = 0;
  const bool is_unsigned = type.find("unsigned") != std::string_view::npos || type.starts_with("bit") ||
                           type == "set" || type.starts_with("set(");
  if (is_unsigned && reads_as(text, large)) return Value::of_uint64(large);
  if (reads_as(text, whole)) return Value::of_int64(whole);
  if (reads_as(text, large)) return Value::of_uint64(large);
  throw unfit(column, type);
}

Value typed(const Column& column, std::string_view type) {
  if (column.value.is_null()) return {};
  const std::string_view text = column.value.text();
  switch (canal_type(type)) {
    case CanalType::Integer:
      return integer_of(column, type);
    case CanalType::Decimal:
      return Value::of_text(ValueKind::Decimal, text);
    case CanalType::Double: {
      double number = 0;
      if (!reads_as(text, number)) throw unfit(column, type);
      return Value::of_double(number);
    }
    case CanalType::Bytes: {
      const std::optional<std::string_view> bytes = narrowed(text);
      if (!bytes) throw unfit(column, type);
      return Value::of_text(ValueKind::Bytes, *bytes);
    }
    case CanalType::Text:
      return Value::of_text(ValueKind::Text, text);
    case CanalType::Date:
      return Value::of_text(ValueKind::Date, text);
    case CanalType::Time:
      return Value::of_text(ValueKind::Time, text);
    case CanalType::DateTime:
      return Value::of_text(ValueKind::DateTime, text);
    case CanalType::Timestamp:
      return Value::of_text(ValueKind::Timestamp, text);
    case CanalType::Json:
      return Value::of_text(ValueKind::Json, text);
  }
  return {};
}

/// A flat message with its values still as strings.
struct FlatMessage {
  Row data;
  Row old;
  Row types;
  std::vector<std::string_view> keys;
  std::string_view type;
  std::optional<bool> is_ddl;
  std::size_t rows = 0;
};

class CanalDecoder final : public RecordDecoder {
 public:
  Outcome decode(const Record& record, Decoded& out) override {
    out.change = Change{};
    if (!record.value) return Outcome::Tombstone;
    if (!record.value->starts_with('{')) return Outcome::OtherFormat;
    try {
      JsonStorage storage(record.topic.size() + record.value->size());
      FlatMessage message;
      read_message(*record.value, storage, message, out.change);
      if (!message.is_ddl || message.type.empty()) return Outcome::OtherFormat;
      out.change.format = Format::CanalJson;
      out.change.topic = storage.keep(record.topic);
      const Outcome outcome = fill(message, out);
      storage.hand_over(out.change);
      return outcome;
    } catch (const simdjson::simdjson_error& error) {
      out.problem = describe(error);
    } catch (const RowIsUnfit& unfit) {
      out.problem = unfit.why;
    }
    return Outcome::Damaged;
  }

 private:
  void read_message(std::string_view json, JsonStorage& storage, FlatMessage& message, Change& change) {
    for (const auto& [name, member] : json_.parse_object(json)) {
      read_member(name, member, storage, message, change);
    }
  }

  void read_member(std::string_view name, element member, JsonStorage& storage, FlatMessage& message,
                   Change& change) {
    if (name == "data") {
      message.rows = read_rows(member, storage, message.data);
    } else if (name == "old") {
      read_rows(member, storage, message.old);
    } else if (name == "mysqlType") {
      read_row(member, storage, message.types);
    } else if (name == "pkNames") {
      if (member.is_null()) return;
      for (const element key : array_of(member)) message.keys.push_back(read_text(key, storage));
    } else if (name == "database") {
      change.database = read_text(member, storage);
    } else if (name == "table") {
      change.table = read_text(member, storage);
    } else if (name == "type") {
      message.type = read_text(member, storage);
    } else if (name == "isDdl") {
      message.is_ddl = member.get_bool().value();
    } else if (name == "sql") {
      change.ddl = read_text(member, storage);
    } else if (name == "gtid") {
      change.position.gtid = change.transaction_id = read_text(member, storage);
    } else if (name == "es") {
      change.committed_at = std::chrono::sys_time<std::chrono::microseconds>(
          std::chrono::milliseconds(member.get_int64().value()));
    }
  }

  /// The number of rows; the first is read.
  std::size_t read_rows(element rows, JsonStorage& storage, Row& first) {
    if (rows.is_null()) return 0;
    std::size_t count = 0;
    for (const element row : array_of(rows)) {
      if (count++ == 0) read_row(row, storage, first);
    }
    return count;
  }

  /// The message names the first of them: a filter that wants another one would lose it.
  static bool may_be_of_several_tables(std::string_view type, std::string_view sql) {
    return type == "RENAME" || (type == "ERASE" && sql.find(',') != std::string_view::npos);
  }

  static Outcome fill(const FlatMessage& message, Decoded& out) {
    Change& change = out.change;
    if (*message.is_ddl) {
      change.operation = Operation::SchemaChange;
      if (may_be_of_several_tables(message.type, change.ddl)) {
        change.table = {};
        if (change.ddl.find('.') != std::string_view::npos) change.database = {};  // perhaps of several, too
      }
      return Outcome::Change;
    }
    if (message.rows != 1) {
      out.problem =
          "it has " + std::to_string(message.rows) + " rows, where Rowtide writes one into a message";
      return Outcome::Damaged;
    }
    if (message.type == "INSERT") {
      change.operation = Operation::Insert;
      change.after = typed_row(message.data, message.types);
    } else if (message.type == "DELETE") {
      change.operation = Operation::Delete;
      change.before = typed_row(message.data, message.types);
    } else if (message.type == "UPDATE") {
      change.operation = Operation::Update;
      change.after = typed_row(message.data, message.types);
      change.before = before_image(change.after, typed_row(message.old, message.types));
    } else {
      out.problem = "its type is '" + std::string(message.type) + "', which this SDK does not know";
      return Outcome::Damaged;
    }
    const Row& image = change.operation == Operation::Delete ? change.before : change.after;
    for (const std::string_view name : message.keys) {
      if (const Value* const value = image.find(name)) change.key.add(name, *value);
    }
    return Outcome::Change;
  }

  static Row typed_row(const Row& texts, const Row& types) {
    Row row;
    row.reserve(texts.size());
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const Column& column = texts[i];
      // Nearly always in the same order.
      const Value* type =
          i < types.size() && types[i].name == column.name ? &types[i].value : types.find(column.name);
      row.add(column.name, typed(column, type == nullptr ? std::string_view{} : type->text()));
    }
    return row;
  }

  /// "old" has the changed columns only.
  static Row before_image(const Row& after, const Row& old) {
    Row before;
    before.reserve(after.size());
    for (const Column& column : after) {
      const Value* const value = old.find(column.name);
      before.add(column.name, value == nullptr ? column.value : *value);
    }
    for (const Column& column : old) {
      if (after.find(column.name) == nullptr) before.add(column.name, column.value);
    }
    return before;
  }

  JsonDocument json_;
};

}  // namespace

std::unique_ptr<RecordDecoder> make_canal_decoder() {
  return std::make_unique<CanalDecoder>();
}

}  // namespace v1
}  // namespace rowtide
