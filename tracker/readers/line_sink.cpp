#include "tracker/readers/line_sink.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "common/bytes/reused_text.h"

namespace rowtide::readers {

std::string LineSink::line(std::string_view kind, std::string_view json, std::string_view position) const {
  if (options_.format == LineFormat::Json) return fmt::format("{}\n", json);
  // A browser gives the last id back when it connects again.
  const std::string id = position.empty() ? "" : fmt::format("id: {}\n", position);
  return fmt::format("{}event: {}\ndata: {}\n\n", id, kind, json);
}

absl::Status LineSink::write(const record::RecordBatch& batch, std::stop_token stop) {
  empty_for_reuse(lines_);
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const record::Record record = batch.record(i);
    if (!record.value || !filter_.wants(record)) continue;
    lines_ += line("change", *record.value, "");
    ++count;
  }
  if (count == 0) return absl::OkStatus();

  std::unique_lock lock(mutex_);
  const bool has_room = changed_.wait(lock, stop, [this] { return buffer_.size() < options_.buffer_bytes; });
  if (!has_room) return absl::CancelledError("stopped while the reader stands still");
  buffer_ += lines_;
  changes_ += count;
  counters_.records += count;
  counters_.bytes += lines_.size();
  lock.unlock();
  empty_for_reuse(lines_);  // the next may be long in coming
  changed_.notify_all();
  return absl::OkStatus();
}

void LineSink::end_transaction(const binlog::Position& position, std::int64_t committed_at_us) {
  const std::lock_guard lock(mutex_);
  if (changes_ != 0) {
    if (given_ == acknowledged_ && held_ == 0) acknowledged_place_ = ended_;
    ++given_;
    const std::string token = to_text({.session = options_.session, .commit = given_, .position = position});
    buffer_ +=
        line("commit",
             fmt::format(R"({{"rowtide":"commit","position":"{}","changes":{},"committedAtMs":{}{}}})", token,
                         changes_, committed_at_us / 1000, position.midway ? R"(,"isPart":true)" : ""),
             token);
    changes_ = 0;
    changed_.notify_all();
  }
  if (!began_) began_ = position;
  ended_ = position;
}

std::optional<binlog::Position> LineSink::durable() const {
  const std::lock_guard lock(mutex_);
  const bool is_behind = given_ != acknowledged_ || held_ != 0;
  return options_.is_acknowledged && is_behind ? acknowledged_place_ : ended_;
}

sink::SinkCounters LineSink::counters() const {
  const std::lock_guard lock(mutex_);
  sink::SinkCounters counters = counters_;
  counters.queued_bytes = buffer_.size();
  return counters;
}

bool LineSink::is_inside_transaction() const {
  const std::lock_guard lock(mutex_);
  return changes_ != 0;
}

std::string LineSink::take(std::chrono::milliseconds wait) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, wait, [this] { return !buffer_.empty(); });
  std::string lines = std::exchange(buffer_, {});
  lock.unlock();
  changed_.notify_all();
  return lines;
}

std::string LineSink::heartbeat(const std::string& state, const std::string& reason,
                                std::optional<double> lag_seconds) const {
  std::string position;
  {
    const std::lock_guard lock(mutex_);
    // Not while lines wait that the reader has not got: to acknowledge this position would acknowledge them.
    if (ended_ && changes_ == 0 && buffer_.empty())
      position = to_text({.session = options_.session, .commit = given_, .position = *ended_});
  }
  return heartbeat_line(state, reason, lag_seconds, position);
}

std::string LineSink::first_heartbeat(const std::string& state, const std::string& reason,
                                      std::optional<double> lag_seconds) const {
  std::string position;
  {
    const std::lock_guard lock(mutex_);
    if (!began_) return {};
    position = to_text({.session = options_.session, .commit = 0, .position = *began_});
  }
  return heartbeat_line(state, reason, lag_seconds, position);
}

std::string LineSink::heartbeat_line(const std::string& state, const std::string& reason,
                                     std::optional<double> lag_seconds, const std::string& position) const {
  nlohmann::ordered_json json{{"rowtide", "heartbeat"}, {"state", state}};
  if (!reason.empty()) json["reason"] = reason;
  if (lag_seconds) json["lagSeconds"] = *lag_seconds;
  if (!position.empty()) json["position"] = position;
  return line("heartbeat", json.dump(), position);
}

std::string LineSink::error_line(const std::string& reason, const std::string& message) const {
  const nlohmann::ordered_json json{{"rowtide", "error"}, {"reason", reason}, {"message", message}};
  return line("error", json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace), "");
}

absl::Status LineSink::acknowledge(const PositionToken& token) {
  const std::lock_guard lock(mutex_);
  if (token.session != options_.session) {
    return absl::FailedPreconditionError(
        "the position is of another connection of this reader, and what followed what was acknowledged then comes "
        "again; acknowledge positions of the newest connection");
  }
  if (token.commit > given_) {
    return absl::FailedPreconditionError(
        fmt::format("the position is that of commit {}, but {} were given; acknowledge what was read",
                    token.commit, given_));
  }
  if (token.commit < acknowledged_) {
    return absl::FailedPreconditionError(fmt::format(
        "the position is that of commit {}, and {} is acknowledged already: that stays; acknowledge in "
        "the order of reading",
        token.commit, acknowledged_));
  }
  if (token.commit != acknowledged_) {
    acknowledged_ = token.commit;
    acknowledged_place_ = token.position;
  } else if (given_ == acknowledged_ && held_ == 0) {
    acknowledged_place_ = ended_;
  }
  ++held_;
  return absl::OkStatus();
}

void LineSink::release() {
  const std::lock_guard lock(mutex_);
  --held_;
}

std::uint64_t LineSink::given() const {
  const std::lock_guard lock(mutex_);
  return given_;
}

std::uint64_t LineSink::acknowledged() const {
  const std::lock_guard lock(mutex_);
  return acknowledged_;
}

}  // namespace rowtide::readers
