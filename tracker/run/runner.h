#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "common/task/spec.h"
#include "common/task/tracker_status.h"
#include "common/time/backoff.h"
#include "tracker/pipeline/counters.h"
#include "tracker/run/checkpointer.h"
#include "tracker/run/parts.h"
#include "tracker/run/source_sampler.h"
#include "tracker/run/source_verifier.h"
#include "tracker/run/start.h"

namespace rowtide::run {

class Stream;

/// Keeps a task running: decides where it begins, keeps the stream open through everything that passes by
/// itself, and drains when told to stop. run() is the pipeline's thread; the rest is for any.
class Runner {
 public:
  Runner(const task::Task& task, Parts parts);

  /// Until `stop` (then OK, with everything delivered checkpointed), or until a failure that trying again
  /// cannot mend.
  [[nodiscard]] absl::Status run(const std::stop_token& stop);

  [[nodiscard]] task::TrackerStatus status() const;
  [[nodiscard]] const pipeline::Counters& counters() const { return counters_; }
  [[nodiscard]] std::optional<double> lag_seconds() const {
    return sampler_.lag().seconds(Lag::Clock::now());
  }
  [[nodiscard]] std::optional<std::uint64_t> behind_bytes() const { return sampler_.behind_bytes(); }
  /// For at least how long the source still keeps the binlog that is read, by its settings and the newest
  /// event's time; nullopt: not known, or without end.
  [[nodiscard]] std::optional<double> purge_headroom_seconds() const;
  /// How often the stream was lost, by the reason.
  [[nodiscard]] std::map<std::string, std::uint64_t> reconnects() const;
  [[nodiscard]] bool is_streaming() const;
  /// Streaming, or only the sink is waited for.
  [[nodiscard]] bool is_source_connected() const;
  /// What the sink has made durable is saved now, not only at its time.
  void save_soon() { checkpointer_.hurry(); }
  /// The newest position that is; nullopt: none yet.
  [[nodiscard]] std::optional<binlog::Position> saved() const { return checkpointer_.saved(); }
  /// As save_soon(), once run() has returned.
  [[nodiscard]] absl::Status save_after_run() { return checkpointer_.save(); }
  [[nodiscard]] std::uint64_t checkpoint_failures() const { return checkpointer_.failures(); }
  [[nodiscard]] absl::Status last_checkpoint_failure() const { return checkpointer_.last_failure(); }
  [[nodiscard]] std::int64_t checkpoint_at_ms() const { return checkpointer_.saved_at_ms(); }

 private:
  enum class State { Starting, Streaming, Reconnecting, Stopping, Failed };
  struct Health {
    State state = State::Starting;
    absl::Status why;
  };

  [[nodiscard]] absl::Status run_until_stopped(const std::stop_token& stop);
  /// Again and again while it fails by what may pass. CANCELLED: stop.
  [[nodiscard]] absl::Status keep_trying(const std::function<absl::Status()>& attempt,
                                         const std::stop_token& stop);
  [[nodiscard]] absl::Status open_sink(const std::stop_token& stop);
  [[nodiscard]] absl::Status open_way_in(const std::stop_token& stop);
  /// `committed`: as find_start()'s.
  [[nodiscard]] absl::Status prepare(const std::optional<binlog::Position>& committed,
                                     const std::stop_token& stop);
  [[nodiscard]] absl::Status save_start(const std::stop_token& stop);
  [[nodiscard]] absl::Status stream(const std::stop_token& stop);
  [[nodiscard]] absl::Status stream_once(const std::stop_token& stop);
  [[nodiscard]] absl::Status explain_unreadable(const absl::Status& status);
  [[nodiscard]] absl::Status when_idle(const Stream& stream);
  [[nodiscard]] absl::Status check_end();
  [[nodiscard]] absl::Status roll_back(sink::Transactional& sink, const std::stop_token& stop);
  [[nodiscard]] absl::Status stream_and_drain(std::jthread& verifying, const std::stop_token& stop);
  [[nodiscard]] absl::Status drain();
  void wait_to_retry(const absl::Status& why, Backoff& backoff, const std::stop_token& stop);
  void set_state(State state, const absl::Status& status = absl::OkStatus());
  [[nodiscard]] Health health() const;

  const task::Task& task_;
  Parts parts_;
  absl::Status way_in_;  ///< UNAVAILABLE: to be tried again where the source refuses us
  pipeline::Counters counters_;
  std::optional<Start> start_;  ///< `from` moves on with each connection
  SourceSampler sampler_;
  SourceVerifier verifier_;
  Checkpointer checkpointer_;

  mutable std::mutex mutex_;  // guards what follows
  State state_ = State::Starting;
  absl::Status last_error_;
  std::string client_address_;
  std::string start_remark_;
  std::map<std::string, std::uint64_t> reconnects_;
};

}  // namespace rowtide::run
