#include "tracker/groups/topic_survey.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "common/status/try.h"

namespace rowtide::groups {
namespace {

// Marks and records taken back at a partition's end, behind its last record.
constexpr std::int64_t kFirstLookBack = 2;
constexpr std::int64_t kFurtherBack = 16;
constexpr std::int64_t kMaxLookBack = 8192;
// Times of places are remembered for about as many as twenty groups have in some dozens of partitions.
constexpr std::size_t kMaxPlaceTimes = 4096;

absl::Status timed_out(const Partition& partition) {
  return absl::UnavailableError(
      fmt::format("topic {} partition {} could not be read in time; check that its brokers run",
                  partition.topic, partition.number));
}

}  // namespace

std::optional<std::int64_t> data_begin_ms(std::span<const PartitionView> views) {
  std::optional<std::int64_t> whole;  // where nothing was taken, the oldest record
  std::optional<std::int64_t> taken;  // else the youngest of the partitions' oldest
  for (const PartitionView& view : views) {
    if (!view.first_ms) continue;
    whole = std::min(whole.value_or(*view.first_ms), *view.first_ms);
    if (view.ends.begin > 0) taken = std::max(taken.value_or(*view.first_ms), *view.first_ms);
  }
  return taken ? taken : whole;
}

std::optional<std::int64_t> data_end_ms(std::span<const PartitionView> views) {
  std::optional<std::int64_t> end;
  for (const PartitionView& view : views) {
    if (view.last_ms) end = std::max(end.value_or(*view.last_ms), *view.last_ms);
  }
  return end;
}

absl::StatusOr<std::optional<std::int64_t>> TopicSurvey::time_at(TopicReader& reader,
                                                                 const Partition& partition,
                                                                 std::int64_t offset, Deadline deadline) {
  std::optional<std::int64_t> found;
  ASSIGN_OR_RETURN(const ReadTo read_to,
                   reader.read(partition, offset, deadline, [&](const SeenRecord& record) {
                     found = to_ms(record.timestamp);
                     return false;
                   }));
  if (read_to.is_timed_out) return timed_out(partition);
  return found;
}

absl::StatusOr<std::optional<std::int64_t>> TopicSurvey::time_of_last(TopicReader& reader,
                                                                      const Partition& partition,
                                                                      const PartitionEnds& ends,
                                                                      Deadline deadline) {
  std::optional<std::int64_t> found;
  for (std::int64_t back = kFirstLookBack; back <= kMaxLookBack && !found; back *= kFurtherBack) {
    const std::int64_t from = std::max(ends.begin, ends.end - back);
    ASSIGN_OR_RETURN(const ReadTo read_to,
                     reader.read(partition, from, deadline, [&](const SeenRecord& record) {
                       found = to_ms(record.timestamp);
                       return record.offset + 1 < ends.end;
                     }));
    if (read_to.is_timed_out) return timed_out(partition);
    if (from == ends.begin) break;
  }
  return found;
}

/// Of partitions that are no more, and of one whose topic was made anew.
void TopicSurvey::forget(const Partition& partition) {
  first_.erase(partition);
  last_.erase(partition);
  counts_.erase(partition);
  std::erase_if(place_times_, [&](const auto& known) { return known.first.first == partition; });
}

void TopicSurvey::forget_others(std::span<const PartitionView> views) {
  std::set<Partition> there;
  for (const PartitionView& view : views) there.insert(view.partition);
  std::vector<Partition> gone;
  for (const auto& [partition, time] : last_) {
    if (!there.contains(partition)) gone.push_back(partition);
  }
  for (const Partition& partition : gone) forget(partition);
}

absl::StatusOr<std::vector<PartitionView>> TopicSurvey::look(TopicReader& reader,
                                                             const std::vector<std::string>& topics,
                                                             Deadline deadline) {
  std::vector<PartitionView> views;
  for (const std::string& topic : topics) {
    ASSIGN_OR_RETURN(const std::vector<Partition> partitions, reader.partitions(topic, deadline));
    for (const Partition& partition : partitions) {
      ASSIGN_OR_RETURN(const PartitionEnds ends, reader.ends(partition, deadline));
      if (const auto known = last_.find(partition); known != last_.end() && known->second.offset > ends.end)
        forget(partition);
      TimeAt& first = first_[partition];
      // A partition that was empty is looked at again when it has grown.
      if (first.offset != ends.begin || (!first.ms && last_[partition].offset != ends.end)) {
        ASSIGN_OR_RETURN(first.ms, time_at(reader, partition, ends.begin, deadline));
        first.offset = ends.begin;
      }
      TimeAt& last = last_[partition];
      if (last.offset != ends.end) {
        ASSIGN_OR_RETURN(last.ms, time_of_last(reader, partition, ends, deadline));
        last.offset = ends.end;
      }
      views.push_back({partition, ends, first.ms, last.ms});
    }
  }
  forget_others(views);
  return views;
}

absl::Status TopicSurvey::count(TopicReader& reader, std::span<const PartitionView> views,
                                const std::vector<Places>& groups, Deadline until) {
  for (std::size_t i = 0; i < views.size(); ++i) {
    const PartitionView& view = views[i];
    std::optional<std::int64_t> slowest;
    for (const Places& places : groups) {
      if (!places.at(i)) continue;
      const std::int64_t place = std::max(*places[i], view.ends.begin);
      slowest = std::min(slowest.value_or(place), place);
    }
    if (!slowest || *slowest >= view.ends.end) continue;
    RecordCount& counted = counts_[view.partition];
    if (*slowest < counted.begin() || *slowest > counted.end()) counted.restart(*slowest);
    counted.forget_before(*slowest);
    if (counted.end() >= view.ends.end) continue;
    if (std::chrono::steady_clock::now() >= until) return absl::OkStatus();  // the next look goes on
    ASSIGN_OR_RETURN(const ReadTo read_to,
                     reader.read(view.partition, counted.end(), until, [&](const SeenRecord& record) {
                       counted.met(record.offset);
                       return record.offset + 1 < view.ends.end;
                     }));
    counted.pass_to(read_to.next);
  }
  return absl::OkStatus();
}

absl::StatusOr<Unconsumed> TopicSurvey::unconsumed(TopicReader& reader, std::span<const PartitionView> views,
                                                   const Places& places, Deadline deadline) {
  Unconsumed sum;
  for (std::size_t i = 0; i < views.size(); ++i) {
    const PartitionView& view = views[i];
    if (!places.at(i)) continue;
    const std::int64_t place = std::max(*places[i], view.ends.begin);
    if (place >= view.ends.end) continue;
    const RecordCount& counted = counts_[view.partition];
    const bool is_begun = counted.begin() <= place && place <= counted.end();
    const std::int64_t counted_to = is_begun ? std::min(counted.end(), view.ends.end) : place;
    const std::int64_t records = is_begun ? counted.from(place) : 0;
    sum.records += records + (view.ends.end - counted_to);
    sum.is_exact = sum.is_exact && counted_to >= view.ends.end;
    if (records == 0 && counted_to >= view.ends.end) continue;  // only marks

    if (place_times_.size() > kMaxPlaceTimes) place_times_.clear();
    auto known = place_times_.find({view.partition, place});
    if (known == place_times_.end()) {
      ASSIGN_OR_RETURN(const auto ms, time_at(reader, view.partition, place, deadline));
      if (!ms) continue;  // only marks, that are not counted yet
      known = place_times_.emplace(std::pair(view.partition, place), *ms).first;
    }
    sum.first_ms = std::min(sum.first_ms.value_or(known->second), known->second);
  }
  return sum;
}

}  // namespace rowtide::groups
