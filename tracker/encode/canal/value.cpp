#include "tracker/encode/canal/value.h"

#include <algorithm>
#include <array>

#include "common/bytes/utf8.h"
#include "tracker/encode/json_writer.h"
#include "tracker/encode/value_text.h"
#include "tracker/types/families.h"
#include "tracker/types/geometry.h"

namespace rowtide::encode {
namespace {

using types::Column;
using types::Value;
using types::ValueKind;
using types::WireType;

// java.sql.Types
constexpr int kBit = -7;
constexpr int kTinyInt = -6;
constexpr int kBigInt = -5;
constexpr int kLongVarBinary = -4;
constexpr int kVarBinary = -3;
constexpr int kBinary = -2;
constexpr int kChar = 1;
constexpr int kDecimal = 3;
constexpr int kInteger = 4;
constexpr int kSmallInt = 5;
constexpr int kReal = 7;
constexpr int kDouble = 8;
constexpr int kVarChar = 12;
constexpr int kDate = 91;
constexpr int kTime = 92;
constexpr int kTimestamp = 93;
constexpr int kOther = 1111;
constexpr int kBlob = 2004;
constexpr int kClob = 2005;

/// Inside a string: the code points that the bytes are in ISO-8859-1.
void append_latin1(std::string& out, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto* const beyond = std::find_if(bytes.begin(), bytes.end(),
                                            [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
    const auto ascii = static_cast<std::size_t>(beyond - bytes.begin());
    append_json_escaped(out, bytes.substr(0, ascii));
    bytes.remove_prefix(ascii);
    if (bytes.empty()) return;
    std::array<char, kMaxUtf8Length> character;
    const char* const end = append_utf8(character.data(), byte_at(bytes, 0));
    out.append(character.data(), static_cast<std::size_t>(end - character.data()));
    bytes.remove_prefix(1);
  }
}

bool has_members(const Column& column) {
  const auto type = static_cast<WireType>(column.wire_type);
  return type == WireType::Enum || type == WireType::Set;
}

/// Canal reads a signed number, and takes the next type where it had to correct it.
int integer_type(const Column& column, const Value& value) noexcept {
  const std::uint64_t number = value.kind == ValueKind::UInt ? value.unsigned_integer : 0;
  switch (static_cast<WireType>(column.wire_type)) {
    case WireType::Tiny:
      return number > 0x7f ? kSmallInt : kTinyInt;
    case WireType::Short:
      return number > 0x7fff ? kInteger : kSmallInt;
    case WireType::Int24:
      return kInteger;
    case WireType::Long:
      return number > 0x7fffffff ? kBigInt : kInteger;
    default:
      return number > 0x7fffffffffffffffU ? kDecimal : kBigInt;
  }
}

int blob_type(const Column& column, const Value& value) noexcept {
  if (value.kind == ValueKind::Null) return column.width == 1 ? kVarBinary : kLongVarBinary;
  return column.kind == ValueKind::Bytes ? kBlob : kClob;
}

int string_type(const Column& column, const Value& value, int text_type, int binary_type) noexcept {
  if (column.kind != ValueKind::Bytes) return text_type;
  return value.kind == ValueKind::Null ? binary_type : kBlob;
}

}  // namespace

int canal_sql_type(const Column& column, const Value& value) noexcept {
  const bool is_null = value.kind == ValueKind::Null;
  switch (static_cast<WireType>(column.wire_type)) {
    case WireType::Tiny:
    case WireType::Short:
    case WireType::Int24:
    case WireType::Long:
    case WireType::LongLong:
      return integer_type(column, value);
    case WireType::Float:
      return kReal;
    case WireType::Double:
      return kDouble;
    case WireType::NewDecimal:
    case WireType::Decimal:
      return kDecimal;
    case WireType::Bit:
      return kBit;
    case WireType::Year:
      return kVarChar;
    case WireType::Date:
    case WireType::NewDate:
      return kDate;
    case WireType::Time:
    case WireType::Time2:
      return kTime;
    case WireType::DateTime:
    case WireType::DateTime2:
    case WireType::Timestamp:
    case WireType::Timestamp2:
      return kTimestamp;
    case WireType::Enum:
      return kInteger;
    case WireType::Set:
      return is_null ? kBinary : kBit;
    case WireType::TinyBlob:
    case WireType::Blob:
    case WireType::MediumBlob:
    case WireType::LongBlob:
    case WireType::BlobCompressed:
      return blob_type(column, value);
    case WireType::Varchar:
    case WireType::VarString:
    case WireType::VarcharCompressed:
      return string_type(column, value, kVarChar, kVarBinary);
    case WireType::String:
      return string_type(column, value, kChar, kBinary);
    case WireType::Json:
      return is_null ? kOther : kVarChar;
    case WireType::Geometry:
      return is_null ? kBinary : kBlob;
    default:
      return kOther;
  }
}

void append_canal_value(std::string& out, const Column& column, const Value& value) {
  switch (value.kind) {
    case ValueKind::Absent:
    case ValueKind::Null:
      out += "null";
      return;
    case ValueKind::Text:
      if (!has_members(column)) return json::append_string(out, value.text);
      out += '"';
      json::append_integer(out, value.unsigned_integer);
      out += '"';
      return;
    case ValueKind::Json:
      return json::append_string(out, value.text);
    case ValueKind::Bytes:
      out += '"';
      append_latin1(out, value.text);
      out += '"';
      return;
    case ValueKind::Geometry: {  // as stored
      std::string srid;
      types::append_stored_srid(srid, value);
      out += '"';
      append_latin1(out, srid);
      append_latin1(out, value.text);
      out += '"';
      return;
    }
    default:
      break;
  }
  // Digits, signs and points: nothing to escape.
  out += '"';
  if (value.kind == ValueKind::Float) {
    append_java_float(out, value.float32);
  } else if (value.kind == ValueKind::Double) {
    append_java_double(out, value.float64);
  } else {
    append_value_text(out, column, value);
  }
  out += '"';
}

std::string_view canal_ddl_type(sql::DdlVerb verb, sql::DdlObject object) {
  const bool is_table = object == sql::DdlObject::Table;
  const bool is_index = object == sql::DdlObject::Index;
  switch (verb) {
    case sql::DdlVerb::Create:
      if (is_index) return "CINDEX";
      return is_table ? "CREATE" : "QUERY";
    case sql::DdlVerb::Drop:
      if (is_index) return "DINDEX";
      return is_table ? "ERASE" : "QUERY";
    case sql::DdlVerb::Alter:
      return is_table ? "ALTER" : "QUERY";
    case sql::DdlVerb::Rename:
      return "RENAME";
    case sql::DdlVerb::Truncate:
      return "TRUNCATE";
    case sql::DdlVerb::None:
      break;
  }
  return "QUERY";
}

}  // namespace rowtide::encode
