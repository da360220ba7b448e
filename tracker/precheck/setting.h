#pragma once

#include <string>
#include <string_view>

#include "common/task/spec.h"

namespace rowtide::precheck {

/// How a server's variable is set for good. `value` as SQL wants it.
[[nodiscard]] std::string repair_of_setting(const task::Source& source, std::string_view name,
                                            std::string_view value);

/// The same for one that sessions take over when they begin.
[[nodiscard]] std::string repair_of_session_setting(const task::Source& source, std::string_view name,
                                                    std::string_view value);

}  // namespace rowtide::precheck
