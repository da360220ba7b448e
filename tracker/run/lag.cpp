#include "tracker/run/lag.h"

namespace rowtide::run {

void Lag::sample(BinlogCoordinates end, Clock::time_point now, std::uint64_t source) {
  const std::lock_guard lock(mutex_);
  if (source != source_) return;
  sampled_at_ = now;
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
  if (!sampled_at_) return std::nullopt;
  if (!pending_.empty()) return std::chrono::duration<double>(now - pending_.front().first).count();
  constexpr std::chrono::seconds kKnownFor{10};  // samples come each second
  if (now - *sampled_at_ > kKnownFor) return std::nullopt;
  return 0.0;
}

std::optional<double> Lag::age_of_sample(Clock::time_point now) const {
  const std::lock_guard lock(mutex_);
  if (!sampled_at_) return std::nullopt;
  return std::chrono::duration<double>(now - *sampled_at_).count();
}

std::uint64_t Lag::source() const {
  const std::lock_guard lock(mutex_);
  return source_;
}

void Lag::reset() {
  const std::lock_guard lock(mutex_);
  pending_.clear();
  delivered_ = {};
  sampled_at_.reset();
  ++source_;
}

}  // namespace rowtide::run
