#include "tracker/sink/commit_gate.h"

#include <algorithm>

namespace rowtide::sink {
namespace {

using std::chrono::milliseconds;

// Short beside a commit's own milliseconds; a writer under load does not pause that long.
constexpr milliseconds kPause{2};
// Commits take at most a tenth of the time under load, but for those whose cost is above longest_wait_.
constexpr int kShare = 10;
constexpr milliseconds kPositionInterval{500};

}  // namespace

bool CommitGate::enter(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  if (!changed_.wait(lock, stop, [this] { return is_writing_ || !is_closing_; })) return false;
  is_writing_ = true;
  last_write_ = Clock::now();
  const bool is_first = !has_records_;
  has_records_ = true;
  lock.unlock();
  if (is_first) changed_.notify_all();
  return true;
}

void CommitGate::leave(const binlog::Position& position) {
  {
    const std::lock_guard lock(mutex_);
    end_ = position;
    is_writing_ = false;
    if (!is_closing_) return;
  }
  changed_.notify_all();
}

bool CommitGate::is_due(Clock::time_point now) const {
  if (has_records_) return (!is_writing_ && now - last_write_ >= kPause) || now - opened_at_ >= wait_;
  return is_new() && now - opened_at_ >= kPositionInterval;
}

bool CommitGate::wait_until_due(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    if (is_due(Clock::now())) return true;
    if (has_records_) {
      changed_.wait_for(lock, stop, kPause, [] { return false; });
    } else {
      changed_.wait_for(lock, stop, kPositionInterval, [this] { return has_records_; });
    }
  }
  return false;
}

std::optional<binlog::Position> CommitGate::close(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  is_closing_ = true;
  const bool is_between = changed_.wait(lock, stop, [this] { return !is_writing_; });
  closed_at_ = Clock::now();
  if (is_between && is_new()) {
    closed_at_end_ = end_;
    return end_;
  }
  is_closing_ = false;
  lock.unlock();
  changed_.notify_all();
  return std::nullopt;
}

void CommitGate::open(bool is_committed) {
  {
    const std::lock_guard lock(mutex_);
    opened_at_ = Clock::now();
    wait_ = std::min<Clock::duration>((opened_at_ - closed_at_) * kShare, longest_wait_);
    if (is_committed) {
      committed_ = closed_at_end_;
      has_records_ = false;
      is_rolled_back_ = false;
    }
    is_closing_ = false;
  }
  changed_.notify_all();
}

bool CommitGate::at_transaction_boundary() const {
  const std::lock_guard lock(mutex_);
  return !is_writing_;
}

std::optional<binlog::Position> CommitGate::committed() const {
  const std::lock_guard lock(mutex_);
  return committed_;
}

void CommitGate::roll_back() {
  const std::lock_guard lock(mutex_);
  is_writing_ = false;
  has_records_ = false;
  is_closing_ = false;
  end_.reset();
  is_rolled_back_ = true;
}

}  // namespace rowtide::sink
