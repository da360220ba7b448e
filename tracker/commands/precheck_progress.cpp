#include "tracker/commands/precheck_progress.h"

#include <spdlog/spdlog.h>

namespace rowtide::commands {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kQuiet{2};
constexpr std::chrono::seconds kPause{5};

}  // namespace

PrecheckProgress::PrecheckProgress() : thread_([this](const std::stop_token& stop) { watch(stop); }) {}

void PrecheckProgress::begin(std::string_view check) {
  {
    const std::lock_guard lock(mutex_);
    check_ = check;
    since_ = Clock::now();
  }
  changed_.notify_all();
}

void PrecheckProgress::watch(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  Clock::time_point seen;
  std::chrono::seconds wait = kQuiet;
  while (!stop.stop_requested()) {
    const bool is_another = changed_.wait_for(lock, stop, wait, [&] { return since_ != seen; });
    if (stop.stop_requested()) return;
    if (!is_another && !check_.empty()) {
      const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - since_).count();
      spdlog::info("{}: asking for {} s", check_, seconds);
    }
    seen = since_;
    wait = is_another ? kQuiet : kPause;
  }
}

}  // namespace rowtide::commands
