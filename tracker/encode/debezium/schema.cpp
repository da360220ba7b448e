#include "tracker/encode/debezium/schema.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string_view>
#include <vector>

#include "tracker/encode/json_writer.h"
#include "tracker/sql/names.h"
#include "tracker/types/charset/charset.h"

namespace rowtide::encode {
namespace {

using schema::CatalogColumn;
using schema::CatalogTable;
using schema::TableChange;

struct JdbcType {
  std::string_view data_type;
  int code;
};
// java.sql.Types as Debezium's MySQL parser registers them.
constexpr JdbcType kJdbcTypes[] = {
    {"tinyint", 5},     {"smallint", 5},   {"mediumint", 4},   {"int", 4},          {"bigint", -5},
    {"float", 6},       {"double", 8},     {"decimal", 3},     {"bit", -7},         {"year", 4},
    {"date", 91},       {"time", 92},      {"datetime", 93},   {"timestamp", 2014}, {"char", 1},
    {"varchar", 12},    {"tinytext", 12},  {"text", 12},       {"mediumtext", 12},  {"longtext", 12},
    {"binary", -2},     {"varbinary", -3}, {"tinyblob", 2004}, {"blob", 2004},      {"mediumblob", 2004},
    {"longblob", 2004}, {"enum", 1},       {"set", 1},
};
constexpr int kJdbcOther = 1111;

int jdbc_type(std::string_view data_type) {
  const auto* const found = std::find_if(std::begin(kJdbcTypes), std::end(kJdbcTypes),
                                         [&](const JdbcType& type) { return type.data_type == data_type; });
  return found == std::end(kJdbcTypes) ? kJdbcOther : found->code;
}

/// "INT UNSIGNED" of "int(10) unsigned".
std::string type_name(const CatalogColumn& column) {
  std::string name = column.data_type;
  if (column.is_unsigned) name += " unsigned";
  if (column.column_type.ends_with(" zerofill")) name += " zerofill";
  std::transform(name.begin(), name.end(), name.begin(), [](char character) {
    return character >= 'a' && character <= 'z' ? static_cast<char>(character - 'a' + 'A') : character;
  });
  return name;
}

struct Dimensions {
  std::optional<std::int64_t> length;
  std::optional<std::int64_t> scale;
};

/// (10,2) of "decimal(10,2)". The width of an integer is how it is shown, and mostly the server's addition.
Dimensions dimensions_of(const CatalogColumn& column) {
  if (column.data_type == "enum") return {1, std::nullopt};
  if (column.data_type == "set") {
    return {std::max<std::int64_t>(0, static_cast<std::int64_t>(column.members.size()) * 2 - 1),
            std::nullopt};
  }
  if (column.data_type.ends_with("int") || column.data_type == "year") return {};
  const std::string_view text = column.column_type;
  const std::size_t bracket = text.find('(');
  if (bracket == std::string_view::npos) return {};
  Dimensions dimensions{0, std::nullopt};
  const char* const end = text.data() + text.size();
  const char* const comma = std::from_chars(text.data() + bracket + 1, end, *dimensions.length).ptr;
  if (comma != end && *comma == ',') {
    dimensions.scale = 0;
    std::from_chars(comma + 1, end, *dimensions.scale);
  }
  return dimensions;
}

void append_name(std::string& out, std::string_view name) {
  json::append_string(out, name);
  out += ':';
}

void append_text(std::string& out, std::string_view name, const std::optional<std::string_view>& text) {
  append_name(out, name);
  if (text) {
    json::append_string(out, *text);
  } else {
    out += "null";
  }
  out += ',';
}

void append_number(std::string& out, std::string_view name, const std::optional<std::int64_t>& number) {
  append_name(out, name);
  if (number) {
    json::append_integer(out, *number);
  } else {
    out += "null";
  }
  out += ',';
}

void append_flag(std::string& out, std::string_view name, bool flag) {
  append_name(out, name);
  out += flag ? "true," : "false,";
}

void append_texts(std::string& out, const std::vector<std::string>& texts) {
  out += '[';
  for (const std::string& text : texts) {
    json::append_string(out, text);
    out += ',';
  }
  if (!texts.empty()) out.pop_back();
  out += ']';
}

std::optional<std::string_view> charset_name(std::uint16_t collation) {
  const types::Charset* charset = types::find_charset(collation);
  if (charset == nullptr || collation == types::kBinaryCollation) return std::nullopt;
  return charset->name;
}

std::optional<std::string_view> non_empty(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return text;
}

void append_column(std::string& out, const CatalogColumn& column, std::int64_t position) {
  const std::string type = type_name(column);
  const Dimensions dimensions = dimensions_of(column);
  out += '{';
  append_text(out, "name", column.name);
  append_number(out, "jdbcType", jdbc_type(column.data_type));
  append_number(out, "nativeType", std::nullopt);
  append_text(out, "typeName", type);
  append_text(out, "typeExpression", type);
  append_text(out, "charsetName", charset_name(column.collation));
  append_number(out, "length", dimensions.length);
  append_number(out, "scale", dimensions.scale);
  append_number(out, "position", position);
  append_flag(out, "optional", column.is_nullable);
  append_flag(out, "autoIncremented", column.is_auto_increment);
  append_flag(out, "generated", column.generated != sql::Generated::No || column.is_auto_increment);
  append_text(out, "comment", non_empty(column.comment));
  append_text(out, "defaultValueExpression", column.default_value);
  append_name(out, "enumValues");
  if (column.members.empty()) {
    out += "null";
  } else {
    append_texts(out, column.members);
  }
  out += '}';
}

void append_table(std::string& out, const CatalogTable& table) {
  std::vector<std::string> key;
  for (const std::uint32_t index : table.key_columns) key.push_back(table.columns[index].name);
  out += '{';
  append_text(out, "defaultCharsetName", charset_name(table.collation));
  append_name(out, "primaryKeyColumnNames");
  append_texts(out, key);
  out += R"(,"columns":[)";
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    append_column(out, table.columns[i], static_cast<std::int64_t>(i + 1));
    out += ',';
  }
  if (!table.columns.empty()) out.pop_back();
  out += R"(],"comment":)";
  if (table.comment.empty()) {
    out += "null";
  } else {
    json::append_string(out, table.comment);
  }
  out += '}';
}

std::string_view kind_name(TableChange::Kind kind) {
  switch (kind) {
    case TableChange::Kind::Create:
      return "CREATE";
    case TableChange::Kind::Alter:
      return "ALTER";
    case TableChange::Kind::Drop:
      return "DROP";
    case TableChange::Kind::Truncate:
    case TableChange::Kind::Unknown:
      break;
  }
  return {};
}

std::string id_of(const sql::TableName& name) {
  std::string id;
  for (const std::string* part : {&name.database, &name.table}) {
    id += id.empty() ? "\"" : ".\"";
    for (const char character : *part) {
      if (character == '"') id += '"';
      id += character;
    }
    id += '"';
  }
  return id;
}

}  // namespace

void append_table_changes(std::string& out, std::span<const TableChange> changes) {
  out += '[';
  bool is_first = true;
  for (const TableChange& change : changes) {
    const std::string_view kind = kind_name(change.kind);
    const schema::TablePtr& table = change.after != nullptr ? change.after : change.before;
    if (kind.empty() || table == nullptr) continue;
    if (!is_first) out += ',';
    is_first = false;
    out += '{';
    append_text(out, "type", kind);
    append_text(out, "id", id_of(change.name));
    append_name(out, "table");
    append_table(out, *table);
    out += '}';
  }
  out += ']';
}

}  // namespace rowtide::encode
