#include "operator/kube/json_access.h"

#include <nlohmann/json.hpp>
#include <string>

namespace rowtide::op::kube {

const nlohmann::json* find_at(const nlohmann::json& object, std::initializer_list<const char*> path) {
  const nlohmann::json* at = &object;
  for (const char* name : path) {
    if (!at->is_object()) return nullptr;
    const auto member = at->find(name);
    if (member == at->end()) return nullptr;
    at = &*member;
  }
  return at;
}

std::string_view string_at(const nlohmann::json& object, std::initializer_list<const char*> path) {
  const nlohmann::json* value = find_at(object, path);
  const std::string* text = value == nullptr ? nullptr : value->get_ptr<const std::string*>();
  return text == nullptr ? std::string_view() : std::string_view(*text);
}

const nlohmann::json& value_at(const nlohmann::json& object, const char* pointer) {
  static const nlohmann::json kNull;
  const nlohmann::json::json_pointer path(pointer);
  return object.contains(path) ? object.at(path) : kNull;
}

std::string text_at(const nlohmann::json& object, const char* pointer) {
  const nlohmann::json& value = value_at(object, pointer);
  return value.is_string() ? value.get<std::string>() : std::string();
}

}  // namespace rowtide::op::kube
