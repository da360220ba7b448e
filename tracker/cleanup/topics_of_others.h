#pragma once

#include <map>
#include <string>
#include <vector>

#include "tracker/checkpoint/owner.h"

namespace rowtide::cleanup {

/// Of these topics, those that may be another task's, each with that task's name: all that its topic.name
/// gives for any table, since its objects are not known here. Pure.
[[nodiscard]] std::map<std::string, std::string> topics_of_others(
    const std::vector<std::string>& topics, const checkpoint::Owner& ours,
    const std::vector<checkpoint::Owner>& others);

}  // namespace rowtide::cleanup
