#pragma once

#include <yaml-cpp/yaml.h>

#include <string>
#include <vector>

namespace rowtide::task {

/// The documents of a YAML text. Throws YAML::Exception where it is none; YAML::LoadAll() alone would never
/// return from some of those, such as "," (yaml-cpp 0.7: its parser makes no progress there).
[[nodiscard]] std::vector<YAML::Node> load_documents(const std::string& text);

}  // namespace rowtide::task
