#include <algorithm>
#include <iterator>
#include <optional>

#include "tracker/sql/ddl_reader.h"
#include "tracker/sql/sql_mode.h"

namespace rowtide::sql {
namespace {

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

/// MySQL 5.7 has the mode, too, but no types of its own for it.
bool is_oracle(const DdlReader& reader) {
  return reader.dialect().is_mariadb && reader.has_mode(kSqlModeOracle);
}

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

void read_members(DdlReader& reader, ColumnSpec& column) {
  reader.expect_symbol('(');
  do {
    std::string member = read_text_literal(reader);
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

/// Whose types the names mean that not all databases mean alike.
enum class TypeSchema : std::uint8_t { Mariadb, Oracle, Maxdb };

/// sql_mode decides, unless MariaDB's qualifier stands in front.
TypeSchema read_type_schema(DdlReader& reader) {
  std::optional<TypeSchema> qualifier;
  if (reader.take("MARIADB_SCHEMA")) qualifier = TypeSchema::Mariadb;
  if (reader.take("ORACLE_SCHEMA")) qualifier = TypeSchema::Oracle;
  if (reader.take("MAXDB_SCHEMA")) qualifier = TypeSchema::Maxdb;
  if (qualifier) {
    reader.expect_symbol('.');
    return *qualifier;
  }
  if (is_oracle(reader)) return TypeSchema::Oracle;
  return reader.has_mode(kSqlModeMaxdb) ? TypeSchema::Maxdb : TypeSchema::Mariadb;
}

/// Measured on MariaDB 10.11: BLOB and NUMBER go by sql_mode whatever the qualifier says.
void settle_type_schema(const DdlReader& reader, TypeSchema schema, const Token& word, ColumnSpec& column) {
  if (schema == TypeSchema::Oracle && word.is("DATE")) column.type = "datetime";
  if (schema == TypeSchema::Maxdb && word.is("TIMESTAMP")) column.type = "datetime";
  if (column.length) return;
  if (word.is("NUMBER")) column.type = "double";
  if (word.is("BLOB") && is_oracle(reader)) column.type = "longblob";
}

void read_type(DdlReader& reader, ColumnSpec& column) {
  const TypeSchema schema = read_type_schema(reader);

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
    column.type = reader.has_mode(kSqlModeRealAsFloat) ? "float" : "double";
    return read_length(reader, column);
  }
  const Token word = reader.peek();
  const auto* const known = std::find_if(std::begin(kTypes), std::end(kTypes),
                                         [&](const Synonym& synonym) { return word.is(synonym.word); });
  if (known == std::end(kTypes)) return reader.fail("a column type");
  reader.next();
  column.type = known->type;
  if (column.type == "double") reader.take("PRECISION");
  if (column.type == "enum" || column.type == "set") return read_members(reader, column);
  read_length(reader, column);
  settle_type_schema(reader, schema, word, column);
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
  return reader.take({"WITHOUT", "SYSTEM", "VERSIONING"}) || reader.take({"NOT", "SECONDARY"}) ||
         reader.take("VISIBLE");
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
    if (!read_now(reader, ignored)) reader.fail("CURRENT_TIMESTAMP");
    column.updates_itself = true;
  } else if (reader.take("AUTO_INCREMENT")) {
    column.is_auto_increment = true;
  } else if (reader.take("COMMENT")) {
    column.comment = reader.text();
  } else if (reader.take("INVISIBLE")) {
    column.is_invisible = true;
  } else if (reader.take({"WITH", "SYSTEM", "VERSIONING"})) {
    column.is_versioned = true;
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
    if (!reader.dialect().is_mariadb) charset.collation.clear();  // MySQL forgets what stood before
    return true;
  }
  if (reader.take({"DEFAULT", "COLLATE"}) || reader.take("COLLATE")) {
    charset.collation = value();
    return true;
  }
  return false;
}

ColumnSpec read_column(DdlReader& reader, bool has_placement) {
  ColumnSpec column;
  column.name = reader.column_name();
  read_type(reader, column);
  while (!reader.at_end() && !reader.is_symbol(',') && !reader.is_symbol(')') && !reader.is_symbol(';') &&
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

}  // namespace rowtide::sql
