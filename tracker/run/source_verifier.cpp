#include "tracker/run/source_verifier.h"

#include <spdlog/spdlog.h>

#include "common/status/text.h"
#include "common/time/clock.h"
#include "common/time/sleep.h"

namespace rowtide::run {

void SourceVerifier::run(const std::stop_token& stop) {
  sleep_for(interval_, stop);
  while (!stop.stop_requested()) {
    const absl::Status let_in = let_in_(stop);
    if (stop.stop_requested()) return;
    if (!let_in.ok()) spdlog::warn("This network could not be let in at the source: {}", text(let_in));
    const absl::Status status = connect_().status();
    if (!status.ok() && access().status.ok())
      spdlog::warn("The source lets no new connection in: {}", text(status));
    note(status);
    sleep_for(interval_, stop);
  }
}

void SourceVerifier::note(const absl::Status& status) {
  const std::lock_guard lock(mutex_);
  access_ = {now_ms(), status};
}

SourceAccess SourceVerifier::access() const {
  const std::lock_guard lock(mutex_);
  return access_;
}

}  // namespace rowtide::run
