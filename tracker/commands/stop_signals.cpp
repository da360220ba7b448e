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
    // A signal to this thread alone, so that the work's own end does not wait for the next one.
    const std::stop_callback wake(done, [self = pthread_self()] { pthread_kill(self, SIGTERM); });
    while (!done.stop_requested()) {
      if (sigwaitinfo(&signals_, nullptr) > 0 && !done.stop_requested()) {
        spdlog::info("{}", message);
        stop_.request_stop();
        return;
      }
    }
  });
  return stop_.get_token();
}

}  // namespace rowtide::commands
