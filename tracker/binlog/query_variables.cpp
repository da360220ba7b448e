#include "tracker/binlog/query_variables.h"

namespace rowtide::binlog {
namespace {

enum Code : std::uint8_t {
  Flags2 = 0,
  SqlMode = 1,
  Catalog = 2,
  AutoIncrement = 3,
  Charset = 4,
  TimeZone = 5,
  CatalogNz = 6,
  TimeNames = 7,
  CharsetDatabase = 8,
  TableMapForUpdate = 9,
  MasterDataWritten = 10,
  Invoker = 11,
  UpdatedDatabases = 12,
  Microseconds = 13,
  ExplicitDefaults = 16,
  DdlXid = 17,
  DefaultUtf8mb4 = 18,
  RequirePrimaryKey = 19,
  TableEncryption = 20,
  MariadbHrNow = 128,
  MariadbXid = 129,
  MariadbCharsetCollations = 131,
};

// MariaDB's OPTION_EXPLICIT_DEF_TIMESTAMP among the flags.
constexpr std::uint32_t kFlagExplicitDefaults = 1U << 24U;

void skip_updated_databases(ByteReader& reader) {
  constexpr std::uint8_t kTooMany = 254;
  const std::uint8_t count = reader.u8();
  if (count == kTooMany) return;
  for (std::uint8_t i = 0; i < count && reader.ok(); ++i) {
    while (reader.ok() && reader.u8() != 0) {
    }
  }
}

void read_charset_collations(ByteReader& reader, QueryVariables& variables) {
  for (std::uint8_t left = reader.u8(); left > 0 && reader.ok(); --left) {
    const std::uint16_t charset = reader.u16();
    variables.charset_collations.emplace_back(charset, reader.u16());
  }
}

/// The value after one code; false for a code that is not known.
bool read_value(std::uint8_t code, ByteReader& reader, bool is_mariadb, QueryVariables& variables) {
  switch (code) {
    case Flags2: {
      const std::uint32_t flags = reader.u32();
      if (is_mariadb) variables.explicit_defaults_for_timestamp = (flags & kFlagExplicitDefaults) != 0;
      return true;
    }
    case SqlMode:
      variables.sql_mode = reader.u64();
      return true;
    case Catalog:
      reader.skip(std::size_t{reader.u8()} + 1);
      return true;
    case Charset:
      variables.client_collation = reader.u16();
      reader.skip(2);  // collation_connection
      variables.server_collation = reader.u16();
      return true;
    case TimeZone:
    case CatalogNz:
      reader.skip(reader.u8());
      return true;
    case TimeNames:
    case CharsetDatabase:
      reader.skip(2);
      return true;
    case AutoIncrement:
    case MasterDataWritten:
      reader.skip(4);
      return true;
    case TableMapForUpdate:
    case DdlXid:
    case MariadbXid:
      reader.skip(8);
      return true;
    case Invoker:
      reader.skip(reader.u8());
      reader.skip(reader.u8());
      return true;
    case UpdatedDatabases:
      skip_updated_databases(reader);
      return true;
    case Microseconds:
    case MariadbHrNow:
      reader.skip(3);
      return true;
    case ExplicitDefaults:
      variables.explicit_defaults_for_timestamp = reader.u8() != 0;
      return true;
    case DefaultUtf8mb4:
      variables.default_utf8mb4_collation = reader.u16();
      return true;
    case RequirePrimaryKey:
    case TableEncryption:
      reader.skip(1);
      return true;
    case MariadbCharsetCollations:
      read_charset_collations(reader, variables);
      return true;
    default:
      return false;
  }
}

}  // namespace

QueryVariables parse_query_variables(Bytes status_variables, bool is_mariadb) {
  QueryVariables variables;
  ByteReader reader(status_variables);
  while (reader.ok() && !reader.at_end()) {
    QueryVariables with_next = variables;
    if (!read_value(reader.u8(), reader, is_mariadb, with_next) || !reader.ok()) break;
    variables = with_next;
  }
  return variables;
}

}  // namespace rowtide::binlog
