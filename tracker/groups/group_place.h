#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/task/consumer_group.h"
#include "common/task/group_status.h"
#include "tracker/groups/group_admin.h"
#include "tracker/groups/group_memory.h"
#include "tracker/groups/topic_survey.h"

namespace rowtide::groups {

/// What a group's place needs.
enum class PlaceAction {
  Keep,      ///< it has its place
  Begin,     ///< it has none: spec.checkpoint
  Move,      ///< a higher spec.checkpointNonce: spec.checkpoint again
  Fill,      ///< it has a place in some partitions, and was never given one: spec.checkpoint for the others
  Complete,  ///< it has begun, and there are partitions since: those from their beginning
  Lost,      ///< it has begun, and Kafka has forgotten its place: for somebody to decide
};

/// Decides by the group's document, what was done before, and its places, which belong to `views`.
[[nodiscard]] PlaceAction decide_place(const task::ConsumerGroup& group, const GroupNote& note,
                                       const TopicSurvey::Places& places);

/// FAILED_PRECONDITION with reason TimeOutsideDataRange when spec.checkpoint.time is one from which the
/// topics do not hold every record, or not come yet.
[[nodiscard]] absl::Status check_start_time(const task::ConsumerGroup& group,
                                            std::span<const PartitionView> views, std::int64_t now_ms);

/// The same for a partition that was emptied, of which nothing says what it held: fit are times since which
/// its topic deletes nothing. `kept_ms`: for how long it keeps records; nullopt: not known.
[[nodiscard]] absl::Status check_emptied(const task::ConsumerGroup& group, const PartitionView& view,
                                         std::optional<std::int64_t> kept_ms, std::int64_t now_ms);

/// The group has no place there, or none but what note_of_move() stands beside: no consumer has committed
/// one.
[[nodiscard]] bool is_of_nobody(const std::optional<GroupPlace>& committed);

/// From where on the group has what it has not read. A partition without a place, of a group that has others,
/// counts from its beginning; one that is `passed_over` as read to its end.
[[nodiscard]] TopicSurvey::Places counted_places(std::span<const PartitionView> views,
                                                 TopicSurvey::Places places,
                                                 const std::vector<bool>& passed_over);

/// Where the places are in front of what the topics still hold: which offsets are gone, by partition. Empty:
/// nothing is lost. A single offset is taken for the mark of a transaction, which stands behind all that a
/// consumer commits.
[[nodiscard]] std::string lost_before(std::span<const PartitionView> views,
                                      const TopicSurvey::Places& places);
/// Where the places are behind the end, as of a topic that was deleted and made anew. Empty: nowhere.
[[nodiscard]] std::string beyond_end(std::span<const PartitionView> views, const TopicSurvey::Places& places);

/// What is committed beside the offsets of a move, until a consumer commits: known even if nothing else is.
[[nodiscard]] std::string note_of_move(std::int64_t nonce);
/// The nonce of the move that all these places are of; nullopt: of none.
[[nodiscard]] std::optional<std::int64_t> move_noted(const std::vector<std::optional<GroupPlace>>& places);

/// Whether something was committed since the move was begun: its own offsets, or those of consumers, which
/// begin where it put them. `committed` belongs to `partitions`.
[[nodiscard]] bool is_carried_out(const BegunMove& move, std::span<const Partition> partitions,
                                  const std::vector<std::optional<GroupPlace>>& committed);

}  // namespace rowtide::groups
