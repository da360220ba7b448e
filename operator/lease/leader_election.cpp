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
}

void LeaderElection::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void LeaderElection::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    if (!turn()) {
      is_leader_ = false;
      on_lost_();
      return;
    }
    sleep_for(timing_.retry_period, stop);
  }
}

bool LeaderElection::turn() {
  const auto began = steady_clock::now();  // the lease runs from when it was asked for, at the latest
  const absl::StatusOr<bool> held = holder_.hold();
  if (held.ok() && *held) {
    renewed_at_ = began;
    if (!is_leader_.exchange(true))
      spdlog::info("Leading: {} holds Lease {}", options_.identity, kube::to_string(options_.lease));
    return true;
  }
  if (!is_leader_) {
    if (held.ok()) {
      say_who_leads();
    } else if (!absl::IsAborted(held.status()) && said_ != held.status().message()) {
      said_ = std::string(held.status().message());
      spdlog::warn("cannot take Lease {}: {}; the next attempt is in {} s", kube::to_string(options_.lease),
                   text(held.status()), seconds_of(timing_.retry_period));
    }
    return true;
  }
  if (held.ok()) {
    spdlog::error("Lease {} was taken by {}", kube::to_string(options_.lease), holder_.holder());
    return false;
  }
  if (steady_clock::now() - renewed_at_ < timing_.renew_deadline) {
    spdlog::warn("cannot renew Lease {}: {}", kube::to_string(options_.lease), text(held.status()));
    return true;
  }
  spdlog::error("Lease {} could not be renewed for {} s: {}", kube::to_string(options_.lease),
                seconds_of(timing_.renew_deadline), text(held.status()));
  return false;
}

void LeaderElection::say_who_leads() {
  if (said_ == holder_.holder()) return;
  said_ = holder_.holder();
  spdlog::info("Standing by: {} holds Lease {}", said_, kube::to_string(options_.lease));
}

void LeaderElection::resign() {
  thread_ = {};  // asks it to end, and waits
  if (!is_leader_.exchange(false)) return;
  if (const absl::Status status = holder_.release(); !status.ok())
    spdlog::warn("cannot give Lease {} back: {}; it runs out by itself", kube::to_string(options_.lease),
                 text(status));
}

}  // namespace rowtide::op::lease
