// The decoder against the servers themselves: rows of every column type are committed, read from the binlog
// file, and must be what SELECT shows.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <random>

#include "tests/integration/source_fixture.h"
#include "tests/support/mysql_server.h"
#include "tracker/binlog/rows_event.h"
#include "tracker/binlog/stream_state.h"
#include "tracker/binlog/table_map.h"
#include "tracker/schema/bind_table.h"
#include "tracker/schema/catalog_reader.h"
#include "tracker/schema/historic_catalog.h"
#include "tracker/sql/names.h"

namespace rowtide {
namespace {

using test::MysqlServer;
using test::SqlFlavor;
using types::Value;
using types::ValueKind;

std::string fraction(std::int64_t microsecond, std::uint8_t fsp) {
  return fsp == 0 ? "" : "." + fmt::format("{:06}", microsecond).substr(0, fsp);
}

std::string time_text(std::int64_t micros, std::uint8_t fsp) {
  const std::int64_t magnitude = micros < 0 ? -micros : micros;
  const std::int64_t seconds = magnitude / 1000000;
  return fmt::format("{}{:02}:{:02}:{:02}{}", micros < 0 ? "-" : "", seconds / 3600, seconds / 60 % 60,
                     seconds % 60, fraction(magnitude % 1000000, fsp));
}

std::string date_text(const types::CivilTime& civil) {
  return fmt::format("{:04}-{:02}-{:02}", civil.year, civil.month, civil.day);
}

std::string datetime_text(const types::CivilTime& civil, std::uint8_t fsp) {
  return fmt::format("{} {:02}:{:02}:{:02}{}", date_text(civil), civil.hour, civil.minute, civil.second,
                     fraction(civil.microsecond, fsp));
}

std::string timestamp_text(std::int64_t micros, std::uint8_t fsp) {
  if (micros == 0) return datetime_text({}, fsp);
  const std::time_t seconds = micros / 1000000;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}{}", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                     utc.tm_hour, utc.tm_min, utc.tm_sec, fraction(micros % 1000000, fsp));
}

std::string hex_text(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) text += fmt::format("{:02X}", static_cast<unsigned char>(byte));
  return text;
}

std::string srid_bytes(std::uint64_t srid) {
  std::string bytes;
  for (unsigned i = 0; i < 4; ++i) bytes.push_back(static_cast<char>((srid >> (8 * i)) & 0xffU));
  return bytes;
}

/// What selected() gives for the same cell.
std::optional<std::string> decoded(const Value& value, const types::Column& column) {
  switch (value.kind) {
    case ValueKind::Absent:
      return "(absent)";
    case ValueKind::Null:
      return std::nullopt;
    case ValueKind::Int:
      return std::to_string(value.integer);
    case ValueKind::UInt:
    case ValueKind::Bits:
      return std::to_string(value.unsigned_integer);
    case ValueKind::Float:
      return fmt::format("{}", static_cast<double>(value.float32));
    case ValueKind::Double:
      return fmt::format("{}", value.float64);
    case ValueKind::Date:
      return date_text(value.civil);
    case ValueKind::Time:
      return time_text(value.integer, column.fsp);
    case ValueKind::DateTime:
      return datetime_text(value.civil, column.fsp);
    case ValueKind::Timestamp:
      return timestamp_text(value.integer, column.fsp);
    case ValueKind::Year:
      return fmt::format("{:04}", value.integer);
    case ValueKind::Bytes:
      return hex_text(value.text);
    case ValueKind::Geometry:
      return (value.text.empty() ? "" : hex_text(srid_bytes(value.unsigned_integer))) + hex_text(value.text);
    case ValueKind::Decimal:
    case ValueKind::Text:
    case ValueKind::Json:
      return std::string(value.text);
    case ValueKind::Vector:  // no server here has one
      break;
  }
  return "(unknown)";
}

/// How SELECT shows a column so that it can be compared.
std::string expression(const types::Column& column) {
  const std::string name = "`" + column.name + "`";
  switch (column.kind) {
    case ValueKind::Bits:
      return name + "+0";
    case ValueKind::Float:  // as a double, or the server rounds to six digits
      return name + "+0e0";
    case ValueKind::Bytes:
    case ValueKind::Geometry:
      return "HEX(" + name + ")";
    default:
      return name;
  }
}

