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
constexpr std::size_t kAtOnce = 32;  // partitions that are read together
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

absl::Status TopicSurvey::times_at(TopicReader& reader, const std::vector<ReadFrom>& places,
                                   Deadline deadline, const OnTime& on_time) const {
  for (std::size_t begin = 0; begin < places.size(); begin += kAtOnce) {
    const auto part = std::span(places).subspan(begin, std::min(kAtOnce, places.size() - begin));
    std::vector<std::optional<std::int64_t>> found(part.size());
    ASSIGN_OR_RETURN(const std::vector<ReadTo> read_to,
                     reader.read_each(part, deadline, [&](std::size_t i, const SeenRecord& record) {
                       found[i] = to_ms(record.timestamp);
                       return false;
                     }));
    const Partition* late = nullptr;
    for (std::size_t i = 0; i < part.size(); ++i) {
      if (read_to[i].is_timed_out) {
        late = &part[i].partition;
      } else {
        on_time(begin + i, found[i]);
      }
    }
    if (late != nullptr) return timed_out(*late);
  }
  return absl::OkStatus();
}

/// A partition that was empty is looked at again when it has grown.
absl::Status TopicSurvey::look_at_beginnings(TopicReader& reader, const std::vector<PartitionView>& views,
                                             Deadline deadline) {
  std::vector<ReadFrom> places;
  for (const PartitionView& view : views) {
    TimeAt& first = first_[view.partition];
    if (first.offset == view.ends.begin && (first.ms || last_[view.partition].offset == view.ends.end))
      continue;
    if (view.ends.begin < view.ends.end) {
      places.push_back({view.partition, view.ends.begin});
    } else {
      first = {.offset = view.ends.begin, .ms = std::nullopt};
    }
  }
  return times_at(reader, places, deadline, [&](std::size_t i, std::optional<std::int64_t> ms) {
    first_[places[i].partition] = {.offset = places[i].offset, .ms = ms};
  });
}

/// Of those that have a record among their last `back` offsets.
absl::StatusOr<std::map<Partition, std::int64_t>> TopicSurvey::times_of_last(
    TopicReader& reader, std::span<const PartitionView> views, std::int64_t back, Deadline deadline) const {
  std::vector<ReadFrom> places;
  for (const PartitionView& view : views)
    places.push_back({view.partition, std::max(view.ends.begin, view.ends.end - back)});
  std::map<Partition, std::int64_t> found;
  ASSIGN_OR_RETURN(const std::vector<ReadTo> read_to,
                   reader.read_each(places, deadline, [&](std::size_t i, const SeenRecord& record) {
                     found[places[i].partition] = to_ms(record.timestamp);
                     return record.offset + 1 < views[i].ends.end;
                   }));
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (read_to[i].is_timed_out) return timed_out(places[i].partition);
  }
  return found;
}

/// `views`: of those that have grown.
absl::Status TopicSurvey::look_at_ends(TopicReader& reader, std::vector<PartitionView> views,
                                       Deadline deadline) {
  for (std::int64_t back = kFirstLookBack; !views.empty(); back *= kFurtherBack) {
    std::vector<PartitionView> further;
    for (std::size_t begin = 0; begin < views.size(); begin += kAtOnce) {
      const auto part = std::span(views).subspan(begin, std::min(kAtOnce, views.size() - begin));
      ASSIGN_OR_RETURN(const auto times, times_of_last(reader, part, back, deadline));
      for (const PartitionView& view : part) {
        const auto time = times.find(view.partition);
        const bool is_whole = view.ends.end - back <= view.ends.begin || back * kFurtherBack > kMaxLookBack;
        if (time == times.end() && !is_whole) {
          further.push_back(view);
        } else {
          last_[view.partition] = {.offset = view.ends.end,
                                   .ms = time != times.end() ? std::optional(time->second) : std::nullopt};
        }
      }
    }
    views = std::move(further);
  }
  return absl::OkStatus();
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
  ASSIGN_OR_RETURN(const std::vector<Partition> partitions, reader.partitions(topics, deadline));
  ASSIGN_OR_RETURN(const std::vector<PartitionEnds> ends, reader.ends(partitions, deadline));
  std::vector<PartitionView> views;
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    const auto known = last_.find(partitions[i]);
    if (known != last_.end() && known->second.offset > ends[i].end) forget(partitions[i]);
    views.push_back({partitions[i], ends[i], std::nullopt, std::nullopt});
  }
  RETURN_IF_ERROR(look_at_beginnings(reader, views, deadline));
  std::vector<PartitionView> grown;
  for (const PartitionView& view : views) {
    TimeAt& last = last_[view.partition];
    if (view.ends.begin >= view.ends.end) last = {.offset = view.ends.end, .ms = std::nullopt};
    if (last.offset != view.ends.end) grown.push_back(view);
  }
  RETURN_IF_ERROR(look_at_ends(reader, std::move(grown), deadline));
  for (PartitionView& view : views) {
    view.first_ms = first_[view.partition].ms;
    view.last_ms = last_[view.partition].ms;
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
  std::vector<ReadFrom> unknown;
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

    if (const auto known = place_times_.find({view.partition, place}); known != place_times_.end()) {
      sum.first_ms = std::min(sum.first_ms.value_or(known->second), known->second);
    } else {
      unknown.push_back({view.partition, place});
    }
  }
  if (place_times_.size() > kMaxPlaceTimes) place_times_.clear();
  RETURN_IF_ERROR(times_at(reader, unknown, deadline, [&](std::size_t i, std::optional<std::int64_t> ms) {
    if (!ms) return;  // only marks, that are not counted yet
    place_times_.emplace(std::pair(unknown[i].partition, unknown[i].offset), *ms);
    sum.first_ms = std::min(sum.first_ms.value_or(*ms), *ms);
  }));
  return sum;
}

}  // namespace rowtide::groups
