#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "common/task/consumer_group.h"
#include "tracker/groups/group_memory.h"

namespace rowtide::groups {

/// "<namespace>/<task>/<name>".
[[nodiscard]] std::string owner_of(const task::ConsumerGroup& group);
/// GroupNotes' key.
[[nodiscard]] std::string identity_of(const task::ConsumerGroup& group);

/// reason_of() what check_rivals() refuses.
inline constexpr std::string_view kDuplicateGroup = "DuplicateGroup";

/// FAILED_PRECONDITION with kDuplicateGroup when another ConsumerGroup has the same group in this
/// Kafka, by what its tracker noted. The operator compares the names of brokers, of which one Kafka may have
/// several, and without an operator nobody else does. One that was made anew under its old name, for
/// whichever task, is no other.
[[nodiscard]] absl::Status check_rivals(const task::ConsumerGroup& group, const GroupNotes& notes,
                                        std::int64_t now_ms);

/// Notes that the group is kept for this ConsumerGroup; the time only once a day.
void claim(const task::ConsumerGroup& group, std::int64_t now_ms, GroupNote& note);

}  // namespace rowtide::groups
