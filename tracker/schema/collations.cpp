#include "tracker/schema/collations.h"

#include <algorithm>

#include "tracker/schema/definition.h"
#include "tracker/sql/names.h"
#include "tracker/types/charset/charset.h"

namespace rowtide::schema {
namespace {

struct Set {
  std::string_view name;
  std::uint16_t default_id;
  std::uint16_t binary_id;
  std::uint8_t max_bytes;
};

// As information_schema.CHARACTER_SETS and COLLATIONS of MySQL 8.0 and MariaDB 10.11 have them.
constexpr Set kSets[] = {
    {"big5", 1, 84, 2},       {"dec8", 3, 69, 1},     {"cp850", 4, 80, 1},     {"hp8", 6, 72, 1},
    {"koi8r", 7, 74, 1},      {"latin1", 8, 47, 1},   {"latin2", 9, 77, 1},    {"swe7", 10, 82, 1},
    {"ascii", 11, 65, 1},     {"ujis", 12, 91, 3},    {"sjis", 13, 88, 2},     {"hebrew", 16, 71, 1},
    {"tis620", 18, 89, 1},    {"euckr", 19, 85, 2},   {"koi8u", 22, 75, 1},    {"gb2312", 24, 86, 2},
    {"greek", 25, 70, 1},     {"cp1250", 26, 66, 1},  {"gbk", 28, 87, 2},      {"latin5", 30, 78, 1},
    {"armscii8", 32, 64, 1},  {"utf8", 33, 83, 3},    {"ucs2", 35, 90, 2},     {"cp866", 36, 68, 1},
    {"keybcs2", 37, 73, 1},   {"macce", 38, 43, 1},   {"macroman", 39, 53, 1}, {"cp852", 40, 81, 1},
    {"latin7", 41, 79, 1},    {"utf8mb4", 45, 46, 4}, {"cp1251", 51, 50, 1},   {"utf16", 54, 55, 4},
    {"utf16le", 56, 62, 4},   {"cp1256", 57, 67, 1},  {"cp1257", 59, 58, 1},   {"utf32", 60, 61, 4},
    {"binary", 63, 63, 1},    {"geostd8", 92, 93, 1}, {"cp932", 95, 96, 2},    {"eucjpms", 97, 98, 3},
    {"gb18030", 248, 249, 4},
};

constexpr std::uint32_t kFirstWithNewUtf8mb4 = 80001;
constexpr std::uint16_t kUtf8mb4Of2020 = 255;  // utf8mb4_0900_ai_ci

std::string canonical(std::string_view name) {
  std::string lowered = sql::to_lower(name);
  if (lowered == "utf8mb3") return "utf8";
  if (lowered.starts_with("utf8mb3_")) lowered.erase(4, 3);
  return lowered;
}

const Set* find_set(std::string_view charset) {
  const auto* const found =
      std::find_if(std::begin(kSets), std::end(kSets), [&](const Set& set) { return set.name == charset; });
  return found == std::end(kSets) ? nullptr : found;
}

}  // namespace

Collations::Collations(bool is_mariadb, std::uint32_t version) {
  for (const Set& set : kSets) {
    defaults_.emplace(set.name, set.default_id);
    ids_.emplace(std::string(set.name) + "_bin", set.binary_id);
  }
  ids_["binary"] = types::kBinaryCollation;
  if (!is_mariadb && version >= kFirstWithNewUtf8mb4) defaults_["utf8mb4"] = kUtf8mb4Of2020;
}

void Collations::add(std::string_view collation, std::uint16_t id, std::string_view charset,
                     bool is_default) {
  ids_.insert_or_assign(canonical(collation), id);
  if (is_default) defaults_.insert_or_assign(canonical(charset), id);
}

std::uint16_t Collations::find(std::string_view collation, std::string_view charset) const {
  const std::string name = canonical(collation);
  if (const auto known = ids_.find(name); known != ids_.end()) return known->second;
  const std::string long_name = canonical(charset) + "_" + name;
  if (const auto known = ids_.find(long_name); known != ids_.end()) return known->second;
  if (const std::uint16_t id = default_of(name.substr(0, name.find('_'))); id != 0) return id;
  return default_of(charset);
}

std::uint16_t Collations::default_of(std::string_view charset) const {
  const auto known = defaults_.find(canonical(charset));
  return known == defaults_.end() ? std::uint16_t{0} : known->second;
}

std::uint16_t Collations::binary_of(std::string_view charset) const {
  const Set* set = find_set(canonical(charset));
  return set == nullptr ? std::uint16_t{0} : set->binary_id;
}

void Collations::set_default(std::string_view charset, std::uint16_t id) {
  defaults_.insert_or_assign(canonical(charset), id);
}

std::string_view Collations::charset_of(std::uint16_t id) const {
  const types::Charset* charset = types::find_charset(id);
  return charset == nullptr ? std::string_view() : charset->name;
}

std::uint32_t Collations::max_bytes(std::uint16_t id) const {
  const Set* set = find_set(canonical(charset_of(id)));
  return set == nullptr ? 1 : set->max_bytes;
}

}  // namespace rowtide::schema
