#include "tracker/groups/record_count.h"

#include <algorithm>
#include <utility>

namespace rowtide::groups {

std::size_t RecordCount::max_runs_among(std::size_t partitions) {
  constexpr std::size_t kMaxRunsOfAll = std::size_t{64} * 1024;
  constexpr std::size_t kMinRuns = 64;
  return std::max(kMinRuns, kMaxRunsOfAll / std::max<std::size_t>(partitions, 1));
}

void RecordCount::keep_at_most(std::size_t runs) {
  max_runs_ = runs;
  merge_older();
}

void RecordCount::restart(std::int64_t offset) {
  runs_.clear();
  begin_ = end_ = offset;
  empty_ = 0;
}

void RecordCount::pass_to(std::int64_t offset) {
  if (offset <= end_) return;
  const std::int64_t count = offset - end_;
  if (!runs_.empty() && runs_.back().last + 1 == end_) {
    runs_.back().last = offset - 1;
    runs_.back().count += count;
  } else {
    runs_.push_back({end_, offset - 1, count});
  }
  empty_ += count;
  end_ = offset;
  merge_older();
}

void RecordCount::forget_before(std::int64_t offset) {
  while (!runs_.empty() && runs_.front().last < offset) {
    empty_ -= runs_.front().count;
    runs_.pop_front();
  }
  begin_ = std::max(begin_, std::min(offset, end_));
}

std::int64_t RecordCount::from(std::int64_t from) const {
  std::int64_t empty = empty_;
  for (const Run& run : runs_) {
    if (run.last < from) {
      empty -= run.count;
      continue;
    }
    if (run.first < from) empty -= run.count * (from - run.first) / (run.last - run.first + 1);
    break;
  }
  return std::max<std::int64_t>(end_ - from - empty, 0);
}

void RecordCount::merge_older() {
  while (runs_.size() > max_runs_) {
    std::deque<Run> runs;
    const std::size_t older = runs_.size() / 2;
    for (std::size_t i = 0; i + 1 < older; i += 2) {
      runs.push_back({runs_[i].first, runs_[i + 1].last, runs_[i].count + runs_[i + 1].count});
    }
    for (std::size_t i = older - older % 2; i < runs_.size(); ++i) runs.push_back(runs_[i]);
    runs_ = std::move(runs);
  }
}

}  // namespace rowtide::groups
