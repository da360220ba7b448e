#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <random>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "operator/kube/client.h"
#include "operator/kube/resource.h"
#include "operator/kube/transport.h"

namespace rowtide::op::kube {

/// An object as the server sent it, without managedFields and what kubectl applied last (often more than half
/// of it, and read by nobody); never changed after it was parsed.
using ObjectPtr = std::shared_ptr<const nlohmann::json>;

/// Where a watcher's objects go. Called on the watcher's thread, one call at a time; where several watchers
/// have one sink, each of a namespace of its own, by all of their threads.
class WatchSink {
 public:
  virtual ~WatchSink() = default;
  /// The whole truth of the namespace (empty: of all): what is not in `objects` does not exist any more.
  virtual void replace(const std::string& name_space, std::vector<ObjectPtr> objects) = 0;
  virtual void upsert(ObjectPtr object) = 0;
  virtual void remove(ObjectPtr last_state) = 0;
};

struct WatchTiming {
  // The server ends the watch after a random time in this range, so that watches do not all reconnect at
  // once.
  std::chrono::seconds server_timeout_min{240};
  std::chrono::seconds server_timeout_max{300};
  // Bookmarks come about every 60 s: a connection silent for longer is dead, whatever TCP says.
  std::chrono::milliseconds idle_timeout{90'000};
  std::chrono::milliseconds backoff_min{800};
  std::chrono::milliseconds backoff_max{30'000};
  std::chrono::milliseconds healthy_after{120'000};  // a watch that lived so long resets the backoff
  std::chrono::milliseconds request_time{60'000};    // more than the transport's timeout of one request
  std::chrono::milliseconds very_short{1'000};       // ended sooner and without an event: backs off
};

struct WatchOptions {
  ResourceType type;
  std::string name_space;      // empty: all namespaces
  std::string label_selector;  // empty: all objects
  WatchTiming timing = {};
  /// Takes out of an object what nobody looks at, before it is handed on; on the watcher's thread.
  std::function<void(nlohmann::json& object)> trim = {};
};

enum class RestartReason : std::uint8_t {
  Timeout,    // the server ended the watch, as asked for or because it restarts
  Gone,       // 410: the history is compacted; lists again
  Idle,       // silence for longer than the idle timeout
  Throttled,  // 429
  VeryShort,  // ended at once with no event
  Error,      // anything else: connection, 5xx, 403, an answer that is not JSON
};
inline constexpr std::size_t kRestartReasons = 6;

/// The label value: timeout, gone, idle, throttled, very_short, error.
std::string_view to_string(RestartReason reason);

struct WatcherStats {
  ResourceType type;
  std::string name_space;  // empty: all
  bool synced = false;     // listed at least once
  bool alive = false;      // the thread runs and turned its loop not long ago
  std::array<std::uint64_t, kRestartReasons> restarts{};
  std::uint64_t lists = 0;
  std::uint64_t events = 0;                          // ADDED, MODIFIED, DELETED; no bookmarks
  std::chrono::system_clock::time_point last_event;  // any line of the watch, also bookmarks; epoch: none
  std::string last_error;                            // of the newest failed attempt; empty while all is well
};

/// Keeps a sink equal to one kind's objects on the server: a list, then a watch from it, and back to a list
/// after a 410. One thread of its own from start() to stop() or destruction; the transport and the sink must
/// outlive it. All other functions may be called from any thread.
class Watcher {
 public:
  Watcher(Transport& transport, WatchOptions options, WatchSink& sink);
  ~Watcher();
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  void start();
  /// Ends the thread, within about a second when a watch is open, a request timeout at worst. Idempotent.
  void stop();
  /// Only asks the thread to end, for stopping several at once.
  void request_stop();

  bool synced() const { return synced_.load(std::memory_order_acquire); }
  /// Never listed, and the server has refused it (403) time and again: nothing is to be waited for before
  /// somebody grants it.
  bool refused() const { return refusals_.load(std::memory_order_acquire) >= kRefusals && !synced(); }
  const std::string& name_space() const { return options_.name_space; }
  WatcherStats stats() const;

 private:
  static constexpr int kRefusals = 4;  // in a row; with the default timing after 6 to 11 s
  enum class State : std::uint8_t { Empty, Watching };
  struct Step;  // what one turn of the loop came to

  void run(std::stop_token stop);
  Step list();
  Step watch(std::stop_token stop);
  absl::Status on_line(std::string_view line, std::string_view what, Step& turn);
  void record(const Step& turn);
  std::chrono::milliseconds next_backoff(const Step& turn);
  std::string watch_path();

  Transport& transport_;
  Client client_;
  const WatchOptions options_;
  WatchSink& sink_;

  // The watcher's thread only.
  State state_ = State::Empty;
  std::string resource_version_;
  std::chrono::milliseconds backoff_{0};
  std::minstd_rand random_;

  mutable std::mutex mutex_;
  WatcherStats stats_;                               // guarded by mutex_
  std::chrono::steady_clock::time_point last_turn_;  // guarded by mutex_
  std::atomic<bool> synced_{false};
  std::atomic<int> refusals_{0};  // in a row
  std::jthread thread_;
};

}  // namespace rowtide::op::kube
