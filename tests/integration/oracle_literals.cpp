#include "tests/integration/oracle_literals.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

namespace rowtide::test {
namespace {

using nlohmann::json;

/// As many bits as it likes, so that small numbers come as often as large ones.
std::uint64_t some_bits(OracleRandom& random, unsigned bits) {
  const auto kept = static_cast<unsigned>(1 + random.below(bits));
  return kept == 64 ? random.bits() : random.bits() & ((std::uint64_t{1} << kept) - 1);
}

std::string digits(OracleRandom& random, std::uint64_t count) {
  std::string text;
  for (std::uint64_t i = 0; i < count; ++i) text.push_back(static_cast<char>('0' + random.below(10)));
  return text;
}

std::string sql_string(std::string_view text) {
  std::string sql = "'";
  for (const char letter : text) {
    if (letter == '\'' || letter == '\\') sql.push_back('\\');
    if (letter == '\0') {
      sql += "\\0";
    } else {
      sql.push_back(letter);
    }
  }
  return sql + "'";
}

void append_utf8(std::string& out, std::uint32_t point) {
  if (point < 0x80) {
    out.push_back(static_cast<char>(point));
  } else if (point < 0x800) {
    out.push_back(static_cast<char>(0xc0U | point >> 6U));
    out.push_back(static_cast<char>(0x80U | (point & 0x3fU)));
  } else if (point < 0x10000) {
    out.push_back(static_cast<char>(0xe0U | point >> 12U));
    out.push_back(static_cast<char>(0x80U | (point >> 6U & 0x3fU)));
    out.push_back(static_cast<char>(0x80U | (point & 0x3fU)));
  } else {
    out.push_back(static_cast<char>(0xf0U | point >> 18U));
    out.push_back(static_cast<char>(0x80U | (point >> 12U & 0x3fU)));
    out.push_back(static_cast<char>(0x80U | (point >> 6U & 0x3fU)));
    out.push_back(static_cast<char>(0x80U | (point & 0x3fU)));
  }
}

std::string some_text(OracleRandom& random, std::uint64_t max_characters) {
  using Range = std::pair<std::uint32_t, std::uint32_t>;
  constexpr std::array<Range, 12> kScripts = {{{0x20, 0x7e},
                                               {0x00, 0x1f},
                                               {0xa0, 0xff},
                                               {0x100, 0x17f},
                                               {0x391, 0x3c9},
                                               {0x410, 0x44f},
                                               {0x5d0, 0x5ea},
                                               {0xe01, 0xe3a},
                                               {0x3041, 0x30f6},
                                               {0x4e00, 0x9fa5},
                                               {0xac00, 0xd7a3},
                                               {0x1f600, 0x1f64f}}};
  std::string text;
  const std::uint64_t count = random.below(max_characters + 1);
  const Range script = random.one_in(2) ? kScripts[0] : random.of(kScripts);
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto [first, last] = random.one_in(4) ? random.of(kScripts) : script;
    append_utf8(text, first + static_cast<std::uint32_t>(random.below(last - first + 1)));
  }
  return text;
}

double some_double(OracleRandom& random) {
  if (random.one_in(2))
    return std::ldexp(static_cast<double>(random.bits() >> 11U), static_cast<int>(random.below(120)) - 90);
  double real = 0;
  do {
    const std::uint64_t bits = random.bits();
    std::memcpy(&real, &bits, sizeof real);
  } while (!std::isfinite(real));
  return real;
}

std::string clock(OracleRandom& random) {
  std::string text = fmt::format("{:02}:{:02}:{:02}", random.below(24), random.below(60), random.below(60));
  const std::uint64_t decimals = random.below(7);
  if (decimals > 0) text += "." + digits(random, decimals);
  return text;
}

std::string day(OracleRandom& random, std::uint64_t first_year, std::uint64_t years) {
  // Every twentieth may be the 29th to 31st of a month that has none.
  return fmt::format("{:04}-{:02}-{:02}", first_year + random.below(years), 1 + random.below(12),
                     1 + random.below(random.one_in(20) ? 31 : 28));
}

std::string coordinates(OracleRandom& random) {
  return fmt::format("{} {}", static_cast<double>(random.below(180'000'000)) / 1e6 - 90,
                     static_cast<double>(random.below(180'000'000)) / 1e6 - 90);
}

std::string points(OracleRandom& random, std::uint64_t count) {
  std::string list;
  for (std::uint64_t i = 0; i < count; ++i) list += (i == 0 ? "" : ",") + coordinates(random);
  return list;
}

/// A square, so that its ring is closed and does not cross itself.
std::string ring(OracleRandom& random) {
  const auto x = static_cast<int>(random.below(80));
  const auto y = static_cast<int>(random.below(80));
  return fmt::format("(({0} {1},{2} {1},{2} {3},{0} {3},{0} {1}))", x, y,
                     x + 1 + static_cast<int>(random.below(9)), y + 1 + static_cast<int>(random.below(9)));
}

std::string geometry_text(OracleRandom& random, int kind) {
  const std::uint64_t count = 1 + random.below(5);
  std::string list;
  switch (kind) {
    case 1:
      return "POINT(" + coordinates(random) + ")";
    case 2:
      return "LINESTRING(" + points(random, count + 1) + ")";
    case 3:
      return "POLYGON" + ring(random);
    case 4:
      return "MULTIPOINT(" + points(random, count) + ")";
    case 5:
      for (std::uint64_t i = 0; i < count; ++i)
        list += (i == 0 ? "(" : ",(") + points(random, 2 + random.below(4)) + ")";
      return "MULTILINESTRING(" + list + ")";
    case 6:
      for (std::uint64_t i = 0; i < count; ++i) list += (i == 0 ? "" : ",") + ring(random);
      return "MULTIPOLYGON(" + list + ")";
    default:
      for (std::uint64_t i = 0; i < count; ++i)
        list += (i == 0 ? "" : ",") + geometry_text(random, 1 + static_cast<int>(random.below(6)));
      return "GEOMETRYCOLLECTION(" + list + ")";
  }
}

json some_document(OracleRandom& random, int depth) {
  switch (random.below(depth > 3 ? 7 : 10)) {
    case 0:
      return nullptr;
    case 1:
      return random.one_in(2);
    case 2:
      return static_cast<std::int64_t>(some_bits(random, 63)) * (random.one_in(2) ? 1 : -1);
    case 3:
      return some_bits(random, 64);
    case 4:
      return std::round(some_double(random) * 100) / 100;
    case 5:
    case 6:
      return some_text(random, 40);
    case 7:
    case 8: {
      json object = json::object();
      for (std::uint64_t i = random.below(6); i > 0; --i)
        object[some_text(random, 12)] = some_document(random, depth + 1);
      return object;
    }
    default: {
      json array = json::array();
      for (std::uint64_t i = random.below(6); i > 0; --i) array.push_back(some_document(random, depth + 1));
      return array;
    }
  }
}

/// What JSON text has no form for, and MySQL keeps in a document.
std::string opaque(OracleRandom& random) {
  switch (random.below(7)) {
    case 0:
      return fmt::format("CAST({} AS DECIMAL(65,30))", decimal_literal(random, 65, 30));
    case 1:
      return fmt::format("CAST({} AS DATE)", sql_string(day(random, 1000, 9000)));
    case 2:
      return fmt::format("CAST('{}{}' AS TIME(6))", random.one_in(2) ? "-" : "", clock(random));
    case 3:
      return fmt::format("CAST('{}' AS DATETIME(6))", day(random, 1000, 9000) + " " + clock(random));
    case 4:
      return fmt::format("CAST({} AS BINARY)", bytes_literal(random, 30));
    case 5:
      return fmt::format("b'{}'", random.one_in(2) ? "101" : "1111000011110000");
    default:
      return fmt::format("CAST({} AS UNSIGNED)", random.bits());
  }
}

}  // namespace

