#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "common/task/tracker_status.h"
#include "operator/kube/resource.h"
#include "operator/tasks/tracker_probe.h"

namespace rowtide::op::tasks {

/// What is known of a tracker by its own word.
struct ProbeResult {
  std::optional<task::TrackerStatus> answer;  ///< the pod's last one; empty: none yet, or it is silent
  bool is_silent = false;                     ///< several questions in a row had no answer
};

/// Asks trackers on threads of its own, so that those that hang keep no reconcile waiting. Remembers one pod
/// per task. Thread-safe.
class ProbePool {
 public:
  using Clock = std::chrono::steady_clock;
  struct Options {
    int threads = 8;
    std::function<Clock::time_point()> now = Clock::now;
  };

  /// `on_news` is called on the pool's threads when an answer says something else than the one before (not
  /// for numbers), and when a tracker falls silent. `probe` must outlive it.
  ProbePool(TrackerProbe& probe, std::function<void(const kube::ObjectKey&)> on_news);
  ProbePool(TrackerProbe& probe, std::function<void(const kube::ObjectKey&)> on_news, Options options);
  ~ProbePool();
  ProbePool(const ProbePool&) = delete;
  ProbePool& operator=(const ProbePool&) = delete;

  /// What is known of this pod, at once. Asks it if the last question is older than `max_age`; one that does
  /// not answer is asked ever more seldom, down to once a minute.
  [[nodiscard]] ProbeResult newest(const kube::ObjectKey& task, const std::string& pod_uid,
                                   const std::string& address, std::chrono::milliseconds max_age);
  void forget(const kube::ObjectKey& task);

 private:
  struct Known {
    std::string pod_uid;
    std::optional<task::TrackerStatus> answer;
    int misses = 0;
    bool is_asked = false;
    Clock::time_point asked_at;
  };
  struct Question {
    kube::ObjectKey task;
    std::string pod_uid;
    std::string address;
  };

  void work(const std::stop_token& stop);
  [[nodiscard]] bool take_in(const Question& question, absl::StatusOr<task::TrackerStatus> answer);

  TrackerProbe& probe_;
  const std::function<void(const kube::ObjectKey&)> on_news_;
  const Options options_;
  std::mutex mutex_;
  std::condition_variable_any asked_;
  std::map<kube::ObjectKey, Known> known_;  // guarded by mutex_, as questions_
  std::deque<Question> questions_;
  std::vector<std::jthread> threads_;
};

}  // namespace rowtide::op::tasks
