#pragma once

#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <string>

#include "operator/kube/json_access.h"
#include "tests/support/temp_dir.h"

// What the tests of our CustomResourceDefinitions share.

namespace rowtide::op {

inline std::string read_source(const std::string& path) {
  std::ifstream file(test::source_root() / path);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

struct Answer {
  int status = 0;
  nlohmann::json body;
  bool accepted() const { return status >= 200 && status < 300; }
  /// Whether the refusal names this field ("spec.source.port").
  bool names(const std::string& field) const {
    const nlohmann::json* causes = kube::find_at(body, {"details", "causes"});
    if (causes == nullptr) return false;
    for (const nlohmann::json& cause : *causes)
      if (kube::string_at(cause, {"field"}) == field) return true;
    return false;
  }
  bool says(const std::string& words) const {
    return kube::string_at(body, {"message"}).find(words) != std::string_view::npos;
  }
};

using Visit = std::function<void(const nlohmann::json::json_pointer& at, const nlohmann::json& schema)>;

inline void walk(const nlohmann::json& schema, const nlohmann::json::json_pointer& at, const Visit& visit) {
  visit(at, schema);
  if (const nlohmann::json* properties = kube::find_at(schema, {"properties"})) {
    for (const auto& [name, property] : properties->items()) walk(property, at / name, visit);
  }
  if (schema.contains("items")) walk(schema["items"], at / 0, visit);
}

}  // namespace rowtide::op
