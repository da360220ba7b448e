#pragma once

#include <nlohmann/json_fwd.hpp>

namespace rowtide::op::tasks {

/// The condition by which a Job is known to have ended; null while it runs. Lives as long as `job`.
[[nodiscard]] const nlohmann::json& end_condition(const nlohmann::json& job);

/// With that condition: it did what it was for.
[[nodiscard]] bool is_complete(const nlohmann::json& end);

}  // namespace rowtide::op::tasks
