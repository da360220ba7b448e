#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/task/spec.h"

namespace rowtide::cleanup {

/// Of the topics that are there, those that the task's name template gives for a table that its objects
/// select, whether or not the source still has the table. Names that the template changes for Kafka's sake
/// are not recognised: they can be told only from the table. Pure.
[[nodiscard]] absl::StatusOr<std::vector<std::string>> matching_topics(
    const task::Task& task, const std::vector<std::string>& existing);

/// Could any table make this topic of the template? Pure.
[[nodiscard]] bool can_be_made(std::string_view name_template, std::string_view topic);

}  // namespace rowtide::cleanup