std::optional<std::string> selected(std::optional<std::string> text, const types::Column& column) {
  if (!text) return text;
  if (column.kind == ValueKind::Float || column.kind == ValueKind::Double)
    return fmt::format("{}", std::stod(*text));
  return text;
}

/// For messages: the neighbourhood of what differs.
std::string excerpt(const std::optional<std::string>& text, const std::optional<std::string>& other) {
  constexpr std::size_t kAround = 20;
  if (!text || !other) return text.value_or("NULL").substr(0, 2 * kAround);
  const auto at = static_cast<std::size_t>(
      std::mismatch(text->begin(), text->end(), other->begin(), other->end()).first - text->begin());
  return fmt::format("at byte {} of {}: ...{}", at, text->size(),
                     text->substr(at < kAround ? 0 : at - kAround, 3 * kAround));
}

/// JSON is compared as JSON: the server puts blanks in, and exponents.
bool is_same(const std::optional<std::string>& ours, const std::optional<std::string>& theirs,
             ValueKind kind) {
  if (kind != ValueKind::Json || !ours || !theirs) return ours == theirs;
  return nlohmann::json::parse(*ours) == nlohmann::json::parse(*theirs);
}

using Cells = std::vector<std::optional<std::string>>;

struct Table {
  binlog::TablePlan plan;
  std::vector<Cells> inserted;
};

/// Reads a binlog file from its beginning and keeps the rows inserted into one database's tables.
class FileReader {
 public:
  /// The catalog says what the file does not: MySQL 5.7 names no columns.
  FileReader(std::string database, schema::Catalog& catalog)
      : database_(std::move(database)), catalog_(catalog) {}

