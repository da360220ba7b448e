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

}  // namespace rowtide::op::kube
