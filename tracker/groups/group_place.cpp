#include "tracker/groups/group_place.h"

#include <absl/time/time.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>

#include "common/status/reason.h"

namespace rowtide::groups {
namespace {

constexpr std::int64_t kMicrosPerMs = 1000;
constexpr std::size_t kMaxNamed = 5;
constexpr std::string_view kMoveMark = "rowtide move ";

/// "shop.orders partition 3: WORDS", of the partitions of which `words` says any.
template <class Words>
std::string listed(std::span<const PartitionView> views, const TopicSurvey::Places& places,
                   const Words& words) {
  std::string list;
  std::size_t count = 0;
  for (std::size_t i = 0; i < views.size(); ++i) {
    const Partition& partition = views[i].partition;
    const std::string said = places[i] ? words(views[i], *places[i]) : std::string();
    if (said.empty() || ++count > kMaxNamed) continue;
    list += fmt::format("{}{} partition {}: {}", list.empty() ? "" : ", ", partition.topic, partition.number,
                        said);
  }
  if (count > kMaxNamed) list += fmt::format(" and {} partitions more", count - kMaxNamed);
  return list;
}

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
  if (has_any) return note.has_begun ? PlaceAction::Complete : PlaceAction::Fill;
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

absl::Status check_emptied(const task::ConsumerGroup& group, const PartitionView& view,
                           std::optional<std::int64_t> kept_ms, std::int64_t now_ms) {
  const bool is_emptied = view.ends.begin == view.ends.end && view.ends.begin > 0;
  if (group.start != task::GroupStart::Timestamp || !is_emptied) return absl::OkStatus();
  if (kept_ms && group.start_us / kMicrosPerMs >= now_ms - *kept_ms) return absl::OkStatus();
  return outside(group, fmt::format("{} partition {} holds no records any more, and whether some came after "
                                    "that time cannot be known",
                                    view.partition.topic, view.partition.number));
}

bool is_of_nobody(const std::optional<GroupPlace>& committed) {
  return !committed || committed->note.starts_with(kMoveMark);
}

TopicSurvey::Places counted_places(std::span<const PartitionView> views, TopicSurvey::Places places,
                                   const std::vector<bool>& passed_over) {
  const bool has_any =
      std::any_of(places.begin(), places.end(), [](const auto& place) { return place.has_value(); });
  if (!has_any) return places;
  for (std::size_t i = 0; i < views.size(); ++i) {
    if (passed_over[i]) places[i] = views[i].ends.end;
    if (!places[i]) places[i] = views[i].ends.begin;
  }
  return places;
}

std::string lost_before(std::span<const PartitionView> views, const TopicSurvey::Places& places) {
  return listed(views, places, [](const PartitionView& view, std::int64_t place) {
    return place + 1 < view.ends.begin ? fmt::format("offsets {} to {}", place, view.ends.begin - 1) : "";
  });
}

std::string beyond_end(std::span<const PartitionView> views, const TopicSurvey::Places& places) {
  return listed(views, places, [](const PartitionView& view, std::int64_t place) {
    return place > view.ends.end ? fmt::format("offset {}, the end is {}", place, view.ends.end) : "";
  });
}

std::string note_of_move(std::int64_t nonce) {
  return fmt::format("{}{}", kMoveMark, nonce);
}

std::optional<std::int64_t> move_noted(const std::vector<std::optional<GroupPlace>>& places) {
  std::optional<std::int64_t> nonce;
  for (const std::optional<GroupPlace>& place : places) {
    if (!place || !place->note.starts_with(kMoveMark)) return std::nullopt;
    const std::string_view digits = std::string_view(place->note).substr(kMoveMark.size());
    std::int64_t noted = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), noted);
    if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    nonce = std::min(nonce.value_or(noted), noted);
  }
  return nonce;
}

bool is_carried_out(const BegunMove& move, std::span<const Partition> partitions,
                    const std::vector<std::optional<GroupPlace>>& committed) {
  const std::string mark = note_of_move(move.nonce);
  for (std::size_t i = 0; i < committed.size(); ++i) {
    if (!committed[i]) continue;  // Kafka forgets places, too
    if (committed[i]->note == mark) return true;
    const auto before = move.from.find(partitions[i]);
    if (before != move.from.end() && before->second != committed[i]->offset) return true;
  }
  return false;
}

}  // namespace rowtide::groups