  void read(const std::string& path) {
    std::ifstream stream(path, std::ios::binary);
    const std::string file((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
    constexpr std::size_t kMagicSize = 4;
    ASSERT_EQ(file.substr(0, kMagicSize),
              "\xfe"
              "bin")
        << path;
    state_.reset({.gtids = {}, .file = path, .offset = kMagicSize});
    std::size_t at = kMagicSize;
    while (at < file.size()) {
      std::uint32_t size = 0;
      ASSERT_LE(at + binlog::kEventHeaderSize, file.size());
      std::memcpy(&size, file.data() + at + 9, sizeof size);
      ASSERT_LE(at + size, file.size());
      const auto event = state_.accept(as_bytes(std::string_view(file).substr(at, size)));
      ASSERT_TRUE(event.ok()) << event.status();
      ASSERT_EQ(event->start_offset, at) << binlog::name(event->header.type);
      ASSERT_NO_FATAL_FAILURE(apply(*event));
      at += size;
    }
  }

  std::map<std::string, Table> tables;

 private:
  void apply(const binlog::EventView& event) {
    using binlog::EventType;
    if (event.header.type == EventType::TableMap) {
      apply_table_map(event.body);
    } else if (event.header.type == EventType::WriteRows || event.header.type == EventType::WriteRowsV1) {
      apply_rows(event.header.type, event.body);
    }
  }

  void apply_table_map(Bytes body) {
    const auto map = binlog::parse_table_map(body, state_.format().is_mariadb);
    ASSERT_TRUE(map.ok()) << map.status();
    if (map->database != database_) return;
    names_[map->table_id] = map->table;
    absl::StatusOr<binlog::TablePlan> plan = schema::bind_table(*map, catalog_);
    ASSERT_TRUE(plan.ok()) << plan.status();
    tables[map->table].plan = *std::move(plan);
  }

  void apply_rows(binlog::EventType type, Bytes body) {
    binlog::RowsHeader header;
    ASSERT_EQ(binlog::parse_rows_header(type, body, header), binlog::RowsStatus::Ok);
    const auto name = names_.find(header.table_id);
    if (name == names_.end()) return;
    Table& table = tables.at(name->second);
    ASSERT_EQ(reader_.start(header, table.plan), binlog::RowsStatus::Ok) << name->second;
    while (reader_.next()) {
      Cells cells;
      for (std::size_t i = 0; i < table.plan.columns.size(); ++i)
        cells.push_back(decoded(reader_.after()[i], table.plan.columns[i]));
      table.inserted.push_back(std::move(cells));
    }
    ASSERT_EQ(reader_.status(), binlog::RowsStatus::Ok)
        << name->second << " row " << reader_.row_index() << " column " << reader_.failed_column();
  }

  std::string database_;
  schema::Catalog& catalog_;
  binlog::StreamState state_;
  types::Scratch scratch_;
  binlog::RowsReader reader_{scratch_};
  std::map<std::uint64_t, std::string> names_;
};

class DecodeOracle : public testing::TestWithParam<SqlFlavor> {
 protected:
  void SetUp() override {
    // Zero dates, values cut to size and members that do not exist are values too.
    client_.exec("SET sql_mode = ''");
    client_.exec("FLUSH BINARY LOGS");
    client_.exec("USE " + database_);
  }

  void exec(const std::string& sql) { client_.exec(sql); }
  [[nodiscard]] bool is_mysql() const { return !is_mariadb(GetParam()); }

  /// Compares every table of the database that got rows.
  void compare() {
    const std::string file = client_.query("SHOW MASTER STATUS").at(0).at(0).value();
    server_.create_user(test::kUser, test::sql_password(), "SELECT");
    const auto session = test::session_for(test::task_for(server_));
    schema::SchemaHistory history(schema::read_source_dialect(*session).value());
    schema::HistoricCatalog catalog(*session, history, [](const sql::TableName&) { return false; });
    FileReader reader(database_, catalog);
    ASSERT_NO_FATAL_FAILURE(reader.read(client_.value("SELECT @@datadir") + file));
    ASSERT_FALSE(reader.tables.empty());
    for (const auto& [name, table] : reader.tables) compare_table(name, table);
  }

 private:
  void compare_table(const std::string& name, const Table& table) {
    std::string expressions;
    for (const types::Column& column : table.plan.columns)
      expressions += (expressions.empty() ? "" : ", ") + expression(column);
    const test::Rows rows = client_.query(fmt::format("SELECT {} FROM `{}` ORDER BY id", expressions, name));
    ASSERT_EQ(rows.size(), table.inserted.size()) << name;
    for (std::size_t row = 0; row < rows.size(); ++row) {
      for (std::size_t i = 0; i < table.plan.columns.size(); ++i) {
        const types::Column& column = table.plan.columns[i];
        const auto& ours = table.inserted[row][i];
        const auto theirs = selected(rows[row][i], column);
        ASSERT_TRUE(is_same(ours, theirs, column.kind))
            << name << '.' << column.name << " row " << row << "\n  decoded:  " << excerpt(ours, theirs)
            << "\n  selected: " << excerpt(theirs, ours);
      }
    }
  }

  MysqlServer& server_ = MysqlServer::shared(GetParam());
  std::string database_ = server_.fresh_database();
  test::SqlClient client_ = server_.connect();
};

TEST_P(DecodeOracle, Integers) {
  exec(R"(CREATE TABLE n (id INT AUTO_INCREMENT PRIMARY KEY,
       a TINYINT, b SMALLINT, c MEDIUMINT, d INT, e BIGINT, y YEAR,
       f TINYINT UNSIGNED, g SMALLINT UNSIGNED, h MEDIUMINT UNSIGNED, i INT UNSIGNED, j BIGINT UNSIGNED,
       k BIT(1), l BIT(11), m BIT(64), n BOOLEAN, z INT(5) ZEROFILL))");
  exec(R"(INSERT INTO n VALUES
       (0,-128,-32768,-8388608,-2147483648,-9223372036854775808,0,0,0,0,0,0,b'0',b'0',b'0',0,4294967295),
       (0,127,32767,8388607,2147483647,9223372036854775807,2155,255,65535,16777215,4294967295,18446744073709551615,
        b'1',b'11111111111',x'FFFFFFFFFFFFFFFF',2,4000000000),
       (0,-1,-1,-1,-1,-1,1901,1,1,1,1,1,b'1',b'10000000000',1,TRUE,4000000001),
       (0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL))");
  // ZEROFILL is how SELECT shows it; its value is a plain number.
  exec("ALTER TABLE n MODIFY z INT UNSIGNED");
  compare();
}

TEST_P(DecodeOracle, DecimalsAndFloats) {
  exec(
      R"(CREATE TABLE d (id INT AUTO_INCREMENT PRIMARY KEY, a DECIMAL(65,30), b DECIMAL(10,2), c DECIMAL(1,0),
       d DECIMAL(30,30), e DECIMAL(18,9), f DECIMAL(65,0), g DECIMAL(9,4) UNSIGNED, h FLOAT, i DOUBLE, j FLOAT(7,3),
       k REAL, l DOUBLE UNSIGNED))");
  const std::string nines(35, '9');
  exec(fmt::format(
      "INSERT INTO d VALUES (0,{0}.{0},-0.5,9,0.{1},-999999999.999999999,-{0}{0},99999.9999,3.4e38,"
      "1.7976931348623157e308,1234.567,0.1,2.2250738585072014e-308)",
      nines.substr(5), nines.substr(5)));
  exec(
      "INSERT INTO d VALUES "
      "(0,-0.000000000000000000000000000001,-0.00,-9,-0.5,0.000000001,1,0,-1.5,-0.1,-0.001,1e15,1e16)");
  exec("INSERT INTO d (id) VALUES (0)");
  std::mt19937_64 random(23);
  for (int row = 0; row < 200; ++row) {
    const auto digits = [&random](unsigned count) {
      std::string text;
      for (unsigned i = 0; i < count; ++i) text.push_back(static_cast<char>('0' + random() % 10));
      return text;
    };
    const std::string sign = random() % 2 == 0 ? "" : "-";
    double real = 0;
    do {
      const std::uint64_t bits = random();
      std::memcpy(&real, &bits, sizeof real);
    } while (!(real == real && real - real == 0));
    exec(fmt::format(
        "INSERT INTO d (a,b,e,f,h,i) VALUES ({0}{1}.{2},{0}{3}.{4},{0}{5}.{6},{0}{7},{8:.9g},{9:.17g})", sign,
        digits(35), digits(30), digits(static_cast<unsigned>(random() % 9)), digits(2), digits(9), digits(9),
        digits(65),
        std::ldexp(1.0 + static_cast<double>(random() % 100000) / 1e5,
                   static_cast<int>(random() % 200) - 100),
        real));
  }
  compare();
}

