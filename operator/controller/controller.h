#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "operator/controller/histogram.h"
#include "operator/controller/object_store.h"
#include "operator/controller/work_queue.h"
#include "operator/kube/resource.h"
#include "operator/kube/transport.h"
#include "operator/kube/watcher.h"

namespace rowtide::op::controller {

/// What a reconcile came to. After an error the key is retried with its backoff, slowly if the error
/// is_refused, or when the server says; after `requeue_after` at the latest. OK without requeue_after:
/// nothing until something changes.
struct Result {
  absl::Status status = absl::OkStatus();
  std::optional<std::chrono::milliseconds> requeue_after = {};
};

/// Runs on a worker's thread, never for one key on two threads. Level-triggered: gets the key only, and looks
/// at the stores and the world. A key whose object is not in the primary store was deleted, or objects of
/// other kinds are mapped to it.
using Reconcile = std::function<Result(const Key&)>;

/// The key to reconcile when an object of another kind changes (empty: none), and by which the store finds
/// that object again.
using MapToPrimary = std::function<std::optional<Key>(const nlohmann::json& object)>;

/// By the controller ownerReference of that kind.
MapToPrimary by_owner(const kube::ResourceType& primary);
/// By a label that holds the primary object's name, in the same namespace. For what children own (pods).
MapToPrimary by_label(std::string label);

struct WatchedKind {
  kube::WatchOptions watch;  // its namespace is that of ControllerOptions
  MapToPrimary map;
  /// Groups of its objects that must look at each other, as ControllerOptions::primary_groups: whatever is
  /// mapped to of a group is reconciled when one joins or leaves it. Disjoint from the keys of `map`.
  GroupsOf groups = {};
};

struct ControllerOptions {
  std::string name;                   // for logs and metrics
  std::set<std::string> name_spaces;  // empty: all
  kube::WatchOptions primary;
  /// Groups of primary objects that must look at each other: all of a group are reconciled when one joins or
  /// leaves it.
  GroupsOf primary_groups = {};
  std::vector<WatchedKind> watched;
  int workers = 2;
  WorkQueueOptions queue = {};
  /// What the server refuses (403, 422) it will refuse again, until somebody mends it: no sooner than that.
  std::chrono::milliseconds refused_pause = std::chrono::seconds(30);
  /// The requests of one reconcile end by then, which is an error like others.
  std::chrono::milliseconds reconcile_deadline = std::chrono::minutes(1);
  /// A reconcile that runs for longer hangs: its requests have a deadline.
  std::chrono::milliseconds stuck_after = std::chrono::minutes(5);
};

/// For controller_runtime_reconcile_total{controller,result}, _reconcile_errors_total,
/// _reconcile_time_seconds, _active_workers, _max_concurrent_reconciles; workqueue_*{name};
/// rowtide_operator_watch_restarts_total{kind,reason}.
struct ControllerStats {
  std::uint64_t succeeded = 0;       // result="success"
  std::uint64_t requeued_after = 0;  // result="requeue_after"
  std::uint64_t failed = 0;          // result="error"
  int active_workers = 0;
  int max_workers = 0;
  Histogram reconcile_time;
  WorkQueueStats queue;
  std::vector<kube::WatcherStats> watchers;  // one a namespace of each kind; the primary kind first
};

/// Watches -> stores -> queue -> workers: a store a kind, and a watch of it in each namespace. Construct,
/// watch(), start() once, stop() (or destroy), from one thread. The transport must outlive it.
class Controller {
 public:
  Controller(kube::Transport& transport, ControllerOptions options);
  ~Controller();
  Controller(const Controller&) = delete;
  Controller& operator=(const Controller&) = delete;

  /// The store of a watched kind; nullptr for others. Valid for the controller's life, also before start().
  const ObjectStore* store(const kube::ResourceType& type) const;

  /// Fills the stores and keeps them true, so that start() finds them so; start() does it too. Returns at
  /// once.
  void watch();
  /// Returns at once; the workers begin when every kind has been listed. Of several namespaces, one whose
  /// lists are refused (its Role is gone, as with the namespace) does not keep the others waiting; its own
  /// keys are worked on when every kind has been listed there.
  void start(Reconcile reconcile);
  /// Ends intake, waits for reconciles that run, ends the watches. Idempotent.
  void stop();

  /// Asks for a reconcile from outside (a probe has an answer, a test).
  void enqueue(const Key& key);

  /// For /readyz: every kind has been listed in every namespace.
  bool synced() const;
  /// For /healthz: every thread lives, the watches turn and no reconcile hangs. An API server that is away
  /// does not make the operator unhealthy.
  bool healthy() const;
  ControllerStats stats() const;

 private:
  struct Watch {
    kube::ResourceType type;
    std::unique_ptr<ObjectStore> store;
  };
  void add_watch(kube::Transport& transport, kube::WatchOptions options,
                 std::function<void(const Change&)> on_change, GroupsOf groups_of);
  void noticed_primary(const Change& change);
  void noticed_watched(std::size_t watch, const WatchedKind& kind, const Change& change);
  void noticed(const Key& key);
  void noticed_own(const Change& change);
  void work(std::size_t worker);
  bool every_watcher(const std::function<bool(const kube::Watcher&)>& is_so) const;
  bool is_listed(const std::string& name_space) const;
  bool may_begin() const;
  bool wait_until_synced();
  Result run_one(std::size_t worker, const Key& key);
  [[nodiscard]] std::chrono::milliseconds pause_after(const absl::Status& failure, double seconds) const;
  void settle(std::size_t worker, const Key& key, const Result& result, double seconds);

  const ControllerOptions options_;
  const std::vector<std::string> scopes_;  // the namespaces; "" for all
  WorkQueue queue_;
  Reconcile reconcile_;
  std::vector<Watch> watches_;
  std::vector<std::unique_ptr<kube::Watcher>> watchers_;  // of each kind in turn, one a namespace
  bool is_watching_ = false;
  std::atomic<bool> is_started_{false};  // before, changes are in the stores and nobody waits for them

  mutable std::mutex mutex_;
  std::condition_variable stopping_;
  bool stop_requested_ = false;  // guarded by mutex_, as all below
  int live_workers_ = 0;
  std::vector<std::optional<std::chrono::steady_clock::time_point>> running_since_;  // a worker each
  ControllerStats counters_;
  std::vector<std::jthread> workers_;  // start() and stop() only
};

}  // namespace rowtide::op::controller
