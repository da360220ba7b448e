// Where Rowtide's records are meant to differ from Debezium's. Each name is explained in
// docs/formats/debezium-differences.md; nothing else may differ.
#include <cstdint>
#include <string_view>

#include "tests/integration/record_diff.h"

namespace rowtide::test {
namespace {

using json = nlohmann::ordered_json;

bool is_type(const Difference& found, std::string_view type) {
  return found.column_type.starts_with(type);
}

bool has_charset(const Difference& found, std::string_view charset) {
  return found.column_type.ends_with(" CHARACTER SET " + std::string(charset));
}

bool are_numbers(const Difference& found) {
  return found.theirs.is_number() && found.ours.is_number();
}

bool is_boolean_number(const Difference& found) {
  return is_type(found, "BOOLEAN") && found.theirs.is_boolean() && found.ours.is_number_integer() &&
         found.theirs.get<bool>() == (found.ours.get<int>() != 0);
}

/// Debezium takes the years 0 to 99 for two digits.
bool is_early_year(const Difference& found) {
  if (is_type(found, "YEAR")) return found.ours == 0 && found.theirs == 1900;
  if (!is_type(found, "DATE") || !are_numbers(found)) return false;
  constexpr std::int64_t kFirstDay = -719162;  // 0001-01-01
  constexpr std::int64_t kEndDay = -683003;    // 0100-01-01
  const auto ours = found.ours.get<std::int64_t>();
  const bool is_day = is_type(found, "DATE ") || found.column_type == "DATE";
  const bool is_micros = ours < kFirstDay * 86'400'000 - 1;
  const std::int64_t a_day = is_day ? 1 : is_micros ? 86'400'000'000 : 86'400'000;
  return ours >= kFirstDay * a_day && ours < kEndDay * a_day;
}

bool is_same_float(const Difference& found) {
  return are_numbers(found) &&
         static_cast<float>(found.theirs.get<double>()) == static_cast<float>(found.ours.get<double>());
}

bool is_float_digits(const Difference& found) {
  return is_type(found, "FLOAT") && !is_type(found, "FLOAT(") && is_same_float(found);
}

bool is_widened_float(const Difference& found) {
  return is_type(found, "FLOAT(9,3)") && is_same_float(found);
}

bool is_narrowed_real(const Difference& found) {
  if (!is_type(found, "REAL") || !found.ours.is_number_float()) return false;
  return found.theirs == "Infinity" || found.theirs == "-Infinity" || is_same_float(found);
}

bool is_unsigned_as_signed(const Difference& found) {
  return found.theirs.is_number_integer() && found.ours.is_number_unsigned() &&
         found.theirs.get<std::int64_t>() < 0 &&
         found.theirs.get<std::uint64_t>() == found.ours.get<std::uint64_t>();
}

bool is_binary_as_text(const Difference& found) {
  return has_charset(found, "binary") && found.theirs.is_string() && found.ours.is_string();
}

/// The character sets that Debezium reads with a Java one that is not the server's.
bool is_other_charset(const Difference& found) {
  if (!found.theirs.is_string() || !found.ours.is_string()) return false;
  for (const char* charset :
       {"dec8", "euckr", "hp8", "keybcs2", "koi8u", "sjis", "swe7", "latin1 of bytes"}) {
    if (has_charset(found, charset)) return true;
  }
  if (!has_charset(found, "cp866")) return false;
  std::string theirs = found.theirs.get<std::string>();  // byte FD
  for (std::size_t at = 0; (at = theirs.find("\u00a4", at)) != std::string::npos;)
    theirs.replace(at, 2, "\u00b2");
  return theirs == found.ours.get<std::string>();
}

bool is_member_with_comma(const Difference& found) {
  if (!is_type(found, "ENUM(") || !found.theirs.is_string() || !found.ours.is_string()) return false;
  std::string theirs = found.theirs.get<std::string>();
  for (std::size_t at = 0; (at = theirs.find("\\,", at)) != std::string::npos;) theirs.erase(at, 1);
  return theirs == found.ours.get<std::string>();
}

/// Same structure, and where leaves differ `is_meant` says so of each.
bool differs_only(const json& theirs, const json& ours, bool (*is_meant)(const json&, const json&)) {
  if (theirs.is_structured() && theirs.type() == ours.type()) {
    if (theirs.size() != ours.size()) return false;
    for (auto left = theirs.begin(), right = ours.begin(); left != theirs.end(); ++left, ++right) {
      if (theirs.is_object() && left.key() != right.key()) return false;
      if (!differs_only(*left, *right, is_meant)) return false;
    }
    return true;
  }
  return theirs == ours || is_meant(theirs, ours);
}

bool is_time_text(const json& theirs, const json& ours) {
  if (!theirs.is_string() || !ours.is_string()) return false;
  const std::string& text = ours.get_ref<const std::string&>();
  const std::string fraction = text.size() > 7 ? text.substr(text.size() - 7) : "";
  return fraction.starts_with('.') && fraction.find_first_not_of("0123456789", 1) == std::string::npos &&
         text.find(':') != std::string::npos;
}

bool is_document(const Difference& found) {
  return is_type(found, "JSON") && found.theirs.is_string() && found.ours.is_string();
}

/// The text differs and the document does not.
bool is_document_with_other_digits(const Difference& found) {
  return is_document(found) && differs_only(json::parse(found.theirs.get<std::string>()),
                                            json::parse(found.ours.get<std::string>()),
                                            [](const json&, const json&) { return false; });
}

bool is_document_with_times(const Difference& found) {
  return is_document(found) && differs_only(json::parse(found.theirs.get<std::string>()),
                                            json::parse(found.ours.get<std::string>()), is_time_text);
}

bool is_default_for_null(const Difference& found) {
  return found.column_type.find(" DEFAULT ") != std::string::npos && found.ours.is_null() &&
         !found.theirs.is_null();
}

bool is_integer_unsigned(const Difference& found) {
  return is_type(found, "INTEGER UNSIGNED") && are_numbers(found) &&
         static_cast<std::int32_t>(found.ours.get<std::uint32_t>()) == found.theirs.get<std::int32_t>();
}

bool is_at(const Difference& found, std::string_view path) {
  return found.path == path;
}

/// Debezium leaves its last row's number here, and has no thread.
bool is_of_statement(const Difference& found) {
  return (is_at(found, "value.source.row") && found.ours == 0) ||
         (is_at(found, "value.source.thread") && found.theirs.is_null()) ||
         ((is_at(found, "value.source.ts_us") || is_at(found, "value.source.ts_ns")) &&
          found.theirs <= found.ours);
}

/// "" for an index, the new name for a renamed table.
bool is_table_of_statement(const Difference& found) {
  return is_at(found, "value.source.table") && (found.theirs == "" || found.ours.is_null());
}

/// Nothing is claimed; what is claimed must be what Debezium says.
bool has_no_table_changes(const Difference& found) {
  return is_at(found, "value.tableChanges") && found.ours.is_array() && found.ours.empty();
}

/// An index changes no column, and Debezium lists no table for it.
bool is_table_of_index(const Difference& found) {
  return is_at(found, "value.tableChanges") && found.theirs.is_array() && found.theirs.empty();
}

/// Without a primary key, of several UNIQUE ones. The keys of the records themselves are compared with the
/// rows.
bool is_unique_key_named(const Difference& found) {
  return found.table == "unique_key" && found.path.find(".primaryKeyColumnNames") != std::string::npos;
}

/// The types' spelling, not which columns there are, in which order, with which key.
bool is_spelling_of_column(const Difference& found) {
  if (!found.path.starts_with("value.tableChanges.") ||
      found.path.find(".table.columns.") == std::string::npos)
    return false;
  if (found.path.find(".enumValues") != std::string::npos) return true;
  const std::string attribute = found.path.substr(found.path.rfind('.') + 1);
  for (const char* spelling : {"typeName", "typeExpression", "jdbcType", "length", "scale", "charsetName",
                               "defaultValueExpression", "generated"}) {
    if (attribute == spelling) return true;
  }
  return false;
}

bool is_float4(const Difference& found) {
  return is_type(found, "FLOAT4") && found.theirs.is_null() && found.ours.is_number();
}

}  // namespace

const std::vector<AllowedDifference>& allowed_differences() {
  static const std::vector<AllowedDifference> kAll = {
      {"a boolean keeps its number", is_boolean_number},
      {"years before 100 stay", is_early_year},
      {"FLOAT has the fewest digits", is_float_digits},
      {"FLOAT(M,D) is not widened", is_widened_float},
      {"REAL is a double", is_narrowed_real},
      {"FLOAT4 has a value", is_float4},
      {"INTEGER UNSIGNED is not negative", is_integer_unsigned},
      {"BIGINT UNSIGNED is not negative", is_unsigned_as_signed},
      {"VARCHAR CHARACTER SET binary is bytes", is_binary_as_text},
      {"text is read with the server's character set", is_other_charset},
      {"a comma in an ENUM's member has no backslash", is_member_with_comma},
      {"NULL is not the default", is_default_for_null},
      {"doubles in JSON have the fewest digits", is_document_with_other_digits},
      {"times in JSON are as the server shows them", is_document_with_times},
  };
  return kAll;
}

const std::vector<AllowedDifference>& allowed_schema_differences() {
  static const std::vector<AllowedDifference> kAll = {
      {"a statement has its own time, thread and row 0", is_of_statement},
      {"the table that a statement is about", is_table_of_statement},
      {"tableChanges is empty", has_no_table_changes},
      {"tableChanges of an index", is_table_of_index},
      {"primaryKeyColumnNames of a table without primary key", is_unique_key_named},
      {"columns are spelled as the catalog spells them", is_spelling_of_column},
  };
  return kAll;
}

}  // namespace rowtide::test
