#include "tracker/groups/group_rival.h"

#include <fmt/format.h>

#include "common/status/reason.h"

namespace rowtide::groups {
namespace {

constexpr std::int64_t kDayMs = 24LL * 60 * 60 * 1000;
/// Longer than a tracker is away; of a ConsumerGroup that went with its task nobody takes the note back.
constexpr std::int64_t kClaimMs = 3 * kDayMs;

/// Of whichever task: one that was made anew for another task is the same to its consumers.
bool is_of_one_name(const std::string& owner, const std::string& other) {
  return owner.substr(0, owner.find('/')) == other.substr(0, other.find('/')) &&
         owner.substr(owner.rfind('/') + 1) == other.substr(other.rfind('/') + 1);
}

}  // namespace

std::string owner_of(const task::ConsumerGroup& group) {
  return fmt::format("{}/{}/{}", group.group_namespace, group.task, group.name);
}

std::string identity_of(const task::ConsumerGroup& group) {
  return group.uid.empty() ? owner_of(group) : group.uid;
}

absl::Status check_rivals(const task::ConsumerGroup& group, const GroupNotes& notes, std::int64_t now_ms) {
  const std::string own_identity = identity_of(group);
  const std::string own = owner_of(group);
  for (const auto& [identity, other] : notes) {
    if (identity == own_identity || !other.ok() || other->group_id != group.group_id) continue;
    if (is_of_one_name(other->owner, own) || now_ms - other->kept_at_ms > kClaimMs) continue;
    // Who may read this group need not know of those of other namespaces.
    const std::string who = other->owner.starts_with(group.group_namespace + "/")
                                ? "the ConsumerGroup " + other->owner
                                : "another ConsumerGroup in another namespace";
    return failure(absl::StatusCode::kFailedPrecondition, kDuplicateGroup,
                   fmt::format("{} keeps the group {} of the same Kafka; make this one anew with another "
                               "spec.groupId, or delete the other, which is passed over three days after its "
                               "tracker has kept it last",
                               who, group.group_id));
  }
  return absl::OkStatus();
}

void claim(const task::ConsumerGroup& group, std::int64_t now_ms, GroupNote& note) {
  const bool is_new = note.group_id != group.group_id || note.owner != owner_of(group);
  if (!is_new && now_ms - note.kept_at_ms < kDayMs) return;
  note.group_id = group.group_id;
  note.owner = owner_of(group);
  note.kept_at_ms = now_ms;
}

}  // namespace rowtide::groups