TEST_P(DecodeOracle, DatesAndTimes) {
  std::string columns;
  for (int fsp = 0; fsp <= 6; ++fsp) {
    columns += fmt::format(", t{0} TIME({0}), d{0} DATETIME({0}), s{0} TIMESTAMP({0}) NULL", fsp);
  }
  exec("CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, d DATE" + columns + ")");
  const auto insert = [this](const std::string& date, const std::string& time, const std::string& datetime,
                             const std::string& timestamp) {
    std::string values = "0," + date;
    for (int fsp = 0; fsp <= 6; ++fsp) values += "," + time + "," + datetime + "," + timestamp;
    exec("INSERT INTO t VALUES (" + values + ")");
  };
  insert("NULL", "NULL", "NULL", "NULL");
  insert("'0000-00-00'", "0", "'0000-00-00'", "'0000-00-00'");
  insert("'9999-12-31'", "'838:59:59'", "'9999-12-31 23:59:59'", "'2038-01-19 03:14:07'");
  insert("'1000-01-01'", "'-838:59:59'", "'1000-01-01'", "'1970-01-01 00:00:01'");
  insert("'2021-02-00'", "'-00:00:00.000001'", "'2021-00-00'", "'2021-02-03 04:05:06.999999'");
  insert("'0001-01-01'", "'-00:00:00.100000'", "'0001-01-01 00:00:00.000001'",
         "'2001-09-09 01:46:40.000001'");
  insert("'2024-02-29'", "'-01:00:00'", "'2024-02-29 12:34:56.123456'", "'2024-02-29 12:34:56.654321'");
  std::mt19937_64 random(29);
  for (int row = 0; row < 100; ++row) {
    const auto below = [&random](std::uint64_t limit) { return random() % limit; };
    const std::string date = fmt::format("{:04}-{:02}-{:02}", 1 + below(9999), 1 + below(12), 1 + below(28));
    const std::string time =
        fmt::format("{:02}:{:02}:{:02}.{:06}", below(24), below(60), below(60), below(999999));
    insert("'" + date + "'",
           fmt::format("'{}{}'", below(2) == 0 ? "-" : "", fmt::format("{}{}", below(30), time)),
           fmt::format("'{} {}'", date, time),
           fmt::format("'{:04}-{:02}-{:02} {}'", 1971 + below(66), 1 + below(12), 1 + below(28), time));
  }
  compare();
}

