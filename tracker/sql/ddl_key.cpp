#include "tracker/sql/ddl_reader.h"

namespace rowtide::sql {
namespace {

/// column, column(10), (expression), each with ASC or DESC; MariaDB: period WITHOUT OVERLAPS.
void read_part(DdlReader& reader, KeySpec& key) {
  if (reader.is_symbol('(')) {
    reader.skip_brackets();
    key.has_expression = true;
  } else {
    key.columns.push_back(reader.name());
    key.prefixes.push_back(0);
    if (reader.take_symbol('(')) {
      key.prefixes.back() = static_cast<std::uint32_t>(reader.number());
      reader.expect_symbol(')');
    }
    if (reader.take({"WITHOUT", "OVERLAPS"})) {
      key.columns.pop_back();
      key.prefixes.pop_back();
      key.is_of_period = true;
    }
  }
  reader.take_any({"ASC", "DESC"});
}

bool is_key_keyword(const DdlReader& reader) {
  return reader.is_any({"PRIMARY", "UNIQUE", "INDEX", "KEY", "FULLTEXT", "SPATIAL", "FOREIGN", "CHECK"}) ||
         reader.are({"VECTOR", "INDEX"}) || reader.are({"VECTOR", "KEY"});
}

KeySpec::Kind read_kind(DdlReader& reader) {
  if (reader.take("PRIMARY")) {
    reader.expect("KEY");
    return KeySpec::Kind::Primary;
  }
  if (reader.take("FOREIGN")) {
    reader.expect("KEY");
    return KeySpec::Kind::Foreign;
  }
  const bool is_unique = reader.take("UNIQUE");
  if (!is_unique) reader.take_any({"FULLTEXT", "SPATIAL", "VECTOR"});
  reader.take_any({"INDEX", "KEY"});
  return is_unique ? KeySpec::Kind::Unique : KeySpec::Kind::Other;
}

}  // namespace

void read_index_type(DdlReader& reader, KeySpec& key) {
  while (reader.take_any({"USING", "TYPE"})) key.uses_hash = is_same_name(reader.name(), "HASH");
}

bool is_key(const DdlReader& reader) {
  return reader.is("CONSTRAINT") || is_key_keyword(reader);
}

void read_key_parts(DdlReader& reader, KeySpec& key) {
  reader.expect_symbol('(');
  do {
    read_part(reader, key);
  } while (reader.take_symbol(','));
  reader.expect_symbol(')');
  read_key_options(reader, key);
}

void read_key_options(DdlReader& reader, KeySpec& key) {
  while (true) {
    if (reader.is_any({"USING", "TYPE"})) {
      read_index_type(reader, key);
    } else if (reader.take("WAIT")) {
      reader.next();
    } else if (reader.take({"WITH", "PARSER"})) {
      reader.name();
    } else if (reader.take("COMMENT")) {
      reader.take_symbol('=');
      reader.text();
    } else if (reader.take_any({"KEY_BLOCK_SIZE", "ENGINE_ATTRIBUTE", "SECONDARY_ENGINE_ATTRIBUTE",
                                "CLUSTERING", "M", "DISTANCE", "ALGORITHM", "LOCK"})) {
      reader.take_symbol('=');
      reader.next();
    } else if (!reader.take_any({"VISIBLE", "INVISIBLE", "IGNORED", "NOWAIT"}) &&
               !reader.take({"NOT", "IGNORED"})) {
      return;
    }
  }
}

void skip_references(DdlReader& reader) {
  reader.expect("REFERENCES");
  reader.table_name();
  if (reader.is_symbol('(')) reader.skip_brackets();
  while (true) {
    if (reader.take("MATCH")) {
      reader.next();
    } else if (reader.take({"ON", "DELETE"}) || reader.take({"ON", "UPDATE"})) {
      if (!reader.take({"SET", "NULL"}) && !reader.take({"SET", "DEFAULT"}) &&
          !reader.take({"NO", "ACTION"}) && !reader.take_any({"CASCADE", "RESTRICT"})) {
        reader.fail("what to do");
      }
    } else {
      return;
    }
  }
}

std::optional<KeySpec> read_key(DdlReader& reader) {
  KeySpec key;
  std::string constraint;
  if (reader.take("CONSTRAINT")) {
    reader.if_not_exists();
    if (!is_key_keyword(reader)) constraint = reader.name();
  }
  if (reader.take("CHECK")) {
    reader.skip_brackets();
    if (!reader.take({"NOT", "ENFORCED"})) reader.take("ENFORCED");
    return std::nullopt;
  }
  if (!is_key_keyword(reader)) {
    reader.fail("a key");
    return std::nullopt;
  }
  key.kind = read_kind(reader);
  key.if_not_exists = reader.if_not_exists();
  if (!reader.is_symbol('(') && !reader.is("USING")) key.name = reader.name();
  if (key.kind == KeySpec::Kind::Foreign) {
    if (!constraint.empty()) key.name = std::move(constraint);
  } else if (key.name.empty()) {
    key.name = std::move(constraint);
  }
  read_index_type(reader, key);
  read_key_parts(reader, key);
  if (key.kind == KeySpec::Kind::Foreign) skip_references(reader);
  return key;
}

}  // namespace rowtide::sql
