#include "tracker/run/source_sampler.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "common/status/try.h"
#include "common/time/sleep.h"

namespace rowtide::run {

using binlog::BinlogCoordinates;

namespace {

std::uint64_t bytes_between(const BinlogCoordinates& from, const BinlogCoordinates& end,
                            const std::vector<source::BinlogFile>& files) {
  std::uint64_t bytes = 0;
  for (const source::BinlogFile& file : files) {
    if (file.name == from.file) {
      bytes += file.size - std::min(from.offset, file.size);
    } else if (from < BinlogCoordinates{file.name, 0} && BinlogCoordinates{file.name, file.size} < end) {
      bytes += file.name == end.file ? 0 : file.size;
    }
  }
  return bytes + end.offset;
}

}  // namespace

void SourceSampler::run(const std::stop_token& stop) {
  constexpr std::chrono::seconds kSampleInterval{1};
  while (!stop.stop_requested()) {
    sample();
    sleep_for(kSampleInterval, stop);
  }
  session_.reset();
}

void SourceSampler::follow(const std::optional<BinlogCoordinates>& from) {
  is_session_old_ = true;
  lag_.reset();
  if (from) lag_.delivered(*from);
}

void SourceSampler::sample() {
  if (is_session_old_.exchange(false)) session_.reset();
  if (session_ == nullptr) {
    if (auto connected = parts_.connect_sql(); connected.ok()) session_ = *std::move(connected);
  }
  const auto now = Lag::Clock::now();
  if (session_ != nullptr && !sample_end(now).ok()) session_.reset();
  rate_.sample(rows_(), now);
}

absl::Status SourceSampler::sample_end(Lag::Clock::time_point now) {
  const std::uint64_t source = lag_.source();
  const std::optional<binlog::Position> saved =
      saved_();  // first: what is read later may well be after the end
  ASSIGN_OR_RETURN(BinlogCoordinates end, parts_.sample_end(*session_));
  if (saved && !saved->server.empty() && end < BinlogCoordinates{saved->file, saved->offset}) {
    ASSIGN_OR_RETURN(const std::string server, parts_.server_of(*session_));
    const std::lock_guard lock(mutex_);
    if (server == saved->server) end_before_saved_ = end;
  }
  RETURN_IF_ERROR(sample_backlog(saved, end, now));
  lag_.sample(std::move(end), now, source);
  return absl::OkStatus();
}

absl::Status SourceSampler::sample_backlog(const std::optional<binlog::Position>& saved,
                                           const BinlogCoordinates& end, Lag::Clock::time_point now) {
  if (!saved || saved->file.empty()) return absl::OkStatus();
  std::uint64_t bytes = 0;
  std::optional<std::uint64_t> retention = retention_seconds();
  if (saved->file == end.file) {
    bytes = end.offset - std::min(saved->offset, end.offset);
  } else {
    ASSIGN_OR_RETURN(const std::vector<source::BinlogFile> files, parts_.binlog_files(*session_));
    bytes = bytes_between({saved->file, saved->offset}, end, files);
    retention.reset();  // what is read back matters now
  }
  constexpr std::chrono::seconds kRetentionKnownFor{10};  // somebody may change it
  if (!retention || now - retention_read_at_ >= kRetentionKnownFor) {
    ASSIGN_OR_RETURN(retention, parts_.retention_seconds(*session_));
    retention_read_at_ = now;
  }
  const std::lock_guard lock(mutex_);
  behind_bytes_ = bytes;
  retention_seconds_ = retention;
  return absl::OkStatus();
}

std::optional<std::uint64_t> SourceSampler::behind_bytes() const {
  const std::lock_guard lock(mutex_);
  return behind_bytes_;
}

std::optional<std::uint64_t> SourceSampler::retention_seconds() const {
  const std::lock_guard lock(mutex_);
  return retention_seconds_;
}

std::optional<BinlogCoordinates> SourceSampler::take_end_before_saved() {
  const std::lock_guard lock(mutex_);
  return std::exchange(end_before_saved_, std::nullopt);
}

}  // namespace rowtide::run
