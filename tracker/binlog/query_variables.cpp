#include "tracker/binlog/query_variables.h"

namespace rowtide::binlog {
namespace {

enum Code : std::uint8_t {
  kFlags2 = 0,
  kSqlMode = 1,
  kCatalog = 2,
  kAutoIncrement = 3,
  kCharset = 4,
  kTimeZone = 5,
  kCatalogNz = 6,
  kTimeNames = 7,
  kCharsetDatabase = 8,
  kTableMapForUpdate = 9,
  kMasterDataWritten = 10,
  kInvoker = 11,
  kUpdatedDatabases = 12,
  kMicroseconds = 13,
  kExplicitDefaults = 16,
  kDdlXid = 17,
  kDefaultUtf8mb4 = 18,
  kRequirePrimaryKey = 19,
  kTableEncryption = 20,
  kMariadbHrNow = 128,
  kMariadbXid = 129,
  kMariadbCharsetCollations = 131,
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

/// The value behind one code; false for a code that is not known.
bool read_value(std::uint8_t code, ByteReader& reader, bool is_mariadb, QueryVariables& variables) {
  switch (code) {
    case kFlags2: {
      const std::uint32_t flags = reader.u32();
      if (is_mariadb) variables.explicit_defaults_for_timestamp = (flags & kFlagExplicitDefaults) != 0;
      return true;
    }
    case kSqlMode:
      variables.sql_mode = reader.u64();
      return true;
    case kCatalog:
      reader.skip(std::size_t{reader.u8()} + 1);
      return true;
    case kCharset:
      variables.client_collation = reader.u16();
      reader.skip(2);  // collation_connection
      variables.server_collation = reader.u16();
      return true;
    case kTimeZone:
    case kCatalogNz:
      reader.skip(reader.u8());
      return true;
    case kTimeNames:
    case kCharsetDatabase:
      reader.skip(2);
      return true;
    case kAutoIncrement:
    case kMasterDataWritten:
      reader.skip(4);
      return true;
    case kTableMapForUpdate:
    case kDdlXid:
    case kMariadbXid:
      reader.skip(8);
      return true;
    case kInvoker:
      reader.skip(reader.u8());
      reader.skip(reader.u8());
      return true;
    case kUpdatedDatabases:
      skip_updated_databases(reader);
      return true;
    case kMicroseconds:
    case kMariadbHrNow:
      reader.skip(3);
      return true;
    case kExplicitDefaults:
      variables.explicit_defaults_for_timestamp = reader.u8() != 0;
      return true;
    case kDefaultUtf8mb4:
      variables.default_utf8mb4_collation = reader.u16();
      return true;
    case kRequirePrimaryKey:
    case kTableEncryption:
      reader.skip(1);
      return true;
    case kMariadbCharsetCollations:
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
