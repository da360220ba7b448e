#include "operator/kube/json_access.h"

#include <charconv>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>

namespace rowtide::op::kube {
namespace {

const nlohmann::json* member_at(const nlohmann::json& object, std::string_view name) {
  if (!object.is_object()) return nullptr;
  const auto member = object.find(name);
  return member == object.end() ? nullptr : &*member;
}

const nlohmann::json* item_at(const nlohmann::json& array, std::string_view token) {
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), index);
  const bool is_index = error == std::errc() && end == token.data() + token.size();
  return is_index && index < array.size() ? &array[index] : nullptr;
}

}  // namespace

const nlohmann::json* find_at(const nlohmann::json& object, std::initializer_list<const char*> path) {
  const nlohmann::json* at = &object;
  for (const char* name : path) {
    at = member_at(*at, name);
    if (at == nullptr) return nullptr;
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
  const nlohmann::json* at = &object;
  for (std::string_view rest = pointer; !rest.empty();) {
    rest.remove_prefix(1);
    const std::string_view token = rest.substr(0, rest.find('/'));
    rest.remove_prefix(token.size());
    at = at->is_array() ? item_at(*at, token) : member_at(*at, token);
    if (at == nullptr) return kNull;
  }
  return *at;
}

std::string text_at(const nlohmann::json& object, const char* pointer) {
  const nlohmann::json& value = value_at(object, pointer);
  return value.is_string() ? value.get<std::string>() : std::string();
}

}  // namespace rowtide::op::kube
