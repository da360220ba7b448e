#include "tracker/run/source_sampler.h"

#include <utility>

#include "common/status/try.h"
#include "common/time/sleep.h"

namespace rowtide::run {

using binlog::BinlogCoordinates;

void SourceSampler::run(const std::stop_token& stop) {
  constexpr std::chrono::seconds kSampleInterval{1};
  while (!stop.stop_requested()) {
    sample();
    sleep_for(kSampleInterval, stop);
  }
  session_.reset();
}

void SourceSampler::sample() {
  if (session_ == nullptr) {
    if (auto connected = parts_.connect_sql(); connected.ok()) session_ = *std::move(connected);
  }
  const auto now = Lag::Clock::now();
  if (session_ != nullptr && !sample_end(now).ok()) session_.reset();
  rate_.sample(rows_(), now);
}

absl::Status SourceSampler::sample_end(Lag::Clock::time_point now) {
  const std::optional<binlog::Position> saved =
      saved_();  // first: what is read later may well be after the end
  ASSIGN_OR_RETURN(BinlogCoordinates end, parts_.sample_end(*session_));
  if (saved && !saved->server.empty() && end < BinlogCoordinates{saved->file, saved->offset}) {
    ASSIGN_OR_RETURN(const std::string server, parts_.server_of(*session_));
    const std::lock_guard lock(mutex_);
    if (server == saved->server) end_before_saved_ = end;
  }
  lag_.sample(std::move(end), now);
  return absl::OkStatus();
}

std::optional<BinlogCoordinates> SourceSampler::take_end_before_saved() {
  const std::lock_guard lock(mutex_);
  return std::exchange(end_before_saved_, std::nullopt);
}

}  // namespace rowtide::run
