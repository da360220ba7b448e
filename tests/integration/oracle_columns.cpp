#include "tests/integration/oracle_columns.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "tests/integration/oracle_check.h"
#include "tests/integration/oracle_literals.h"

namespace rowtide::test {
namespace {

using nlohmann::json;
using Literal = std::function<std::string(OracleRandom&)>;
using Same = std::function<bool(const std::string&, const json&)>;

/// "name(decimals)".
std::string with_decimals(const std::string& name, int decimals) {
  return fmt::format("{}({})", name, decimals);
}

OracleTable integers() {
  OracleTable table{.name = "integers", .columns = {}, .options = ""};
  struct Width {
    std::string name;
    unsigned bits;
  };
  for (const auto& [name, bits] : {Width{"TINYINT", 8}, Width{"SMALLINT", 16}, Width{"MEDIUMINT", 24},
                                   Width{"INT", 32}, Width{"BIGINT", 64}}) {
    table.columns.push_back({"integer", name, "X",
                             [bits = bits](OracleRandom& r) { return signed_literal(r, bits); },
                             signed_extremes(bits), check::integer});
    table.columns.push_back({"integer", name + " UNSIGNED", "X",
                             [bits = bits](OracleRandom& r) { return unsigned_literal(r, bits); },
                             unsigned_extremes(bits), check::integer});
  }
  table.columns.push_back({"integer",
                           "BOOLEAN",
                           "X",
                           [](OracleRandom& r) { return signed_literal(r, 8); },
                           {"TRUE", "FALSE", "2", "-1"},
                           check::integer});
  table.columns.push_back({"integer",
                           "INT(7) ZEROFILL",
                           "X+0",
                           [](OracleRandom& r) { return unsigned_literal(r, 32); },
                           {"0", "4294967295"},
                           check::integer});
  table.columns.push_back({"year",
                           "YEAR",
                           "X+0",
                           [](OracleRandom& r) { return std::to_string(1901 + r.below(255)); },
                           {"0", "1901", "2155"},
                           check::integer});
  return table;
}

OracleTable bit_fields() {
  OracleTable table{.name = "bit_fields", .columns = {}, .options = ""};
  for (unsigned width = 1; width <= 64; ++width) {
    const std::uint64_t all = width == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << width) - 1;
    table.columns.push_back(
        {"bit",
         fmt::format("BIT({})", width),
         "X+0",
         [all](OracleRandom& r) { return std::to_string(r.bits() & all); },
         {"0", "1", std::to_string(all), std::to_string(all - all / 2)},
         [width](const std::string& shown, const json& got) { return check::bits(width, shown, got); }});
  }
  return table;
}

OracleTable numbers() {
  OracleTable table{.name = "numbers", .columns = {}, .options = ""};
  for (const auto& [precision, scale] : std::initializer_list<std::pair<unsigned, unsigned>>{{65, 30},
                                                                                             {65, 0},
                                                                                             {30, 30},
                                                                                             {1, 0},
                                                                                             {1, 1},
                                                                                             {10, 2},
                                                                                             {18, 9},
                                                                                             {9, 9},
                                                                                             {9, 0},
                                                                                             {10, 0},
                                                                                             {20, 6},
                                                                                             {19, 18},
                                                                                             {37, 12},
                                                                                             {64, 29},
                                                                                             {5, 4}}) {
    const std::string nines(precision - scale, '9');
    const std::string fraction(scale, '9');
    const std::string last = scale == 0 ? "1" : "0." + std::string(scale - 1, '0') + "1";
    table.columns.push_back(
        {"decimal",
         fmt::format("DECIMAL({},{})", precision, scale),
         "X",
         [p = precision, s = scale](OracleRandom& r) { return decimal_literal(r, p, s); },
         {"0", "-0.0", nines + "." + fraction, "-" + nines + "." + fraction, last, "-" + last},
         check::text});
  }
  table.columns.push_back({"decimal",
                           "DECIMAL(12,4) UNSIGNED",
                           "X",
                           [](OracleRandom& r) { return decimal_literal(r, 12, 4); },
                           {"0", "99999999.9999"},
                           check::text});
  const auto any_float = [](OracleRandom& r) { return float_literal(r); };
  const auto any_double = [](OracleRandom& r) { return double_literal(r); };
  table.columns.push_back({"float",
                           "FLOAT",
                           "X+0e0",
                           any_float,
                           {"0", "-0e0", "3.402823466e38", "-3.402823466e38", "1.175494351e-38", "1e-45"},
                           check::real32});
  table.columns.push_back({"float", "FLOAT UNSIGNED", "X+0e0", any_float, {"0", "16777217"}, check::real32});
  table.columns.push_back(
      {"float", "FLOAT(9,3)", "X+0e0", any_float, {"0.001", "-999999.999"}, check::real32});
  table.columns.push_back({"double",
                           "DOUBLE",
                           "X+0e0",
                           any_double,
                           {"0", "-0e0", "1.7976931348623157e308", "-1.7976931348623157e308",
                            "2.2250738585072014e-308", "0.1", "1e15", "1e16", "123456789012345678"},
                           check::real});
  table.columns.push_back({"double", "REAL", "X+0e0", any_double, {"0.1"}, check::real});
  table.columns.push_back({"double", "DOUBLE(20,5)", "X+0e0", any_double, {"-0.00001"}, check::real});
  table.columns.push_back({"double", "FLOAT(30)", "X+0e0", any_double, {"1e-300"}, check::real});
  return table;
}

OracleTable dates() {
  OracleTable table{.name = "dates", .columns = {}, .options = ""};
  const std::vector<std::string> odd_dates = {"'0000-00-00'", "'9999-12-31'", "'0001-01-01'", "'1582-10-10'",
                                              "'2021-02-31'", "'2021-00-00'", "'2021-05-00'", "'1969-12-31'",
                                              "'2024-02-29'", "'1900-02-28'"};
  std::vector<std::string> odd_datetimes;
  for (const std::string& date : odd_dates)
    odd_datetimes.push_back(date.substr(0, date.size() - 1) + " 23:59:59.999999'");
  odd_datetimes.emplace_back("'0000-00-00'");
  for (const bool is_nullable : {true, false}) {
    const std::string null = is_nullable ? "" : " NOT NULL";
    table.columns.push_back({"date", "DATE" + null, "X", date_literal, odd_dates,
                             [is_nullable](const std::string& shown, const json& got) {
                               return check::date(is_nullable, shown, got);
                             },
                             is_nullable});
    for (int decimals = 0; decimals <= 6; ++decimals) {
      table.columns.push_back({"datetime", with_decimals("DATETIME", decimals) + null, "X", datetime_literal,
                               odd_datetimes,
                               [=](const std::string& shown, const json& got) {
                                 return check::datetime(decimals, is_nullable, shown, got);
                               },
                               is_nullable});
    }
  }
  return table;
}

OracleTable times() {
  OracleTable table{.name = "times", .columns = {}, .options = ""};
  for (int decimals = 0; decimals <= 6; ++decimals) {
    table.columns.push_back(
        {"time",
         with_decimals("TIME", decimals),
         "X",
         time_literal,
         {"'-838:59:59'", "'838:59:59'", "'00:00:00'", "'-00:00:00.000001'", "'-00:00:00.9'",
          "'838:59:58.999999'", "'-838:59:58.999999'", "'-00:00:01'", "'-01:00:00'"},
         check::time});
    table.columns.push_back(
        {"timestamp",
         with_decimals("TIMESTAMP", decimals) + " NULL",
         "X",
         timestamp_literal,
         {"'1970-01-01 00:00:01'", "'2038-01-19 03:14:07.9'", "'0000-00-00'", "'2024-02-29 12:00:00'"},
         check::timestamp});
    table.columns.push_back({"timestamp",
                             with_decimals("TIMESTAMP", decimals) + " NOT NULL DEFAULT '2001-01-01'",
                             "X",
                             timestamp_literal,
                             {"'0000-00-00'", "'1970-01-01 00:00:01.000001'"},
                             check::timestamp,
                             false});
  }
  return table;
}

OracleTable texts() {
  OracleTable table{.name = "texts", .columns = {}, .options = "CHARACTER SET utf8mb4"};
  const auto add = [&table](const std::string& type, std::uint64_t characters) {
    table.columns.push_back({"text",
                             type,
                             "X",
                             [=](OracleRandom& r) { return text_literal(r, characters); },
                             {"''", "'  x  '", R"('\0\b\n\r\t\Z\\\'"/')", "'é€😀'", "'\\n'"},
                             check::text});
  };
  add("CHAR(0)", 0);
  add("CHAR(10)", 10);
  add("CHAR(255)", 255);
  add("VARCHAR(1)", 1);
  add("VARCHAR(63)", 63);
  add("VARCHAR(64)", 64);
  add("VARCHAR(2000)", 300);
  add("TINYTEXT", 60);
  add("TEXT", 500);
  add("MEDIUMTEXT", 500);
  add("LONGTEXT", 500);
  const auto add_bytes = [&table](const std::string& type, std::uint64_t size) {
    table.columns.push_back({"bytes",
                             type,
                             "HEX(X)",
                             [=](OracleRandom& r) { return bytes_literal(r, size); },
                             {"''", "x'00'", "x'FF80C328'", "x'6100'", "x'20'", "x'2000'"},
                             check::bytes});
  };
  add_bytes("BINARY(1)", 1);
  add_bytes("BINARY(7)", 7);
  add_bytes("BINARY(255)", 255);
  add_bytes("VARBINARY(10)", 10);
  add_bytes("VARBINARY(300)", 300);
  add_bytes("TINYBLOB", 255);
  add_bytes("BLOB", 600);
  add_bytes("MEDIUMBLOB", 600);
  add_bytes("LONGBLOB", 600);
  add_bytes("VARCHAR(12) CHARACTER SET binary", 12);
  table.columns[8].extremes.emplace_back("REPEAT('x',65535)");
  table.columns[9].extremes.emplace_back("REPEAT('ä',100000)");
  table.columns[10].extremes.emplace_back("REPEAT('€',400000)");
  table.columns[17].extremes.emplace_back("REPEAT(x'FE',65535)");
  table.columns[18].extremes.emplace_back("REPEAT(x'00FF',50000)");
  table.columns[19].extremes.emplace_back("REPEAT(x'01',1000000)");
  return table;
}

OracleTable charsets(MysqlServer& server) {
  OracleTable table{.name = "charsets", .columns = {}, .options = ""};
  for (const Row& row : server.query("SELECT CHARACTER_SET_NAME FROM information_schema.CHARACTER_SETS WHERE "
                                     "CHARACTER_SET_NAME <> 'binary' ORDER BY 1")) {
    const std::string name = row.at(0).value();
    table.columns.push_back({"text, a charset",
                             "VARCHAR(60) CHARACTER SET " + name,
                             "CONVERT(X USING utf8mb4)",
                             [](OracleRandom& r) { return text_literal(r, 60); },
                             {"''", "'é€日α'"},
                             check::text});
  }
  return table;
}

OracleTable members() {
  OracleTable table{.name = "members", .columns = {}, .options = "CHARACTER SET utf8mb4"};
  const auto add = [&table](const std::string& family, const std::vector<std::string>& names,
                            const std::string& charset) {
    std::string list;
    for (const std::string& name : names) list += (list.empty() ? "'" : ",'") + name + "'";
    const bool is_set = family == "set";
    const std::uint64_t count = names.size();
    table.columns.push_back(
        {family,
         fmt::format("{}({}){}", is_set ? "SET" : "ENUM", list,
                     charset.empty() ? "" : " CHARACTER SET " + charset),
         "CONVERT(X USING utf8mb4)",
         [=](OracleRandom& r) {
           if (!is_set) return std::to_string(r.below(count + 1));
           return std::to_string(count == 64 ? r.bits() : r.below(std::uint64_t{1} << count));
         },
         {"0", "1", "''", "'nobody'", is_set && count == 64 ? "18446744073709551615" : std::to_string(count)},
         check::text});
  };
  const auto many = [](int count) {
    std::vector<std::string> names;
    for (int i = 1; i <= count; ++i) names.push_back(fmt::format("member {}", i));
    return names;
  };
  add("enum", {"x", "y,z", "", "it''s", "größe", "日本"}, "");
  add("enum", many(255), "");
  add("enum", many(256), "");
  add("enum", many(3000), "");
  add("enum", {"я", "ю"}, "cp1251");
  add("enum", {"中", "a"}, "ucs2");
  add("enum", {"日", "本"}, "sjis");
  add("set", {"a"}, "");
  add("set", {"p", "q", "ß"}, "latin1");
  add("set", many(8), "");
  add("set", many(9), "");
  add("set", many(33), "");
  add("set", many(64), "");
  add("set", {"日", "本"}, "ujis");
  return table;
}

OracleTable geometries(bool is_mysql) {
  OracleTable table{.name = "geometries", .columns = {}, .options = ""};
  // Text on both sides: the metadata of character sets counts columns.
  table.columns.push_back({"text",
                           "VARCHAR(9) CHARACTER SET latin1",
                           "CONVERT(X USING utf8mb4)",
                           [](OracleRandom& r) { return text_literal(r, 9); },
                           {"'ä'"},
                           check::text});
  for (int kind = 0; kind < kGeometryKinds; ++kind) {
    const bool is_point = kind == 1;
    std::vector<std::string> extremes;
    if (kind == 0 || kind == 7) extremes.emplace_back("ST_GeomFromText('GEOMETRYCOLLECTION()')");
    if (kind == 7) extremes.emplace_back("ST_GeomFromText('MULTIPOINT(1 2, 3 4)')");
    if (kind == 7 && !is_mysql) extremes.emplace_back("ST_GeomFromText('POINT(1 2)')");
    if (kind <= 1) extremes.emplace_back("ST_GeomFromText('POINT(-1.7976931348623157e308 5e-324)')");
    table.columns.push_back({"geometry", geometry_type(kind), "HEX(X)",
                             [=](OracleRandom& r) { return geometry_literal(r, kind, is_mysql); },
                             std::move(extremes),
                             [is_point](const std::string& shown, const json& got) {
                               return check::geometry(is_point, shown, got);
                             }});
  }
  table.columns.push_back({"text",
                           "VARCHAR(9) CHARACTER SET ucs2",
                           "CONVERT(X USING utf8mb4)",
                           [](OracleRandom& r) { return text_literal(r, 9); },
                           {"'ö'"},
                           check::text});
  return table;
}

OracleTable documents(bool is_mysql) {
  OracleTable table{.name = "documents", .columns = {}, .options = "CHARACTER SET utf8mb4"};
  std::vector<std::string> extremes = document_extremes();
  if (is_mysql) {
    for (const std::string& more : mysql_document_extremes()) extremes.push_back(more);
  }
  const Same same = is_mysql ? Same(check::document) : Same(check::text);
  for (int column = 0; column < 3; ++column) {
    table.columns.push_back({"json", "JSON", "X",
                             [is_mysql](OracleRandom& r) { return document_literal(r, is_mysql); },
                             column == 0 ? extremes : std::vector<std::string>{}, same});
  }
  return table;
}

OracleTable generated(bool is_mysql) {
  OracleTable table{.name = "generated_columns", .columns = {}, .options = "CHARACTER SET utf8mb4"};
  table.columns.push_back(
      {"integer", "INT", "X", [](OracleRandom& r) { return signed_literal(r, 16); }, {"0"}, check::integer});
  table.columns.push_back(
      {"text", "VARCHAR(30)", "X", [](OracleRandom& r) { return text_literal(r, 30); }, {"''"}, check::text});
  const auto add = [&table](const std::string& type, Same same) {
    table.columns.push_back({"generated", type, "X", nullptr, {}, std::move(same)});
  };
  add("BIGINT GENERATED ALWAYS AS (c0 * 3) VIRTUAL", check::integer);
  add("BIGINT GENERATED ALWAYS AS (c0 - 7) STORED", check::integer);
  add("VARCHAR(60) GENERATED ALWAYS AS (CONCAT(c1, '/', c1)) VIRTUAL", check::text);
  add("VARCHAR(60) GENERATED ALWAYS AS (CONCAT('<', c1, '>')) STORED", check::text);
  if (!is_mysql) {
    table.columns.push_back({"invisible",
                             "INT INVISIBLE",
                             "X",
                             [](OracleRandom& r) { return signed_literal(r, 32); },
                             {"-1"},
                             check::integer});
  }
  return table;
}

OracleTable compressed() {
  OracleTable table{.name = "compressed", .columns = {}, .options = "CHARACTER SET utf8mb4"};
  for (const std::string type : {"VARCHAR(300) COMPRESSED", "VARCHAR(60) COMPRESSED CHARACTER SET latin1",
                                 "TEXT COMPRESSED", "LONGTEXT COMPRESSED CHARACTER SET ucs2"}) {
    table.columns.push_back({"compressed",
                             type,
                             "CONVERT(X USING utf8mb4)",
                             [](OracleRandom& r) { return text_literal(r, 60); },
                             {"''", "REPEAT('é',300)"},
                             check::text});
  }
  for (const std::string type : {"VARBINARY(600) COMPRESSED", "BLOB COMPRESSED", "LONGBLOB COMPRESSED"}) {
    table.columns.push_back({"compressed",
                             type,
                             "HEX(X)",
                             [](OracleRandom& r) { return bytes_literal(r, 600); },
                             {"''", "REPEAT(x'00FF',300)"},
                             check::bytes});
  }
  return table;
}

/// MariaDB's types that travel as BINARY.
OracleTable fixed_binaries() {
  OracleTable table{.name = "fixed_binaries", .columns = {}, .options = ""};
  const auto hex = [](OracleRandom& r, int digits) {
    std::string text;
    // Runs of zeros are what addresses are shortened by.
    for (int i = 0; i < digits; i += 4) {
      text += r.one_in(2) ? "0000" : fmt::format("{:04x}", r.below(r.one_in(3) ? 0x100 : 0x10000));
    }
    return text;
  };
  table.columns.push_back(
      {"uuid",
       "UUID",
       "X",
       [hex](OracleRandom& r) {
         std::string digits = hex(r, 32);
         if (!r.one_in(4)) digits[12] = static_cast<char>('1' + static_cast<char>(r.below(8)));
         if (!r.one_in(4)) digits[16] = "89ab"[r.below(4)];
         return "'" + digits + "'";
       },
       {"'00000000-0000-0000-0000-000000000000'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'", "UUID()",
        "'123e4567-e89b-12d3-a456-426655440000'"},
       check::text});
  table.columns.push_back({"inet",
                           "INET6",
                           "X",
                           [hex](OracleRandom& r) {
                             return r.one_in(5) ? fmt::format("'::ffff:{}.{}.{}.{}'", r.below(256),
                                                              r.below(256), r.below(256), r.below(256))
                                                : "UNHEX('" + hex(r, 32) + "')";
                           },
                           {"'::'", "'::1'", "'::10.0.0.1'", "'1::'", "'1:0:2:3:4:5:6:7'",
                            "'2001:db8::ff00:42:8329'", "'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'"},
                           check::text});
  table.columns.push_back({"inet",
                           "INET4",
                           "X",
                           [](OracleRandom& r) {
                             return fmt::format("'{}.{}.{}.{}'", r.below(256), r.below(256), r.below(256),
                                                r.below(256));
                           },
                           {"'0.0.0.0'", "'255.255.255.255'", "'10.0.0.0'"},
                           check::text});
  // What looks the same on the wire.
  for (const std::string type : {"BINARY(16)", "BINARY(4)"}) {
    table.columns.push_back({"bytes",
                             type,
                             "HEX(X)",
                             [](OracleRandom& r) { return bytes_literal(r, 16); },
                             {"''"},
                             check::bytes});
  }
  return table;
}

}  // namespace

std::vector<OracleTable> oracle_tables(MysqlServer& server) {
  const bool is_mysql = !is_mariadb(server.flavor());
  std::vector<OracleTable> tables = {integers(),
                                     bit_fields(),
                                     numbers(),
                                     dates(),
                                     times(),
                                     texts(),
                                     charsets(server),
                                     members(),
                                     geometries(is_mysql),
                                     documents(is_mysql),
                                     generated(is_mysql)};
  if (!is_mysql) {
    tables.push_back(compressed());
    tables.push_back(fixed_binaries());
    // The forms of before MySQL 5.6, which MariaDB can still be made to write.
    for (OracleTable old : {dates(), times()}) {
      old.name = "old_" + old.name;
      old.has_old_temporals = true;
      for (OracleColumn& column : old.columns) column.family = "old " + column.family;
      tables.push_back(std::move(old));
    }
  }
  return tables;
}

}  // namespace rowtide::test
