#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
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
  std::chrono::milliseconds age{0};           ///< of the answer
};

/// A pod with a tracker, and where that answers.
struct ProbedPod {
  std::string uid;
  std::string address;
  std::uint16_t port = 0;
};

/// Asks trackers on threads of its own, so that those that hang keep no reconcile waiting. Remembers the
/// pods of each task. Those that did not answer the last time have two threads at most, so that they keep
/// none of the others waiting, however many they are. Thread-safe.
class ProbePool {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr int kMostQuestionsPerSecond = 200;
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

  /// What is known of this pod, at once. Asks it if the last question is older than `max_age`, or than the
  /// threads manage where there are many pods (kMostQuestionsPerSecond in all); one that does not answer is
  /// asked ever more seldom, down to once a minute.
  [[nodiscard]] ProbeResult newest(const kube::ObjectKey& task, const ProbedPod& pod,
                                   std::chrono::milliseconds max_age);
  /// Forgets the task's pods but those of these uids.
  void keep_only(const kube::ObjectKey& task, const std::set<std::string>& pod_uids);
  void forget(const kube::ObjectKey& task);

 private:
  struct Known {
    std::optional<task::TrackerStatus> answer;
    int misses = 0;
    std::string failure;  ///< of the last question; empty: it was answered
    bool is_asked = false;
    Clock::time_point asked_at;
    Clock::time_point answered_at;
  };
  struct Question {
    kube::ObjectKey task;
    ProbedPod pod;
    bool is_of_missed = false;  ///< the last one had no answer
  };

  [[nodiscard]] std::chrono::milliseconds interval_of(const Known& known,
                                                      std::chrono::milliseconds max_age) const;
  void work(const std::stop_token& stop);
  [[nodiscard]] bool may_ask_missed() const;
  [[nodiscard]] Question next_question();
  static void note_failure(Known& known, const Question& question, std::string_view failure);
  [[nodiscard]] bool take_in(const Question& question, absl::StatusOr<task::TrackerStatus> answer);

  TrackerProbe& probe_;
  const std::function<void(const kube::ObjectKey&)> on_news_;
  const Options options_;
  std::mutex mutex_;
  std::condition_variable_any asked_;
  std::map<kube::ObjectKey, std::map<std::string, Known>>
      known_;                  // by task and pod;  guarded by mutex_, as the next four
  std::size_t pod_count_ = 0;  // in known_
  std::deque<Question> questions_;
  std::deque<Question> questions_of_missed_;
  int threads_of_missed_ = 0;  // that ask one of those
  std::vector<std::jthread> threads_;
};

}  // namespace rowtide::op::tasks