TEST_P(DecodeOracle, TextAndBytes) {
  exec(
      R"(CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, a CHAR(10), b CHAR(255), c CHAR(0), d VARCHAR(10), e VARCHAR(255) CHARACTER SET latin1,
       f VARCHAR(256) CHARACTER SET latin1, g VARCHAR(5000), h TINYTEXT, i TEXT, j MEDIUMTEXT, k LONGTEXT, l BINARY(5), m BINARY(255),
       n VARBINARY(10), o VARBINARY(300), p TINYBLOB, q BLOB, r MEDIUMBLOB, s LONGBLOB, t VARCHAR(10) CHARACTER SET binary,
       u CHAR(20) CHARACTER SET ucs2, v CHAR(20) CHARACTER SET latin1, w BINARY(1)) CHARACTER SET utf8mb4)");
  const auto insert = [this](const std::string& text, const std::string& bytes) {
    exec(fmt::format(
        "INSERT INTO t SELECT "
        "0,{0},{0},'',{0},{0},{0},{0},{0},{0},{0},{0},{1},{1},{1},{1},{1},{1},{1},{1},{1},{0},{0},{1}",
        text, bytes));
  };
  exec("INSERT INTO t (id) VALUES (0)");
  insert("''", "''");
  insert("'a  '", "x'6100'");
  insert("'  b'", "x'00'");
  insert("'é€'", "x'20'");
  insert("REPEAT('ü',255)", "x'FF80C328'");
  insert("REPEAT('ü',300)", "REPEAT(x'00FF',200)");
  exec(
      "INSERT INTO t (i, j, k, q, r, s, g) VALUES (REPEAT('x',65535), REPEAT('ä',100000), "
      "REPEAT('€',300000), "
      "REPEAT(x'FE',65535), REPEAT(x'00',100000), REPEAT(x'01',1000000), REPEAT('😀',5000))");
  compare();
}

TEST_P(DecodeOracle, EnumsAndSets) {
  std::string many;
  for (int i = 1; i <= 300; ++i) many += fmt::format("{}'m{}'", i == 1 ? "" : ",", i);
  std::string bits;
  for (int i = 1; i <= 64; ++i) bits += fmt::format("{}'b{}'", i == 1 ? "" : ",", i);
  exec(fmt::format(
      R"(CREATE TABLE e (id INT AUTO_INCREMENT PRIMARY KEY, a ENUM('x','y,z','','é') CHARACTER SET latin1, b ENUM({0}),
       c SET('p','q','ß') CHARACTER SET latin1, d SET({1}), e ENUM('я','ю') CHARACTER SET cp1251, f ENUM('中') CHARACTER SET ucs2,
       g VARCHAR(10) CHARACTER SET greek, h SET('日','本') CHARACTER SET sjis) CHARACTER SET utf8mb4)",
      many, bits));
  exec(
      "INSERT INTO e VALUES (0,'x','m1','p','b1','я','中','α','日'), "
      "(0,'é','m300','p,ß','b1,b64','ю','中','ω','日,本'), "
      "(0,'y,z','m256','','b2','nobody','nobody','','')");
  exec("INSERT INTO e (a, d, c) VALUES ('', -1, 7), ('nobody', 0, 2), (NULL, NULL, NULL)");
  compare();
}

