#include "common/task/document.h"

#include <absl/time/time.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <set>

#include "common/bytes/utf8.h"

namespace rowtide::task {
namespace {

constexpr std::size_t kShownValue = 80;

std::string shown(const YAML::Node& node) {
  if (!node.IsDefined() || node.IsNull()) return "(not set)";
  if (node.IsMap()) return "(a map)";
  if (node.IsSequence()) return "(a list)";
  return cut(node.Scalar(), kShownValue);
}

bool is_quoted(const YAML::Node& node) {
  return node.Tag() == "!";
}

/// Replaces every ${env:NAME} in `text`; the name of one that is not set goes to `missing`.
std::string replace_environment(const std::string& text, std::string& missing) {
  static constexpr std::string_view kOpen = "${env:";
  std::string result;
  std::size_t position = 0;
  while (true) {
    const std::size_t open = text.find(kOpen, position);
    const std::size_t close = open == std::string::npos ? open : text.find('}', open);
    if (close == std::string::npos) return result + text.substr(position);
    const std::string name = text.substr(open + kOpen.size(), close - open - kOpen.size());
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) missing = name;
    result += text.substr(position, open - position) + (value == nullptr ? "" : value);
    position = close + 1;
  }
}

nlohmann::json to_json_value(const YAML::Node& node) {
  if (node.IsMap()) {
    auto object = nlohmann::json::object();
    for (const auto& entry : node) object[entry.first.Scalar()] = to_json_value(entry.second);
    return object;
  }
  if (node.IsSequence()) {
    auto list = nlohmann::json::array();
    for (const auto& item : node) list.push_back(to_json_value(item));
    return list;
  }
  if (!node.IsDefined() || node.IsNull()) return nullptr;
  const std::string& text = node.Scalar();
  if (!is_quoted(node)) {
    if (text == "true" || text == "false") return text == "true";
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc{} && end == text.data() + text.size()) return number;
  }
  return text;
}

}  // namespace

bool Field::is_map_of(std::initializer_list<std::string_view> keys) const {
  if (!present()) return true;
  if (!node_.IsMap()) {
    refuse_without_value("a map of fields");  // a password may stand where its map belongs
    return false;
  }
  std::set<std::string> seen;
  for (const auto& entry : node_) {
    const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "?";
    const std::string key_path = path_.empty() ? key : path_ + "." + key;
    const int line = entry.first.Mark().line + 1;
    if (!seen.insert(key).second) {
      context_->errors.push_back({key_path, "", "the field stands here twice; keep one", line});
    }
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) {
      const std::string_view why = key == "<<" ? ": YAML's merge is not read, write the fields out" : "";
      context_->errors.push_back(
          {key_path, "", fmt::format("{}{}; known here: {}", kUnknownField, why, fmt::join(keys, ", ")),
           line});
    }
  }
  return true;
}

Field Field::operator[](std::string_view key) const {
  const std::string name(key);
  const std::string path = path_.empty() ? name : path_ + "." + name;
  // A const node's operator[] gives a zombie for an absent key; on a scalar it throws.
  const YAML::Node& node = node_;
  return {node.IsDefined() && node.IsMap() ? node[name] : YAML::Node(YAML::NodeType::Undefined), path,
          *context_};
}

std::vector<Field> Field::items(std::size_t most) const {
  std::vector<Field> fields;
  if (!present()) return fields;
  if (!node_.IsSequence()) {
    refuse("a list");
    return fields;
  }
  if (node_.size() == 0) note_default();
  if (node_.size() > most) refuse(fmt::format("at most {} items (there are {})", most, node_.size()));
  for (std::size_t i = 0; i < node_.size(); ++i) {
    fields.emplace_back(node_[i], fmt::format("{}[{}]", path_, i), *context_);
  }
  return fields;
}

std::map<std::string, Field> Field::entries(std::size_t most) const {
  std::map<std::string, Field> fields;
  if (!present()) return fields;
  if (!node_.IsMap()) {
    refuse("a map");
    return fields;
  }
  if (node_.size() == 0) note_default();
  if (node_.size() > most) refuse(fmt::format("at most {} entries (there are {})", most, node_.size()));
  for (const auto& entry : node_) {
    const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "?";
    fields.emplace(key, Field(entry.second, path_ + "." + key, *context_));
  }
  return fields;
}

bool Field::is_scalar_or_refuse(std::string_view wanted) const {
  if (node_.IsScalar()) return true;
  refuse(std::string(wanted));
  return false;
}

std::string Field::text(std::string fallback) const {
  if (!present()) return fallback;
  if (!is_scalar_or_refuse("a text")) return fallback;
  if (node_.Scalar() == fallback) note_default();
  if (context_->mode == Mode::Kubernetes) return node_.Scalar();
  std::string missing;
  std::string value = replace_environment(node_.Scalar(), missing);
  if (!missing.empty()) {
    refuse(fmt::format("the environment variable {} is not set; set it", missing));
  }
  return value;
}

std::string Field::required_text(std::string_view what) const {
  const std::size_t errors = context_->errors.size();
  std::string value = text();
  if (value.empty() && context_->errors.size() == errors) refuse(fmt::format("required: {}", what));
  return value;
}

std::vector<std::string> Field::texts(std::size_t most) const {
  std::vector<std::string> values;
  for (const Field& item : items(most)) values.push_back(item.required_text("a text"));
  return values;
}

bool Field::boolean(bool fallback) const {
  if (!present()) return fallback;
  if (!is_scalar_or_refuse("true or false")) return fallback;
  for (const bool value : {true, false}) {
    if (is_quoted(node_) || node_.Scalar() != (value ? "true" : "false")) continue;
    if (value == fallback) note_default();
    return value;
  }
  refuse(is_quoted(node_) ? "true or false, without quotes" : "true or false");
  return fallback;
}

std::int64_t Field::integer(std::int64_t least, std::int64_t most, std::int64_t fallback) const {
  if (!present()) return fallback;
  const std::string wanted = fmt::format("a number from {} to {}", least, most);
  if (!is_scalar_or_refuse(wanted)) return fallback;
  const std::string number = text();
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (is_quoted(node_) || error != std::errc{} || end != number.data() + number.size() || value < least ||
      value > most) {
    refuse(wanted + (is_quoted(node_) ? ", without quotes" : ""));
    return fallback;
  }
  if (value == fallback) note_default();
  return value;
}

std::int64_t Field::time_us() const {
  const std::string written = text();
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, written, &time, &error) || time < absl::UnixEpoch() ||
      time > absl::FromUnixSeconds(UINT32_MAX)) {
    refuse("a time from 1970 to 2106 with its offset, e.g. 2026-01-31T12:00:00Z");
    return 0;
  }
  return absl::ToUnixMicros(time);
}

std::string Field::json() const {
  // Kubernetes refuses what is not UTF-8; a file may hold it.
  return present() ? to_json_value(node_).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) : "";
}

void Field::note_default() const {
  if (present()) context_->defaults.push_back(path_);
}

void Field::note_ignored() const {
  if (present()) context_->ignored.push_back(path_);
}

void Field::refuse(std::string message) const {
  context_->errors.push_back(
      {path_, shown(node_), std::move(message), present() ? node_.Mark().line + 1 : 0});
}

void Field::refuse_without_value(std::string message) const {
  context_->errors.push_back({path_, "", std::move(message), present() ? node_.Mark().line + 1 : 0});
}

}  // namespace rowtide::task
