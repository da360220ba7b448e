#include "operator/lease/leader_election.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "common/status/text.h"
#include "common/time/sleep.h"

namespace rowtide::op::lease {

using std::chrono::steady_clock;

namespace {

double seconds_of(std::chrono::milliseconds time) {
  return std::chrono::duration<double>(time).count();
}

}  // namespace

LeaderElection::LeaderElection(kube::Client& client, LeaseOptions options, ElectionTiming timing,
                               std::function<void()> on_lost)
    : holder_(client, options), options_(std::move(options)), timing_(timing), on_lost_(std::move(on_lost)) {}

LeaderElection::~LeaderElection() {
  thread_ = {};
  watchdog_ = {};
}

void LeaderElection::start() {
  watchdog_ = std::jthread([this](const std::stop_token& stop) { watch_deadline(stop); });
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void LeaderElection::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    if (!turn()) return lose();
    sleep_for(timing_.retry_period, stop);
  }
}

/// A request that hangs must not keep the leader leading.
void LeaderElection::watch_deadline(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    if (!is_leader_) {
      renewal_.wait(lock, stop, [this] { return is_leader_.load(); });
      continue;
    }
    const auto end = renewed_at_ + timing_.renew_deadline;
    if (renewal_.wait_until(lock, stop, end, [&] { return renewed_at_ + timing_.renew_deadline > end; }))
      continue;
    if (stop.stop_requested() || !is_leader_) continue;
    spdlog::error("Lease {} was not renewed for {} s", kube::to_string(options_.lease),
                  seconds_of(timing_.renew_deadline));
    lock.unlock();
    return lose();
  }
}

void LeaderElection::renewed(steady_clock::time_point at) {
  bool is_new = false;
  {
    const std::lock_guard lock(mutex_);
    renewed_at_ = at;
    is_new = !is_leader_.exchange(true);
  }
  renewal_.notify_all();
  if (is_new) spdlog::info("Leading: {} holds Lease {}", options_.identity, kube::to_string(options_.lease));
}

void LeaderElection::lose() {
  if (is_leader_.exchange(false)) on_lost_();
}

bool LeaderElection::turn() {
  const auto began = steady_clock::now();  // the lease runs from when it was asked for, at the latest
  const absl::StatusOr<bool> held = holder_.hold();
  if (held.ok() && *held) {
    renewed(began);
    return true;
  }
  const std::string lease = kube::to_string(options_.lease);
  if (is_leader_ && held.ok()) {
    spdlog::error("Lease {} was taken by {}", lease, holder_.holder());
    return false;
  }
  if (is_leader_) {
    spdlog::warn("cannot renew Lease {}: {}", lease, text(held.status()));
  } else if (held.ok()) {
    say_who_leads();
  } else if (!absl::IsAborted(held.status()) && said_ != held.status().message()) {
    said_ = std::string(held.status().message());
    spdlog::warn("cannot take Lease {}: {}; nothing is done without it, the next attempt is in {} s", lease,
                 text(held.status()), seconds_of(timing_.retry_period));
  }
  return true;
}

void LeaderElection::say_who_leads() {
  if (said_ == holder_.holder()) return;
  said_ = holder_.holder();
  spdlog::info("Standing by: {} holds Lease {}", said_, kube::to_string(options_.lease));
}

void LeaderElection::resign() {
  thread_ = {};  // asks it to end, and waits
  watchdog_ = {};
  if (!is_leader_.exchange(false)) return;
  if (const absl::Status status = holder_.release(); !status.ok())
    spdlog::warn("cannot give Lease {} back: {}; it runs out by itself", kube::to_string(options_.lease),
                 text(status));
}

}  // namespace rowtide::op::lease