TEST_P(DecodeOracle, EveryCharacterOfEveryCharset) {
  // A row a thousand code points, unassigned and private ones too; what a set has not becomes '?' before it
  // is stored.
  exec("CREATE TABLE points (id INT PRIMARY KEY, text LONGTEXT) CHARACTER SET utf8mb4");
  constexpr char32_t kStep = 1000;
  const auto insert = [this](char32_t first, char32_t last) {
    std::string hex;
    for (char32_t point = first; point < last; ++point)
      if (point < 0xd800 || point >= 0xe000) hex += fmt::format("{:08X}", static_cast<std::uint32_t>(point));
    if (!hex.empty())
      exec(fmt::format("INSERT INTO points VALUES ({}, _utf32 x'{}')", static_cast<std::uint32_t>(first),
                       hex));
  };
  for (char32_t point = 0x20; point < 0x10000; point += kStep)
    insert(point, std::min<char32_t>(point + kStep, 0x10000));
  for (const char32_t plane : {0x10000U, 0x1f600U, 0x20000U, 0x2f800U, 0x10fc18U})
    insert(plane, plane + kStep);
  test::SqlClient client = MysqlServer::shared(GetParam()).connect();
  for (const auto& row : client.query("SELECT CHARACTER_SET_NAME FROM information_schema.CHARACTER_SETS")) {
    const std::string name = row.at(0).value();
    exec(fmt::format(
        "CREATE TABLE `{0}` (id INT PRIMARY KEY, t MEDIUMTEXT, v VARCHAR(4000)) CHARACTER SET {0}", name));
    exec(
        fmt::format("INSERT INTO `{0}` SELECT id, CONVERT(text USING {0}), CONVERT(text USING {0}) FROM "
                    "points ORDER BY id",
                    name));
  }
  compare();
}

TEST_P(DecodeOracle, Json) {
  exec("CREATE TABLE j (id INT AUTO_INCREMENT PRIMARY KEY, j JSON)");
  const auto insert = [this](const std::string& expression) {
    exec("INSERT INTO j (j) VALUES (" + expression + ")");
  };
  for (const char* document : {"NULL",
                               "'null'",
                               "'true'",
                               "'false'",
                               "'0'",
                               "'-1'",
                               "'32767'",
                               "'32768'",
                               "'-32769'",
                               "'2147483648'",
                               "'-2147483649'",
                               "'18446744073709551615'",
                               "'-9223372036854775808'",
                               "'1.0'",
                               "'0.1'",
                               "'-1e-7'",
                               "'1e20'",
                               "'1e300'",
                               "'5e-324'",
                               "'\"\"'",
                               "'\"é€😀\"'",
                               R"('"\\\\ \\" \\/ \\b \\f \\n \\r \\t \\u0001"')",
                               "'[]'",
                               "'{}'",
                               "'[[],{},[1,[2,[3]]]]'",
                               R"('{"b":1,"aa":2,"a":3,"":4,"é":5}')",
                               R"('[1,"x",true,null,{"k":[1.5,-2]},65535,65536,-32768]')"})
    insert(document);
  // Larger than the small form's 64 KiB.
  insert("CONCAT('[', REPEAT('\"0123456789\",', 10000), '70000,-70000,true]')");
  insert("CONCAT('{\"big\":\"', REPEAT('x', 70000), '\",\"n\":70000,\"l\":null,\"a\":[1,2]}')");
  // As deep as the servers allow.
  insert(is_mysql() ? "CONCAT(REPEAT('[', 99), '1', REPEAT(']', 99))"
                    : "CONCAT(REPEAT('[', 30), '1', REPEAT(']', 30))");
  if (is_mysql()) {
    insert(
        "JSON_OBJECT('d', CAST('2021-02-03' AS DATE), 't', CAST('-838:59:59.5' AS TIME(6)), 't2', "
        "CAST('01:02:03' AS TIME), "
        "'dt', CAST('9999-12-31 23:59:59.999999' AS DATETIME(6)), 'dec', "
        "CAST('-123456789012345678901234567890.5' AS DECIMAL(65,2)))");
    insert("JSON_OBJECT('p', ST_GeomFromText('POINT(1 2)'))");
  }
  compare();
}

