#include "operator/controller/work_queue.h"

#include <algorithm>

namespace rowtide::op::controller {
namespace {

double seconds_between(std::chrono::steady_clock::time_point from, std::chrono::steady_clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

}  // namespace

WorkQueue::WorkQueue(WorkQueueOptions options)
    : options_(std::move(options)), random_(std::random_device{}()) {}

void WorkQueue::add(const Key& key) {
  {
    const std::lock_guard lock(mutex_);
    if (shut_down_) return;
    add_locked(key);
  }
  changed_.notify_one();
}

void WorkQueue::add_unless_failed(const Key& key) {
  {
    const std::lock_guard lock(mutex_);
    if (shut_down_) return;
    if (processing_.contains(key)) {
      unless_failed_.insert(key);  // done() knows
      return;
    }
    if (failures_.contains(key)) return;
    add_locked(key);
  }
  changed_.notify_one();
}

void WorkQueue::add_locked(const Key& key) {
  if (const auto delay = delayed_.find(key); delay != delayed_.end()) {
    by_due_.erase({delay->second, key});
    delayed_.erase(delay);
  }
  if (!dirty_.insert(key).second) return;
  ++adds_;
  if (processing_.contains(key)) return;  // done() queues it
  queue_.push_back(key);
  queued_at_[key] = options_.now();
}

void WorkQueue::add_after(const Key& key, std::chrono::milliseconds delay) {
  if (delay.count() <= 0) return add(key);
  {
    const std::lock_guard lock(mutex_);
    if (shut_down_) return;
    delay_locked(key, options_.now() + delay);
  }
  changed_.notify_one();
}

void WorkQueue::delay_locked(const Key& key, TimePoint due) {
  if (dirty_.contains(key)) return;
  if (const auto known = delayed_.find(key); known != delayed_.end()) {
    if (known->second <= due) return;
    by_due_.erase({known->second, key});
  }
  delayed_[key] = due;
  by_due_.insert({due, key});
}

void WorkQueue::add_rate_limited(const Key& key, std::chrono::milliseconds at_least,
                                 std::chrono::milliseconds at_most) {
  {
    const std::lock_guard lock(mutex_);
    if (shut_down_) return;
    ++retries_;
    const int doublings = std::min(failures_[key]++, 30);
    const auto backoff = std::min(std::max(options_.backoff_min * (std::int64_t{1} << doublings), at_least),
                                  std::min(options_.backoff_max, at_most));
    std::uniform_real_distribution<double> jitter(1.0, 1.0 + options_.jitter);
    const std::chrono::duration<double, std::milli> wait(static_cast<double>(backoff.count()) *
                                                         jitter(random_));
    delay_locked(key, options_.now() + std::chrono::duration_cast<std::chrono::microseconds>(wait));
  }
  changed_.notify_one();
}

void WorkQueue::forget(const Key& key) {
  const std::lock_guard lock(mutex_);
  failures_.erase(key);
}

int WorkQueue::failures(const Key& key) const {
  const std::lock_guard lock(mutex_);
  const auto known = failures_.find(key);
  return known == failures_.end() ? 0 : known->second;
}

std::optional<WorkQueue::Key> WorkQueue::get() {
  std::unique_lock lock(mutex_);
  while (!shut_down_) {
    if (auto key = take_locked()) return key;
    if (by_due_.empty()) {
      changed_.wait(lock);
    } else {
      changed_.wait_for(lock, by_due_.begin()->first - options_.now());
    }
  }
  return std::nullopt;
}

std::optional<WorkQueue::Key> WorkQueue::try_get() {
  const std::lock_guard lock(mutex_);
  return shut_down_ ? std::nullopt : take_locked();
}

std::optional<WorkQueue::Key> WorkQueue::take_locked() {
  move_due_locked();
  if (queue_.empty()) return std::nullopt;
  Key key = std::move(queue_.front());
  queue_.pop_front();
  const TimePoint now = options_.now();
  const auto queued = queued_at_.find(key);
  queue_duration_.observe(seconds_between(queued->second, now));
  queued_at_.erase(queued);
  dirty_.erase(key);
  processing_[key] = now;
  // One notification may have stood for several keys that came due together.
  if (!queue_.empty() || !by_due_.empty()) changed_.notify_one();
  return key;
}

void WorkQueue::move_due_locked() {
  const TimePoint now = options_.now();
  while (!by_due_.empty() && by_due_.begin()->first <= now) {
    const Key key = by_due_.begin()->second;
    add_locked(key);  // takes it out of by_due_
  }
}

void WorkQueue::done(const Key& key) {
  {
    const std::lock_guard lock(mutex_);
    const auto running = processing_.find(key);
    if (running == processing_.end()) return;
    const TimePoint now = options_.now();
    work_duration_.observe(seconds_between(running->second, now));
    if (unless_failed_.erase(key) > 0 && !shut_down_ && !failures_.contains(key)) add_locked(key);
    processing_.erase(running);
    if (shut_down_ || !dirty_.contains(key)) return;
    queue_.push_back(key);
    queued_at_[key] = now;
  }
  changed_.notify_one();
}

void WorkQueue::shutdown() {
  {
    const std::lock_guard lock(mutex_);
    shut_down_ = true;
  }
  changed_.notify_all();
}

WorkQueueStats WorkQueue::stats() const {
  const std::lock_guard lock(mutex_);
  WorkQueueStats stats;
  stats.depth = queue_.size();
  stats.delayed = delayed_.size();
  stats.adds = adds_;
  stats.retries = retries_;
  stats.queue_duration = queue_duration_;
  stats.work_duration = work_duration_;
  const TimePoint now = options_.now();
  for (const auto& [key, since] : processing_) {
    const double seconds = seconds_between(since, now);
    stats.unfinished_seconds += seconds;
    stats.longest_running_seconds = std::max(stats.longest_running_seconds, seconds);
  }
  return stats;
}

}  // namespace rowtide::op::controller
