#include "tracker/commands/stop_signals.h"

#include <pthread.h>
#include <spdlog/spdlog.h>

#include <utility>

namespace rowtide::commands {

StopSignals::StopSignals() {
  sigemptyset(&signals_);
  sigaddset(&signals_, SIGTERM);
  sigaddset(&signals_, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
}

std::stop_token StopSignals::stop_when_told(std::string message) {
  waiter_ = std::jthread([this, message = std::move(message)](const std::stop_token& done) {
    constexpr timespec kPollInterval{.tv_sec = 0, .tv_nsec = 200'000'000};
    while (!done.stop_requested()) {
      if (sigtimedwait(&signals_, nullptr, &kPollInterval) > 0) {
        spdlog::info("{}", message);
        stop_.request_stop();
        return;
      }
    }
  });
  return stop_.get_token();
}

}  // namespace rowtide::commands
