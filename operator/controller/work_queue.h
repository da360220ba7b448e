#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <queue>
#include <random>
#include <set>
#include <utility>

#include "operator/controller/histogram.h"
#include "operator/kube/resource.h"

namespace rowtide::op::controller {

struct WorkQueueOptions {
  std::chrono::milliseconds backoff_min{200};
  std::chrono::milliseconds backoff_max{5 * 60 * 1000};
  double jitter = 0.1;  // a backoff grows by up to this part of itself
  /// For tests; blocking get() still waits by the real clock.
  std::function<std::chrono::steady_clock::time_point()> now = std::chrono::steady_clock::now;
};

/// A snapshot for workqueue_depth, _adds_total, _retries_total, _queue_duration_seconds,
/// _work_duration_seconds, _unfinished_work_seconds and _longest_running_processor_seconds.
struct WorkQueueStats {
  std::size_t depth = 0;    // waiting for a worker now
  std::size_t delayed = 0;  // waiting for their time
  std::uint64_t adds = 0;
  std::uint64_t retries = 0;
  double unfinished_seconds = 0;
  double longest_running_seconds = 0;
  Histogram queue_duration;
  Histogram work_duration;
};

/// Keys to reconcile, with client-go's contract: a key waits at most once; a key that is being worked on is
/// never given to a second worker; a key added meanwhile is given out again after done(). Thread-safe.
class WorkQueue {
 public:
  using Key = kube::ObjectKey;

  explicit WorkQueue(WorkQueueOptions options = {});

  /// As soon as possible. Supersedes a delay of the same key: the coming run sees everything and says anew
  /// when it wants to run next.
  void add(const Key& key);
  /// The same for what is no news to a key whose last run failed: that one runs when its delay is over. Where
  /// the key is worked on, it is as its run ends.
  void add_unless_failed(const Key& key);
  /// After `delay`; of several delays of a key the earliest wins. Nothing if the key waits already.
  void add_after(const Key& key, std::chrono::milliseconds delay);
  /// After the key's backoff, which doubles with each call until forget(), or after `at_least`, if that is
  /// longer, but never after more than `at_most` or the longest backoff.
  void add_rate_limited(const Key& key, std::chrono::milliseconds at_least = {},
                        std::chrono::milliseconds at_most = std::chrono::milliseconds::max());
  void forget(const Key& key);
  int failures(const Key& key) const;

  /// Blocks for the next key; empty after shutdown(). Each key got must be given back with done().
  std::optional<Key> get();
  /// The same without waiting.
  std::optional<Key> try_get();
  void done(const Key& key);

  /// get() returns empty from now on, also for keys that still wait; later adds do nothing.
  void shutdown();

  WorkQueueStats stats() const;

 private:
  using TimePoint = std::chrono::steady_clock::time_point;

  void add_locked(const Key& key);
  void delay_locked(const Key& key, TimePoint due);
  void move_due_locked();
  std::optional<Key> take_locked();

  const WorkQueueOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // All below guarded by mutex_.
  bool shut_down_ = false;
  std::deque<Key> queue_;                // order; every key in it is dirty and not processing
  std::set<Key> dirty_;                  // wants to run
  std::map<Key, TimePoint> processing_;  // since when
  std::set<Key> unless_failed_;          // of those: to run again if the run succeeds
  std::map<Key, TimePoint> queued_at_;
  std::map<Key, TimePoint> delayed_;            // due
  std::set<std::pair<TimePoint, Key>> by_due_;  // the same, ordered
  std::map<Key, int> failures_;
  std::minstd_rand random_;
  std::uint64_t adds_ = 0;
  std::uint64_t retries_ = 0;
  Histogram queue_duration_;
  Histogram work_duration_;
};

}  // namespace rowtide::op::controller
