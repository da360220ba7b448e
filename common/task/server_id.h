#pragma once

#include <cstdint>
#include <string_view>

#include "common/task/spec.h"

namespace rowtide::task {

/// The server id with which a task's tracker registers at the source: spec.source.serverId, or one derived
/// from the task's identity: stable over restarts, from 2^30 up, so that it does not meet ids that people
/// give by hand.
[[nodiscard]] std::uint32_t effective_server_id(const Task& task);

/// The same for any text, with room for `count` ids from it on.
[[nodiscard]] std::uint32_t derived_server_id(std::string_view text, std::uint32_t count = 1);

}  // namespace rowtide::task
