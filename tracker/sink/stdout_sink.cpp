#include "tracker/sink/stdout_sink.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <mutex>
#include <system_error>
#include <utility>

#include "common/status/try.h"

namespace rowtide::sink {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kBufferedBytes = std::size_t{64} * 1024;
constexpr int kStopCheckMs = 50;

class StdoutSink final : public Sink {
 public:
  explicit StdoutSink(int fd) : fd_(fd) {}

  absl::Status open() override {
    std::signal(SIGPIPE, SIG_IGN);
    struct stat status {};
    if (::fstat(fd_, &status) != 0) {
      return absl::FailedPreconditionError(fmt::format(
          "stdout cannot be written to: {}; run without closing it", std::generic_category().message(errno)));
    }
    is_regular_file_ = S_ISREG(status.st_mode);
    return absl::OkStatus();
  }

  absl::Status write(const record::RecordBatch& batch, std::stop_token stop) override {
    stop_ = std::move(stop);
    RETURN_IF_ERROR(error());
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const record::Record record = batch.record(i);
      if (!record.value) continue;
      buffer_.append(*record.value);
      buffer_.push_back('\n');
      ++buffered_records_;
      if (buffer_.size() < kBufferedBytes) continue;
      if (absl::Status status = drain(Clock::time_point::max()); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  void end_transaction(const binlog::Position& position, std::int64_t /*committed_at_us*/) override {
    if (!error().ok()) return;
    // A stop while the reader stands still leaves the rest to flush(): not durable until then.
    ended_ = position;
    static_cast<void>(drain(Clock::time_point::max()));
  }

  absl::Status flush(std::chrono::milliseconds deadline) override {
    RETURN_IF_ERROR(error());
    stop_ = {};
    return drain(Clock::now() + deadline);
  }

  std::optional<binlog::Position> durable() const override {
    const std::lock_guard lock(mutex_);
    return durable_;
  }
  absl::Status error() const override {
    const std::lock_guard lock(mutex_);
    return error_;
  }
  SinkCounters counters() const override {
    const std::lock_guard lock(mutex_);
    return counters_;
  }
  std::vector<std::string> topics(std::size_t /*known*/) const override { return {}; }

 private:
  /// Writes the whole buffer. A failure of the file is kept as the sink's error.
  absl::Status drain(Clock::time_point deadline) {
    std::size_t written = 0;
    absl::Status status;
    while (written < buffer_.size() && status.ok()) {
      status = wait_writable(deadline);
      if (status.ok()) status = write_some(written);
    }
    const bool is_done = written == buffer_.size();
    buffer_.erase(0, written);
    if (absl::IsDeadlineExceeded(status)) {
      status = absl::DeadlineExceededError(
          fmt::format("{} bytes are not written to stdout: its reader does not take them", buffer_.size()));
    }

    const std::lock_guard lock(mutex_);
    counters_.bytes += written;
    counters_.queued_bytes = buffer_.size();
    if (is_done) {
      counters_.records += std::exchange(buffered_records_, 0);
      if (ended_) durable_ = std::exchange(ended_, std::nullopt);
    } else if (!absl::IsCancelled(status) && !absl::IsDeadlineExceeded(status)) {
      ++counters_.connection_errors;
      error_ = status;
    }
    return status;
  }

  absl::Status wait_writable(Clock::time_point deadline) const {
    if (is_regular_file_) return absl::OkStatus();
    while (true) {
      pollfd descriptor{fd_, POLLOUT, 0};
      const int ready = ::poll(&descriptor, 1, kStopCheckMs);
      if (ready > 0) return absl::OkStatus();
      if (stop_.stop_requested()) return absl::CancelledError("stopped while stdout's reader stands still");
      if (Clock::now() >= deadline) return absl::DeadlineExceededError("");
    }
  }

  absl::Status write_some(std::size_t& written) const {
    // After POLLOUT a pipe takes this much without blocking.
    const std::size_t most = is_regular_file_ ? buffer_.size() : PIPE_BUF;
    const std::size_t size = std::min(most, buffer_.size() - written);
    const ssize_t result = ::write(fd_, buffer_.data() + written, size);
    if (result >= 0) {
      written += static_cast<std::size_t>(result);
      return absl::OkStatus();
    }
    if (errno == EINTR || errno == EAGAIN) return absl::OkStatus();
    if (errno == EPIPE) {
      return absl::FailedPreconditionError(
          "the program that reads stdout has ended; changes from here on were not written, start again "
          "with a reader that stays");
    }
    return absl::FailedPreconditionError(
        fmt::format("writing to stdout failed: {}; make room or write elsewhere, then start again",
                    std::generic_category().message(errno)));
  }

  int fd_;
  bool is_regular_file_ = false;
  std::stop_token stop_;
  std::string buffer_;
  std::uint64_t buffered_records_ = 0;
  std::optional<binlog::Position> ended_;  ///< durable once the buffer is empty

  mutable std::mutex mutex_;  // guards what follows
  std::optional<binlog::Position> durable_;
  absl::Status error_;
  SinkCounters counters_;
};

}  // namespace

std::unique_ptr<Sink> make_stdout_sink(int fd) {
  return std::make_unique<StdoutSink>(fd);
}

}  // namespace rowtide::sink
