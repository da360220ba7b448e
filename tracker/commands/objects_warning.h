#pragma once

#include <functional>
#include <stop_token>

#include "common/task/secrets.h"
#include "common/task/spec.h"

namespace rowtide::commands {

/// What a precheck would have told, where nobody ran one: a misspelt name selects nothing, for ever. Waits
/// until the source is reached, and logs.
void warn_of_objects(const task::Task& task, const task::SecretReader& secrets,
                     const std::function<bool()>& is_streaming, const std::stop_token& stop);

}  // namespace rowtide::commands
