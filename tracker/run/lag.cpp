#include "tracker/run/lag.h"

namespace rowtide::run {

void Lag::sample(BinlogCoordinates end, Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  sampled_ = true;
  // An end that has not moved was reached when it was first seen; only a later place is news.
  if (!(delivered_ < end)) return;
  if (!pending_.empty() && !(pending_.back().second < end)) return;
  // Far behind, seconds matter less: thin out rather than grow without bound.
  constexpr std::size_t kMaxSamples = 4096;
  if (pending_.size() >= kMaxSamples) {
    for (std::size_t i = 1; i < pending_.size(); ++i)
      pending_.erase(pending_.begin() + static_cast<std::ptrdiff_t>(i));
  }
  pending_.emplace_back(now, std::move(end));
}

void Lag::delivered(const BinlogCoordinates& place) {
  const std::lock_guard lock(mutex_);
  delivered_ = place;
  while (!pending_.empty() && !(delivered_ < pending_.front().second)) pending_.pop_front();
}

std::optional<double> Lag::seconds(Clock::time_point now) const {
  const std::lock_guard lock(mutex_);
  if (!sampled_) return std::nullopt;
  if (pending_.empty()) return 0.0;
  return std::chrono::duration<double>(now - pending_.front().first).count();
}

void Lag::reset() {
  const std::lock_guard lock(mutex_);
  pending_.clear();
  delivered_ = {};
  sampled_ = false;
}

}  // namespace rowtide::run
