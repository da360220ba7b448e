#include "tests/crash/faults.h"

#include <signal.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <thread>

#include "tests/support/wait_until.h"

namespace rowtide::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kStreams{180};
// How long something is away: random below this.
constexpr int kAwayMs = 3000;

}  // namespace

Faults::Faults(MysqlServer& server, KafkaBroker& broker, const nlohmann::json& task, std::uint64_t seed)
    : server_(server), broker_(broker), task_(task), random_(seed) {
  tracker_ = std::make_unique<TrackerProcess>(task_);
  tracker_->start_streaming();
}

const Faults::Kind& Faults::next() {
  static constexpr std::array kKinds{
      Kind{"tracker killed (SIGKILL)", 8, &Faults::kill_tracker},
      Kind{"tracker ended (SIGTERM) and started", 2, &Faults::end_tracker},
      Kind{"tracker suspended (SIGSTOP)", 2, &Faults::stop_tracker_for_a_while},
      Kind{"broker killed (SIGKILL)", 2, &Faults::kill_broker},
      Kind{"broker stopped and started", 2, &Faults::restart_broker},
      Kind{"server killed (SIGKILL)", 2, &Faults::kill_server},
      Kind{"server restarted", 2, &Faults::restart_server},
      Kind{"dump connection killed", 4, &Faults::cut_connection},
      Kind{"second tracker started", 3, &Faults::second_tracker},
  };
  if (ahead_.empty()) {
    // Even a short run has one of each.
    for (const Kind& kind : kKinds) ahead_.insert(ahead_.end(), counts_.empty() ? 1U : kind.weight, &kind);
    std::ranges::shuffle(ahead_, random_);
  }
  const Kind& kind = *ahead_.back();
  ahead_.pop_back();
  return kind;
}

void Faults::inject() {
  const Kind& kind = next();
  ++counts_[kind.name];
  (this->*kind.function)();
  if (!tracker_->process().running()) {
    throw std::runtime_error(std::string("the tracker has ended after: ") + kind.name + "\n" +
                             tracker_->process().err());
  }
}

void Faults::settle() {
  tracker_->wait_streaming(kStreams);
}

bool Faults::stop_tracker() {
  return tracker_->stop(SIGTERM).ok();
}

int Faults::total() const {
  int sum = 0;
  for (const auto& [name, count] : counts_) sum += count;
  return sum;
}

void Faults::kill_tracker() {
  tracker_->stop(SIGKILL);
  tracker_->start();
}

void Faults::end_tracker() {
  tracker_->stop(SIGTERM);
  tracker_->start();
}

void Faults::stop_tracker_for_a_while() {
  tracker_->process().signal(SIGSTOP);
  std::this_thread::sleep_for(milliseconds{below(kAwayMs)});
  tracker_->process().signal(SIGCONT);
}

void Faults::kill_broker() {
  broker_.kill9();
  std::this_thread::sleep_for(milliseconds{below(kAwayMs)});
  broker_.start();
}

void Faults::restart_broker() {
  broker_.stop();
  std::this_thread::sleep_for(milliseconds{below(kAwayMs)});
  broker_.start();
}

void Faults::kill_server() {
  server_.kill9();
  server_.start();
}

void Faults::restart_server() {
  server_.restart();
}

void Faults::cut_connection() {
  for (const Row& row :
       server_.query("SELECT ID FROM information_schema.PROCESSLIST WHERE COMMAND LIKE 'Binlog Dump%'")) {
    try {
      server_.exec("KILL " + row.at(0).value());
    } catch (const std::runtime_error&) {  // of a tracker that was killed: it has ended by itself
    }
  }
}

/// As after a split of the network: both believe that they are the one. One of them must give up, and what
/// the two have written must be as if one had.
void Faults::second_tracker() {
  settle();  // one that waits for its source again would cut off the second, and end at its next commit
  auto second = std::make_unique<TrackerProcess>(task_);
  second->start();
  wait_until(
      "one of two trackers gives up",
      [&] { return !tracker_->process().running() || !second->process().running(); }, kStreams,
      [&] { return tracker_->process().err() + "\nsecond:\n" + second->process().err(); });
  if (!tracker_->process().running()) tracker_.swap(second);
}

}  // namespace rowtide::test
