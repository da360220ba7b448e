#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "operator/kube/client.h"
#include "operator/lease/lease_holder.h"

namespace rowtide::op::lease {

struct ElectionTiming {
  /// Without a renewal for longer the leader gives up, also while a request still hangs.
  std::chrono::milliseconds renew_deadline{10'000};
  std::chrono::milliseconds retry_period{2'000};  ///< between two rounds
};

/// Keeps trying to hold a lease, on a thread of its own; another one watches the time. `renew_deadline` must
/// be shorter than the lease's duration: so the one who cannot renew stops before another begins.
class LeaderElection {
 public:
  /// `on_lost` runs once, on a thread of the election, when the lease was held and is not any more: soon
  /// another may lead, so that it has to end whatever a leader does, at once. The client must outlive this.
  LeaderElection(kube::Client& client, LeaseOptions options, ElectionTiming timing,
                 std::function<void()> on_lost);
  ~LeaderElection();
  LeaderElection(const LeaderElection&) = delete;
  LeaderElection& operator=(const LeaderElection&) = delete;

  void start();
  [[nodiscard]] bool is_leader() const { return is_leader_; }
  [[nodiscard]] const kube::ObjectKey& lease() const { return options_.lease; }
  /// Ends the thread and gives the lease back. Call it when everything that a leader does has ended.
  void resign();

 private:
  void run(const std::stop_token& stop);
  void watch_deadline(const std::stop_token& stop);
  void renewed(std::chrono::steady_clock::time_point at);
  void lose();
  /// False: the lease is lost.
  [[nodiscard]] bool turn();
  void say_who_leads();

  LeaseHolder holder_;  // the thread's; resign()'s after its end
  const LeaseOptions options_;
  const ElectionTiming timing_;
  const std::function<void()> on_lost_;
  std::atomic<bool> is_leader_{false};
  std::string said_;  ///< of the last log line, so that each is written once
  std::mutex mutex_;
  std::condition_variable_any renewal_;
  std::chrono::steady_clock::time_point renewed_at_;  ///< guarded by mutex_
  std::jthread watchdog_;
  std::jthread thread_;
};

}  // namespace rowtide::op::lease