TEST_P(DecodeOracle, Geometries) {
  // Text columns on both sides: the metadata of character sets counts columns, and the servers differ on
  // whether a geometry is one.
  exec(
      "CREATE TABLE g (id INT AUTO_INCREMENT PRIMARY KEY, a VARCHAR(9) CHARACTER SET latin1, g GEOMETRY, "
      "p POINT, l LINESTRING, y POLYGON, mp MULTIPOINT, ml MULTILINESTRING, my MULTIPOLYGON, c "
      "GEOMETRYCOLLECTION, z VARCHAR(9) CHARACTER SET ucs2)");
  exec("INSERT INTO g (a, z) VALUES ('ä', 'ö')");
  exec(
      "INSERT INTO g VALUES (0, 'ä', ST_GeomFromText('POINT(1 2)', 4326), ST_GeomFromText('POINT(-1.5 "
      "1e300)'), ST_GeomFromText('LINESTRING(0 0, 1 1, 2 0)', 3857), ST_GeomFromText('POLYGON((0 0,10 "
      "0,10 10,0 10,0 0),(2 2,4 2,4 4,2 4,2 2))'), ST_GeomFromText('MULTIPOINT(1 2, 3 4)'), "
      "ST_GeomFromText('MULTILINESTRING((0 0,1 1),(2 2,3 3))'), ST_GeomFromText('MULTIPOLYGON(((0 0,1 0,1 "
      "1,0 0)),((5 5,6 5,6 6,5 5)))'), "
      "ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 2), LINESTRING(0 0, 1 1))'), 'ö')");
  const std::string empty = GetParam() == SqlFlavor::Mysql57 ? "ST_GeomFromText('GEOMETRYCOLLECTION()')"
                                                             : "ST_GeomFromText('GEOMETRYCOLLECTION EMPTY')";
  exec("INSERT INTO g (g, c) VALUES (" + empty + ", " + empty + ")");
  // MySQL refuses a geometry that is missing.
  if (GetParam() == SqlFlavor::Mariadb || GetParam() == SqlFlavor::Mariadb114) {
    exec("CREATE TABLE e (id INT AUTO_INCREMENT PRIMARY KEY, p POINT NOT NULL, g GEOMETRY NOT NULL)");
    exec("INSERT IGNORE INTO e (id) VALUES (1)");
  }
  compare();
}

TEST_P(DecodeOracle, GeneratedAndInvisibleColumns) {
  exec(
      "CREATE TABLE g (id INT AUTO_INCREMENT PRIMARY KEY, a INT, v INT GENERATED ALWAYS AS (a + 1) VIRTUAL, "
      "s VARCHAR(30) GENERATED ALWAYS AS (CONCAT('a', a)) STORED, t VARCHAR(10))");
  exec("INSERT INTO g (a, t) VALUES (1, 'x'), (NULL, 'y'), (-5, NULL)");
  compare();
}

using MariadbDecodeOracle = DecodeOracle;

TEST_P(MariadbDecodeOracle, CompressedColumns) {
  exec(
      R"(CREATE TABLE c (id INT AUTO_INCREMENT PRIMARY KEY, a VARCHAR(200) COMPRESSED CHARACTER SET latin1, b VARCHAR(255) COMPRESSED,
       c VARBINARY(3000) COMPRESSED, d TEXT COMPRESSED, e LONGTEXT COMPRESSED CHARACTER SET ucs2, f TINYBLOB COMPRESSED,
       g LONGBLOB COMPRESSED))");
  exec("INSERT INTO c VALUES (0,'','','','','','',''), (0,'é','é','é','é','é','é','é')");
  exec(
      "INSERT INTO c SELECT 0, REPEAT('é',200), REPEAT('é',255), REPEAT(x'00FF',1500), REPEAT('я',30000), "
      "REPEAT('long',100000), "
      "REPEAT('x',200), REPEAT(x'AB',1000000)");
  exec("SET column_compression_zlib_wrap = ON");
  exec(
      "INSERT INTO c SELECT 0, REPEAT('é',200), REPEAT('é',255), REPEAT(x'00FF',1500), REPEAT('я',30000), "
      "REPEAT('long',100000), "
      "REPEAT('x',200), REPEAT(x'AB',1000000)");
  exec("INSERT INTO c (id) VALUES (0)");
  compare();
}

std::string server_name(const testing::TestParamInfo<SqlFlavor>& parameter) {
  return flavor_name(parameter.param);
}

INSTANTIATE_TEST_SUITE_P(Servers, DecodeOracle, testing::ValuesIn(test::kEverySqlFlavor), server_name);
INSTANTIATE_TEST_SUITE_P(Servers, MariadbDecodeOracle,
                         testing::Values(SqlFlavor::Mariadb, SqlFlavor::Mariadb114), server_name);

}  // namespace
}  // namespace rowtide