std::string signed_literal(OracleRandom& random, unsigned bits) {
  const std::string digits = std::to_string(some_bits(random, bits - 1));
  return random.one_in(2) ? digits : "-" + digits;
}

std::string unsigned_literal(OracleRandom& random, unsigned bits) {
  return std::to_string(some_bits(random, bits));
}

std::vector<std::string> signed_extremes(unsigned bits) {
  const std::uint64_t top = std::uint64_t{1} << (bits - 1);
  return {"0", "1", "-1", std::to_string(top - 1), "-" + std::to_string(top), "-" + std::to_string(top - 1)};
}

std::vector<std::string> unsigned_extremes(unsigned bits) {
  const std::uint64_t top = bits == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
  return {"0",
          "1",
          std::to_string(top),
          std::to_string(top - 1),
          std::to_string(top / 2),
          std::to_string(top / 2 + 1)};
}

std::string decimal_literal(OracleRandom& random, unsigned precision, unsigned scale) {
  const std::uint64_t whole = random.below(precision - scale + 1);
  const std::uint64_t fraction = random.below(scale + 1);
  return (random.one_in(2) ? "-" : "") + (whole == 0 ? std::string("0") : digits(random, whole)) +
         (fraction == 0 ? "" : "." + digits(random, fraction));
}

