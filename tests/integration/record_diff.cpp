#include "tests/integration/record_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>

namespace rowtide::test {
namespace {

using json = nlohmann::ordered_json;

/// When it was read, by which version of what: never the same.
bool is_of_the_reader(const std::string& path) {
  static const std::set<std::string> kPaths = {"value.ts_ms", "value.ts_us", "value.ts_ns",
                                               "value.source.version", "value.source.name"};
  return kPaths.contains(path);
}

json parsed(const std::optional<std::string>& text) {
  return text ? json::parse(*text) : json();
}

std::vector<std::string> names_of(const json& object) {
  std::vector<std::string> names;
  for (const auto& item : object.items()) names.push_back(item.key());
  return names;
}

/// "after" of "value.after.c1", "" where there is no such part.
std::string part(const std::string& path, std::size_t index) {
  std::size_t begin = 0;
  for (; index > 0; --index) {
    begin = path.find('.', begin);
    if (begin == std::string::npos) return "";
    ++begin;
  }
  return path.substr(begin, path.find('.', begin) - begin);
}

std::string column_of(const std::string& path) {
  if (part(path, 0) == "key") return part(path, 1);
  const std::string image = part(path, 1);
  return image == "before" || image == "after" ? part(path, 2) : "";
}

json headers_of(const KafkaRecord& record) {
  json headers = json::object();
  for (const auto& [name, value] : record.headers) {
    // extended.headers.enabled: which connector and which of its tasks it was. Of the reader, again.
    if (name.starts_with("__debezium.context.")) continue;
    const bool is_json = value && json::accept(*value);
    headers[name] = is_json ? json::parse(*value) : json(value.value_or("null"));
  }
  return headers;
}

}  // namespace

void RecordComparison::compare(const KafkaRecord& theirs, const KafkaRecord& ours) {
  ++records_;
  const json value = parsed(theirs.value);
  if (value.is_object() && value.contains("source") && value.at("source").at("table").is_string())
    table_ = value.at("source").at("table").get<std::string>();
  diff("key", parsed(theirs.key), parsed(ours.key));
  diff("value", value, parsed(ours.value));
  diff("headers", headers_of(theirs), headers_of(ours));
}

void RecordComparison::diff(const std::string& path, const json& theirs, const json& ours) {
  if (is_of_the_reader(path)) return;
  if (theirs.is_object() && ours.is_object()) {
    if (theirs.size() == ours.size() && names_of(theirs) != names_of(ours))
      return report(path + " (fields)", names_of(theirs), names_of(ours));
    for (const auto& item : theirs.items()) {
      if (!ours.contains(item.key())) {
        report(path + "." + item.key(), item.value(), "(no such field)");
      } else {
        diff(path + "." + item.key(), item.value(), ours.at(item.key()));
      }
    }
    for (const auto& item : ours.items()) {
      if (!theirs.contains(item.key()) && !is_of_the_reader(path + "." + item.key()))
        report(path + "." + item.key(), "(no such field)", item.value());
    }
    return;
  }
  if (theirs.is_array() && ours.is_array() && theirs.size() == ours.size() && !theirs.empty()) {
    for (std::size_t i = 0; i < theirs.size(); ++i) diff(fmt::format("{}.{}", path, i), theirs[i], ours[i]);
    return;
  }
  ++values_;
  // As text, where -1 is not 18446744073709551615; a double's digits may be written with an exponent or
  // without.
  const bool are_doubles = theirs.is_number_float() && ours.is_number_float();
  if (are_doubles ? theirs != ours : theirs.dump() != ours.dump()) report(path, theirs, ours);
}

void RecordComparison::report(const std::string& path, const json& theirs, const json& ours) {
  Difference found{.table = table_,
                   .column = column_of(path),
                   .column_type = "",
                   .path = path,
                   .theirs = theirs,
                   .ours = ours};
  const auto type = column_types_.find(found.table + "." + found.column);
  if (type != column_types_.end()) found.column_type = type->second;
  for (const AllowedDifference& kind : *allowed_kinds_) {
    if (!kind.covers(found)) continue;
    ++allowed_[kind.name];
    return;
  }
  constexpr std::size_t kShownOfEach = 2;
  if (seen_[found.table + path]++ >= kShownOfEach) return;
  unexpected_.push_back(fmt::format("{} {} {}\n    Debezium: {}\n    Rowtide:  {}", found.table, path,
                                    found.column_type.substr(0, 80), theirs.dump().substr(0, 400),
                                    ours.dump().substr(0, 400)));
}

}  // namespace rowtide::test
