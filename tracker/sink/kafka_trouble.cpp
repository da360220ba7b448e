#include "tracker/sink/kafka_trouble.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "tracker/sink/sink.h"

namespace rowtide::sink {

void KafkaTrouble::begin(Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  taken_at_ = now;
}

void KafkaTrouble::note_error(std::string_view reason) {
  const std::lock_guard lock(mutex_);
  if (!first_error_.empty()) return;
  // The library's count of the same errors is another each time.
  first_error_ = std::string(reason.substr(0, reason.find(" (after ")));
  spdlog::warn("Kafka: {}; waiting for it, nothing is lost", first_error_);
}

void KafkaTrouble::note_progress(Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  taken_at_ = now;
  if (first_error_.empty()) return;
  first_error_.clear();
  spdlog::info("Kafka takes records again");
}

absl::Status KafkaTrouble::status(Clock::time_point now) const {
  const std::lock_guard lock(mutex_);
  if (now - taken_at_ < kAfter) return absl::OkStatus();
  return sink_unavailable(fmt::format(
      "Kafka has taken nothing for more than {} s: {}; check that the brokers at {} run; nothing is lost meanwhile",
      kAfter.count(), first_error_.empty() ? "it does not answer" : first_error_, servers_));
}

}  // namespace rowtide::sink
