#include "tracker/groups/topic_survey.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "common/status/try.h"

namespace rowtide::groups {
namespace {

// Marks and records taken back at a partition's end, behind its last record.
constexpr std::int64_t kFirstLookBack = 2;
constexpr std::int64_t kFurtherBack = 16;
constexpr std::int64_t kMaxLookBack = 8192;
constexpr std::size_t kAtOnce = 32;  // partitions that are read together

/// Where a group has still to read, or nullopt.
std::optional<std::int64_t> behind(const PartitionView& view, const std::optional<std::int64_t>& place) {
  if (!place) return std::nullopt;
  const std::int64_t from = std::max(*place, view.ends.begin);
  return from < view.ends.end ? std::optional(from) : std::nullopt;
}

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
  place_times_.erase(partition);
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

void TopicSurvey::forget_other_places(std::span<const PartitionView> views,
                                      const std::vector<Places>& groups) {
  for (std::size_t i = 0; i < views.size(); ++i) {
    const auto times = place_times_.find(views[i].partition);
    if (times == place_times_.end()) continue;
    std::set<std::int64_t> needed;
    for (const Places& places : groups) {
      if (const auto from = behind(views[i], places.at(i))) needed.insert(*from);
    }
    std::erase_if(times->second, [&](const auto& known) { return !needed.contains(known.first); });
  }
}

std::vector<ReadFrom> TopicSurvey::uncounted(std::span<const PartitionView> views,
                                             const std::vector<Places>& groups) {
  std::vector<ReadFrom> found;
  for (std::size_t i = 0; i < views.size(); ++i) {
    const PartitionView& view = views[i];
    std::optional<std::int64_t> slowest;
    for (const Places& places : groups) {
      if (const auto from = behind(view, places.at(i))) slowest = std::min(slowest.value_or(*from), *from);
    }
    if (!slowest) continue;
    RecordCount& counted = counts_[view.partition];
    counted.keep_at_most(RecordCount::max_runs_among(views.size()));
    if (*slowest < counted.begin() || *slowest > counted.end()) counted.restart(*slowest);
    counted.forget_before(*slowest);
    if (counted.end() < view.ends.end) found.push_back({view.partition, counted.end()});
  }
  const auto turn = [&](const ReadFrom& each) {
    return std::pair(last_counted_ && each.partition <= *last_counted_, each.partition);
  };
  std::sort(found.begin(), found.end(),
            [&](const ReadFrom& a, const ReadFrom& b) { return turn(a) < turn(b); });
  return found;
}

absl::Status TopicSurvey::count(TopicReader& reader, std::span<const PartitionView> views,
                                const std::vector<Places>& groups, Deadline until) {
  forget_other_places(views, groups);
  std::map<Partition, std::int64_t> ends;
  for (const PartitionView& view : views) ends.emplace(view.partition, view.ends.end);
  const std::vector<ReadFrom> from = uncounted(views, groups);
  for (std::size_t begin = 0; begin < from.size(); begin += kAtOnce) {
    if (std::chrono::steady_clock::now() >= until) break;
    const auto part = std::span(from).subspan(begin, std::min(kAtOnce, from.size() - begin));
    last_counted_ = part.back().partition;
    std::vector<std::pair<RecordCount*, std::int64_t>> counts;  // with the ends
    for (const ReadFrom& each : part) counts.emplace_back(&counts_[each.partition], ends.at(each.partition));
    ASSIGN_OR_RETURN(const std::vector<ReadTo> read_to,
                     reader.read_each(part, until, [&](std::size_t i, const SeenRecord& record) {
                       counts[i].first->met(record.offset);
                       return record.offset + 1 < counts[i].second;
                     }));
    for (std::size_t i = 0; i < part.size(); ++i) counts[i].first->pass_to(read_to[i].next);
  }
  return absl::OkStatus();
}

absl::StatusOr<Unconsumed> TopicSurvey::unconsumed(TopicReader& reader, std::span<const PartitionView> views,
                                                   const Places& places, Deadline deadline) {
  Unconsumed sum;
  std::vector<ReadFrom> unknown;
  for (std::size_t i = 0; i < views.size(); ++i) {
    const PartitionView& view = views[i];
    const auto from = behind(view, places.at(i));
    if (!from) continue;
    const std::int64_t place = *from;
    const RecordCount& counted = counts_[view.partition];
    const bool is_begun = counted.begin() <= place && place <= counted.end();
    const std::int64_t counted_to = is_begun ? std::min(counted.end(), view.ends.end) : place;
    const std::int64_t records = is_begun ? counted.from(place) : 0;
    sum.records += records + (view.ends.end - counted_to);
    sum.is_exact = sum.is_exact && counted_to >= view.ends.end;
    if (records == 0 && counted_to >= view.ends.end) continue;  // only marks

    const auto& known_times = place_times_[view.partition];
    if (const auto known = known_times.find(place); known != known_times.end()) {
      sum.first_ms = std::min(sum.first_ms.value_or(known->second), known->second);
    } else {
      unknown.push_back({view.partition, place});
    }
  }
  RETURN_IF_ERROR(times_at(reader, unknown, deadline, [&](std::size_t i, std::optional<std::int64_t> ms) {
    if (!ms) return;  // only marks, that are not counted yet
    place_times_[unknown[i].partition].emplace(unknown[i].offset, *ms);
    sum.first_ms = std::min(sum.first_ms.value_or(*ms), *ms);
  }));
  return sum;
}

}  // namespace rowtide::groups
