#include "tracker/groups/group_place.h"

#include <absl/time/time.h>
#include <fmt/format.h>

#include <algorithm>

#include "common/status/reason.h"

namespace rowtide::groups {
namespace {

constexpr std::int64_t kMicrosPerMs = 1000;
constexpr std::size_t kMaxNamed = 5;

std::string to_text(std::int64_t ms) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::FromUnixMillis(ms), absl::UTCTimeZone());
}

absl::Status outside(const task::ConsumerGroup& group, const std::string& why) {
  return failure(
      absl::StatusCode::kFailedPrecondition, "TimeOutsideDataRange",
      fmt::format("consumer group {} cannot begin at {}: {}; choose another spec.checkpoint.time, or "
                  "mode Earliest or Latest",
                  group.group_id, to_text(group.start_us / kMicrosPerMs), why));
}

}  // namespace

PlaceAction decide_place(const task::ConsumerGroup& group, const GroupNote& note,
                         const TopicSurvey::Places& places) {
  if (group.checkpoint_nonce > note.applied_nonce) return PlaceAction::Move;
  const auto has_place = [](const auto& place) { return place.has_value(); };
  if (std::all_of(places.begin(), places.end(), has_place)) return PlaceAction::Keep;
  const bool has_any = std::any_of(places.begin(), places.end(), has_place);
  if (has_any) return PlaceAction::Complete;
  return note.has_begun ? PlaceAction::Lost : PlaceAction::Begin;
}

absl::Status check_start_time(const task::ConsumerGroup& group, std::span<const PartitionView> views,
                              std::int64_t now_ms) {
  if (group.start != task::GroupStart::Timestamp) return absl::OkStatus();
  const std::int64_t start_ms = group.start_us / kMicrosPerMs;
  if (start_ms > now_ms) return outside(group, "that time has not come yet");
  const std::optional<std::int64_t> begin = data_begin_ms(views);
  if (!begin || start_ms >= *begin) return absl::OkStatus();
  return outside(group, fmt::format("the topics hold the records from {} to {}", to_text(*begin),
                                    to_text(data_end_ms(views).value_or(*begin))));
}

std::string lost_before(std::span<const PartitionView> views, const TopicSurvey::Places& places) {
  std::string lost;
  std::size_t count = 0;
  for (std::size_t i = 0; i < views.size(); ++i) {
    const PartitionView& view = views[i];
    if (!places[i] || *places[i] >= view.ends.begin) continue;
    if (++count > kMaxNamed) continue;
    lost += fmt::format("{}{} partition {}: offsets {} to {}", lost.empty() ? "" : ", ", view.partition.topic,
                        view.partition.number, *places[i], view.ends.begin - 1);
  }
  if (count > kMaxNamed) lost += fmt::format(" and {} partitions more", count - kMaxNamed);
  return lost;
}

}  // namespace rowtide::groups
