#pragma once

#include <initializer_list>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace rowtide::op::kube {

/// The value at a path of object members; nullptr where one is missing or not an object. Never throws, unlike
/// operator[] and at(): what comes from the server may have any shape.
const nlohmann::json* find_at(const nlohmann::json& object, std::initializer_list<const char*> path);

/// The string at the path; empty if there is none. Lives as long as `object`.
std::string_view string_at(const nlohmann::json& object, std::initializer_list<const char*> path);

/// The value at a JSON pointer without escapes ("/status/containerStatuses/0"); null if there is none. Lives
/// as long as `object`. Dozens are asked for each time that a task is looked at: nothing is allocated.
const nlohmann::json& value_at(const nlohmann::json& object, const char* pointer);

/// The string there; empty if there is none.
std::string text_at(const nlohmann::json& object, const char* pointer);

}  // namespace rowtide::op::kube
