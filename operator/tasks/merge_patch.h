#pragma once

#include <nlohmann/json.hpp>

namespace rowtide::op::tasks {

/// The merge patch (RFC 7386) that makes `to` of `from`; an empty object if they are the same. Null values in
/// `to` are not told from absent ones.
[[nodiscard]] inline nlohmann::json merge_patch_between(const nlohmann::json& from,
                                                        const nlohmann::json& to) {
  nlohmann::json patch = nlohmann::json::object();
  for (const auto& [key, value] : from.items()) {
    if (!to.contains(key)) patch[key] = nullptr;
  }
  for (const auto& [key, value] : to.items()) {
    if (!from.contains(key)) {
      patch[key] = value;
    } else if (from.at(key).is_object() && value.is_object()) {
      nlohmann::json inner = merge_patch_between(from.at(key), value);
      if (!inner.empty()) patch[key] = std::move(inner);
    } else if (from.at(key) != value) {
      patch[key] = value;
    }
  }
  return patch;
}

}  // namespace rowtide::op::tasks
