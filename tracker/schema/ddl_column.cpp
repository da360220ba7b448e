#include <algorithm>
#include <iterator>

#include "tracker/schema/ddl_reader.h"

namespace rowtide::schema {
namespace {

using binlog::Token;
using binlog::TokenKind;

struct Synonym {
  std::string_view word;
  std::string_view type;
};
constexpr Synonym kTypes[] = {
    {"TINYINT", "tinyint"},
    {"INT1", "tinyint"},
    {"SMALLINT", "smallint"},
    {"INT2", "smallint"},
    {"MEDIUMINT", "mediumint"},
    {"MIDDLEINT", "mediumint"},
    {"INT3", "mediumint"},
    {"INT", "int"},
    {"INTEGER", "int"},
    {"INT4", "int"},
    {"BIGINT", "bigint"},
    {"INT8", "bigint"},
    {"FLOAT", "float"},
    {"FLOAT4", "float"},
    {"DOUBLE", "double"},
    {"FLOAT8", "double"},
    {"DECIMAL", "decimal"},
    {"DEC", "decimal"},
    {"NUMERIC", "decimal"},
    {"FIXED", "decimal"},
    {"NUMBER", "decimal"},
    {"BIT", "bit"},
    {"YEAR", "year"},
    {"DATE", "date"},
    {"TIME", "time"},
    {"DATETIME", "datetime"},
    {"TIMESTAMP", "timestamp"},
    {"BINARY", "binary"},
    {"VARBINARY", "varbinary"},
    {"RAW", "varbinary"},
    {"TINYBLOB", "tinyblob"},
    {"BLOB", "blob"},
    {"MEDIUMBLOB", "mediumblob"},
    {"LONGBLOB", "longblob"},
    {"TINYTEXT", "tinytext"},
    {"TEXT", "text"},
    {"MEDIUMTEXT", "mediumtext"},
    {"LONGTEXT", "longtext"},
    {"CLOB", "longtext"},
    {"JSON", "json"},
    {"ENUM", "enum"},
    {"SET", "set"},
    {"UUID", "uuid"},
    {"INET4", "inet4"},
    {"INET6", "inet6"},
    {"VECTOR", "vector"},
    {"GEOMETRY", "geometry"},
    {"POINT", "point"},
    {"LINESTRING", "linestring"},
    {"POLYGON", "polygon"},
    {"MULTIPOINT", "multipoint"},
    {"MULTILINESTRING", "multilinestring"},
    {"MULTIPOLYGON", "multipolygon"},
    {"GEOMETRYCOLLECTION", "geometrycollection"},
    {"GEOMCOLLECTION", "geometrycollection"},
};

/// LONG, LONG VARCHAR, LONG CHAR VARYING, LONG VARBINARY.
void read_long_type(DdlReader& reader, ColumnSpec& column) {
  reader.expect("LONG");
  const bool is_binary = reader.take_any({"VARBINARY", "BYTE"});
  if (!is_binary && !reader.are({"CHARACTER", "SET"}) &&
      reader.take_any({"CHAR", "CHARACTER", "VARCHAR", "VARCHARACTER"})) {
    reader.take("VARYING");
  }
  column.type = is_binary ? "mediumblob" : "mediumtext";
}

void read_length(DdlReader& reader, ColumnSpec& column) {
  if (!reader.take_symbol('(')) return;
  if (!reader.is_symbol(')')) column.length = reader.number();
  reader.take_any({"CHAR", "BYTE"});
  if (reader.take_symbol(',')) column.scale = reader.number();
  reader.expect_symbol(')');
}

std::string hex_value(std::string_view digits) {
  std::string bytes;
  const auto value = [](char digit) {
    if (digit >= '0' && digit <= '9') return digit - '0';
    return (digit | 0x20) - 'a' + 10;
  };
  if (digits.size() % 2 != 0) bytes += static_cast<char>(value(digits.front()));
  for (std::size_t i = digits.size() % 2; i + 1 < digits.size(); i += 2) {
    bytes += static_cast<char>(value(digits[i]) * 16 + value(digits[i + 1]));
  }
  return bytes;
}

/// 'text', _latin1'text', N'text', x'61', 0x61.
std::string read_member(DdlReader& reader) {
  if (reader.is_text()) return reader.text();
  const Token word = reader.next();
  if (word.kind == TokenKind::Word && word.text.starts_with("0x")) return hex_value(word.text.substr(2));
  if ((word.is("X")) && reader.is_text()) return hex_value(reader.text());
  if ((word.is("N") || word.text.starts_with('_')) && reader.is_text()) return reader.text();
  reader.fail("a text");
  return {};
}

void read_members(DdlReader& reader, ColumnSpec& column) {
  reader.expect_symbol('(');
  do {
    std::string member = read_member(reader);
    // The server takes trailing blanks off.
    member.erase(member.find_last_not_of(' ') + 1);
    column.members.push_back(std::move(member));
  } while (reader.take_symbol(','));
  reader.expect_symbol(')');
}

void read_char_type(DdlReader& reader, ColumnSpec& column) {
  const Token word = reader.next();
  const bool is_varying =
      word.text.find_first_of("vV") != std::string_view::npos || reader.take_any({"VARYING", "VARCHAR"});
  column.type = is_varying ? "varchar" : "char";
}

void read_type(DdlReader& reader, ColumnSpec& column, bool is_real_float) {
  // MariaDB tells types of the same name apart where sql_mode makes them something else.
  const bool is_oracle = reader.take("ORACLE_SCHEMA");
  if (is_oracle || reader.take_any({"MARIADB_SCHEMA", "MAXDB_SCHEMA"})) reader.expect_symbol('.');

  if (reader.is("LONG")) return read_long_type(reader, column);
  const bool is_national = reader.is_any({"NATIONAL", "NCHAR", "NVARCHAR"});
  if (is_national) column.charset.charset = "utf8";
  reader.take("NATIONAL");
  if (reader.is_any({"CHAR", "CHARACTER", "NCHAR", "VARCHAR", "VARCHARACTER", "NVARCHAR", "VARCHAR2"})) {
    read_char_type(reader, column);
    return read_length(reader, column);
  }
  if (reader.take_any({"BOOL", "BOOLEAN"})) {
    column.type = "tinyint";
    column.length = 1;
    return;
  }
  if (reader.take("SERIAL")) {
    column.type = "bigint";
    column.is_unsigned = column.is_auto_increment = column.is_unique = true;
    column.is_nullable = false;
    return;
  }
  if (reader.take("REAL")) {
    column.type = is_real_float ? "float" : "double";
    return read_length(reader, column);
  }
  const Token word = reader.peek();
  const auto* const known = std::find_if(std::begin(kTypes), std::end(kTypes),
                                         [&](const Synonym& synonym) { return word.is(synonym.word); });
  if (known == std::end(kTypes)) return reader.fail("a column type");
  reader.next();
  column.type = known->type;
  if (is_oracle && column.type == "date") column.type = "datetime";
  if (column.type == "double") reader.take("PRECISION");
  if (column.type == "enum" || column.type == "set") return read_members(reader, column);
  read_length(reader, column);
}

/// 1, -1.5, .5, 1e-3
std::string read_signed_number(DdlReader& reader) {
  std::string number;
  if (reader.take_symbol('-')) {
    number = "-";
  } else {
    reader.take_symbol('+');
  }
  if (!reader.is_symbol('.')) number += reader.next().text;
  if (reader.take_symbol('.')) {
    number += '.';
    const Token fraction = reader.peek();
    if (fraction.kind == TokenKind::Word && fraction.text.front() >= '0' && fraction.text.front() <= '9')
      number += reader.next().text;
  }
  if (!number.empty() && (number.back() | 0x20) == 'e' && (reader.is_symbol('-') || reader.is_symbol('+'))) {
    number += reader.next().text;
    number += reader.next().text;
  }
  return number;
}

bool take_now(DdlReader& reader, std::string& text) {
  if (!reader.take_any({"CURRENT_TIMESTAMP", "NOW", "LOCALTIME", "LOCALTIMESTAMP"})) return false;
  text = "CURRENT_TIMESTAMP";
  if (!reader.take_symbol('(')) return true;
  if (!reader.is_symbol(')')) {
    const std::uint64_t digits = reader.number();
    if (digits != 0) text += "(" + std::to_string(digits) + ")";
  }
  reader.expect_symbol(')');
  return true;
}

/// A function or a name without brackets around it, as MariaDB allows.
void read_bare_expression(DdlReader& reader, DefaultSpec& value) {
  const char* const begin = reader.mark();
  value.is_expression = true;
  if (reader.take({"NEXT", "VALUE", "FOR"}) || reader.take({"PREVIOUS", "VALUE", "FOR"})) {
    reader.table_name();
  } else if (reader.peek().is_name()) {
    reader.table_name();
    if (reader.is_symbol('(')) reader.skip_brackets();
  } else {
    return reader.fail("a default");
  }
  value.text = std::string(reader.read_since(begin));
}

/// Attributes that say nothing of the column's shape.
bool skip_attribute(DdlReader& reader) {
  if (reader.take("CHECK")) {
    reader.skip_brackets();
    if (!reader.take({"NOT", "ENFORCED"})) reader.take("ENFORCED");
    return true;
  }
  if (reader.is("CONSTRAINT")) {
    reader.next();
    if (!reader.is("CHECK") && !reader.is("REFERENCES")) reader.name();
    return true;
  }
  if (reader.is("REFERENCES")) {
    skip_references(reader);
    return true;
  }
  if (reader.take_any({"COLUMN_FORMAT", "STORAGE"})) {
    reader.next();
    return true;
  }
  if (reader.take_any({"SRID", "REF_SYSTEM_ID", "ENGINE_ATTRIBUTE", "SECONDARY_ENGINE_ATTRIBUTE"})) {
    reader.take_symbol('=');
    reader.next();
    return true;
  }
  if (reader.take("COMPRESSED")) {
    if (reader.take_symbol('=')) reader.next();
    return true;
  }
  return reader.take({"WITH", "SYSTEM", "VERSIONING"}) || reader.take({"WITHOUT", "SYSTEM", "VERSIONING"}) ||
         reader.take({"NOT", "SECONDARY"}) || reader.take("VISIBLE");
}

bool read_generated(DdlReader& reader, ColumnSpec& column) {
  const bool is_long_form = reader.take({"GENERATED", "ALWAYS"});
  if (!reader.take("AS")) {
    if (is_long_form) reader.fail("AS");
    return is_long_form;
  }
  // MariaDB's system versioning: filled in by the server.
  if (reader.take({"ROW", "START"}) || reader.take({"ROW", "END"})) {
    column.generated = Generated::Stored;
    column.is_row_time = true;
    column.is_nullable = false;
    return true;
  }
  reader.skip_brackets();
  column.generated = Generated::Virtual;
  if (reader.take_any({"STORED", "PERSISTENT"})) column.generated = Generated::Stored;
  reader.take("VIRTUAL");
  return true;
}

bool read_type_attribute(DdlReader& reader, ColumnSpec& column) {
  if (reader.take("UNSIGNED")) {
    column.is_unsigned = true;
  } else if (reader.take("ZEROFILL")) {
    column.is_unsigned = column.is_zerofill = true;
  } else if (reader.take("BINARY")) {
    column.is_binary = true;
  } else if (reader.take("BYTE")) {
    column.charset.charset = "binary";
  } else if (reader.take("ASCII")) {
    column.charset.charset = "latin1";
  } else if (reader.take("UNICODE")) {
    column.charset.charset = "ucs2";
  } else {
    return reader.take("SIGNED") || (!reader.is("DEFAULT") && read_charset(reader, column.charset));
  }
  return true;
}

bool read_key_attribute(DdlReader& reader, ColumnSpec& column) {
  if (reader.take("UNIQUE")) {
    reader.take("KEY");
    column.is_unique = true;
    return true;
  }
  reader.take("CLUSTERING");
  if (!reader.take({"PRIMARY", "KEY"}) && !reader.take("KEY")) return false;
  column.is_primary = true;
  return true;
}

bool read_attribute(DdlReader& reader, ColumnSpec& column) {
  if (read_type_attribute(reader, column) || read_key_attribute(reader, column)) return true;
  if (reader.take({"NOT", "NULL"})) {
    column.is_nullable = false;
  } else if (reader.take("NULL")) {
    column.is_nullable = true;
  } else if (reader.take("DEFAULT")) {
    column.default_value = read_default(reader);
  } else if (reader.take({"SERIAL", "DEFAULT", "VALUE"})) {
    column.is_auto_increment = column.is_unique = true;
    column.is_nullable = false;
  } else if (reader.take({"ON", "UPDATE"})) {
    std::string ignored;
    if (!take_now(reader, ignored)) reader.fail("CURRENT_TIMESTAMP");
    column.updates_itself = true;
  } else if (reader.take("AUTO_INCREMENT")) {
    column.is_auto_increment = true;
  } else if (reader.take("COMMENT")) {
    column.comment = reader.text();
  } else if (reader.take("INVISIBLE")) {
    column.is_invisible = true;
  } else {
    return read_generated(reader, column) || skip_attribute(reader);
  }
  return true;
}

/// What is left is read as MariaDB's engine-defined attributes: name = value.
bool skip_engine_attribute(DdlReader& reader) {
  const Token token = reader.peek();
  if (!reader.dialect().is_mariadb || !token.is_name() || reader.is_any({"FIRST", "AFTER"})) return false;
  reader.next();
  reader.expect_symbol('=');
  reader.next();
  return true;
}

}  // namespace

bool read_charset(DdlReader& reader, CharsetSpec& charset) {
  const auto value = [&reader] {
    reader.take_symbol('=');
    return to_lower(reader.is_text() ? reader.text() : reader.name());
  };
  if (reader.take({"DEFAULT", "CHARACTER", "SET"}) || reader.take({"DEFAULT", "CHARSET"}) ||
      reader.take({"CHARACTER", "SET"}) || reader.take({"CHAR", "SET"}) || reader.take("CHARSET")) {
    charset.charset = value();
    return true;
  }
  if (reader.take({"DEFAULT", "COLLATE"}) || reader.take("COLLATE")) {
    charset.collation = value();
    return true;
  }
  return false;
}

DefaultSpec read_default(DdlReader& reader) {
  DefaultSpec value;
  const Token token = reader.peek();
  if (token.is_symbol('(')) {
    value.is_expression = true;
    value.text = std::string(reader.skip_brackets());
  } else if (reader.is_text()) {
    value.text = reader.text();
  } else if (reader.take("NULL")) {
    value.is_null = true;
  } else if (reader.take("TRUE")) {
    value.text = "1";
  } else if (reader.take("FALSE")) {
    value.text = "0";
  } else if (take_now(reader, value.text)) {
    value.is_expression = true;
  } else if (token.is("B") || token.is("X") || token.is("N") ||
             (token.kind == TokenKind::Word &&
              (token.text.starts_with('_') || token.text.starts_with("0x")))) {
    if (token.is("B")) {
      reader.next();
      value.text = "b'" + reader.text() + "'";
    } else {
      value.text = read_member(reader);
    }
  } else if (token.is_symbol('-') || token.is_symbol('+') || token.is_symbol('.') ||
             (token.kind == TokenKind::Word && token.text.front() >= '0' && token.text.front() <= '9')) {
    value.text = read_signed_number(reader);
  } else {
    read_bare_expression(reader, value);
  }
  return value;
}

ColumnSpec read_column(DdlReader& reader, bool has_placement, bool is_real_float) {
  ColumnSpec column;
  column.name = reader.name();
  read_type(reader, column, is_real_float);
  while (!reader.at_end() && !reader.is_symbol(',') && !reader.is_symbol(')') &&
         !(has_placement && reader.is_any({"FIRST", "AFTER", "REMOVE", "PARTITION"}))) {
    if (!read_attribute(reader, column) && !skip_engine_attribute(reader)) {
      reader.fail("an attribute of a column");
    }
  }
  if (!has_placement) return column;
  column.placement.is_first = reader.take("FIRST");
  if (reader.take("AFTER")) column.placement.after = reader.name();
  return column;
}

}  // namespace rowtide::schema