std::string float_literal(OracleRandom& random) {
  const double whole = static_cast<double>(random.below(2'000'000'000)) - 1e9;
  return fmt::format("{:.8e}", whole / std::pow(10, static_cast<double>(random.below(12))));
}

std::string double_literal(OracleRandom& random) {
  return fmt::format("{:.16e}", some_double(random));
}

std::string date_literal(OracleRandom& random) {
  return sql_string(day(random, 1, 9999));
}

std::string datetime_literal(OracleRandom& random) {
  return sql_string(day(random, 1, 9998) + " " + clock(random));
}

std::string time_literal(OracleRandom& random) {
  return fmt::format("'{}{}:{}'", random.one_in(2) ? "-" : "", random.below(838), clock(random).substr(3));
}

std::string timestamp_literal(OracleRandom& random) {
  return sql_string(fmt::format("{:04}-{:02}-{:02} {}", 1971 + random.below(66), 1 + random.below(12),
                                1 + random.below(28), clock(random)));
}

std::string text_literal(OracleRandom& random, std::uint64_t max_characters) {
  return sql_string(some_text(random, max_characters));
}

std::string bytes_literal(OracleRandom& random, std::uint64_t max_size) {
  std::string hex;
  for (std::uint64_t i = random.below(max_size + 1); i > 0; --i)
    hex += fmt::format("{:02x}", random.below(256));
  return "x'" + hex + "'";
}

std::string geometry_type(int kind) {
  constexpr std::array<const char*, kGeometryKinds> kTypes = {
      "GEOMETRY",   "POINT",           "LINESTRING",   "POLYGON",
      "MULTIPOINT", "MULTILINESTRING", "MULTIPOLYGON", "GEOMETRYCOLLECTION"};
  return kTypes[static_cast<std::size_t>(kind)];
}

std::string geometry_literal(OracleRandom& random, int kind, bool is_mysql) {
  const int actual = kind != 0 ? kind : 1 + static_cast<int>(random.below(kGeometryKinds - 1));
  // MySQL knows reference systems, and refuses the ones it does not know.
  const std::uint64_t srid = random.one_in(2) ? 0
                             : is_mysql       ? (random.one_in(2) ? 4326 : 3857)
                                              : random.below(100'000);
  return fmt::format("ST_GeomFromText('{}', {})", geometry_text(random, actual), srid);
}

std::vector<std::string> document_extremes() {
  return {"'null'", "'true'", "'false'", "'0'", "'-1'", "'32767'", "'32768'", "'-32769'", "'2147483648'",
          "'-2147483649'", "'18446744073709551615'", "'-9223372036854775808'", "'9007199254740993'", "'1.0'",
          "'0.1'", "'-1e-7'", "'1e20'", "'1e300'", "'5e-324'", "'\"\"'", "'\"é€😀\"'",
          R"('"\\\\ \\" \\/ \\b \\f \\n \\r \\t \\u0001"')", "'[]'", "'{}'", "'[[],{},[1,[2,[3]]]]'",
          R"('{"b":1,"aa":2,"a":3,"":4,"é":5}')",
          R"('[1,"x",true,null,{"k":[1.5,-2]},65535,65536,-32768,-32769]')",
          // Beyond the 64 KiB of the small form, and strings around the sizes of their length.
          "CONCAT('[', REPEAT('\"0123456789\",', 10000), '70000,-70000,true,null]')",
          "CONCAT('{\"big\":\"', REPEAT('x', 70000), '\",\"n\":70000,\"l\":null,\"a\":[1,2],\"i\":-3}')",
          "CONCAT('\"', REPEAT('y', 127), '\"')", "CONCAT('\"', REPEAT('y', 128), '\"')",
          "CONCAT('\"', REPEAT('y', 16383), '\"')", "CONCAT('\"', REPEAT('y', 16384), '\"')",
          "CONCAT(REPEAT('[', 30), '1', REPEAT(']', 30))"};
}

std::vector<std::string> mysql_document_extremes() {
  return {"CONCAT(REPEAT('[', 99), '1', REPEAT(']', 99))",
          "JSON_OBJECT('p', ST_GeomFromText('POINT(1 2)'))",
          "JSON_ARRAY(CAST('-838:59:59.5' AS TIME(6)), CAST('9999-12-31 23:59:59.999999' AS DATETIME(6)))",
          "JSON_ARRAY(CAST('-123456789012345678901234567890.5' AS DECIMAL(65,2)), CAST(0 AS DECIMAL(3,2)))",
          "JSON_ARRAY(REPEAT(x'00', 300), b'1', b'0')",
          "CAST(18446744073709551615 AS JSON)",
          "JSON_ARRAY(1.0e0, 1e7, -1e7)"};
}

std::string document_literal(OracleRandom& random, bool is_mysql) {
  const std::string text = sql_string(some_document(random, 0).dump());
  if (!is_mysql || random.one_in(3)) return text;
  switch (random.below(3)) {
    case 0:
      return fmt::format("JSON_ARRAY({}, CAST({} AS JSON), {})", opaque(random), text, opaque(random));
    case 1:
      return fmt::format("JSON_OBJECT({}, {}, 'doc', CAST({} AS JSON), 'z', {})", text_literal(random, 20),
                         opaque(random), text, opaque(random));
    default:
      return fmt::format("JSON_OBJECT('d', CAST({} AS JSON), 'r', {}, {}, {})", text, double_literal(random),
                         sql_string(digits(random, 1 + random.below(300))), signed_literal(random, 64));
  }
}

}  // namespace rowtide::test
