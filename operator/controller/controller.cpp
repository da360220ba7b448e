#include "operator/controller/controller.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <exception>
#include <initializer_list>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "operator/kube/errors.h"
#include "operator/kube/json_access.h"
#include "operator/kube/request_deadline.h"

namespace rowtide::op::controller {

using kube::find_at;
using kube::string_at;
using std::chrono::steady_clock;

namespace {

constexpr std::chrono::seconds kUntilListed{1};

/// Those that the object joins or leaves.
std::vector<Key> changed_groups(const GroupsOf& groups_of, const Change& change) {
  if (!groups_of) return {};
  std::vector<Key> before = change.before ? groups_of(*change.before) : std::vector<Key>();
  std::vector<Key> after = change.after ? groups_of(*change.after) : std::vector<Key>();
  std::sort(before.begin(), before.end());
  std::sort(after.begin(), after.end());
  std::vector<Key> changed;
  std::set_symmetric_difference(before.begin(), before.end(), after.begin(), after.end(),
                                std::back_inserter(changed));
  return changed;
}

bool are_same_but(const nlohmann::json& a, const nlohmann::json& b,
                  std::initializer_list<std::string_view> ignored) {
  const auto counts = [&](const std::string& name) {
    return std::find(ignored.begin(), ignored.end(), name) == ignored.end();
  };
  const auto has_all_of = [&](const nlohmann::json& all, const nlohmann::json& of) {
    for (const auto& [name, value] : of.items()) {
      if (!counts(name)) continue;
      const auto found = all.find(name);
      if (found == all.end() || *found != value) return false;
    }
    return true;
  };
  return a.is_object() && b.is_object() && has_all_of(a, b) && has_all_of(b, a);
}

/// Of a primary object it is most often what the reconcile itself has written.
bool is_of_status_only(const Change& change) {
  return change.before && change.after &&
         are_same_but(kube::value_at(*change.before, "/metadata"), kube::value_at(*change.after, "/metadata"),
                      {"resourceVersion", "managedFields"}) &&
         are_same_but(*change.before, *change.after, {"metadata", "status"});
}

/// One that keeps a worker for long must not do so again before many others have had their turn.
std::chrono::milliseconds for_others(double seconds) {
  constexpr double kTurnsOfOthers = 10;
  return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000 * kTurnsOfOthers));
}

std::vector<std::string> scopes_of(const ControllerOptions& options) {
  if (options.name_spaces.empty()) return {""};
  return {options.name_spaces.begin(), options.name_spaces.end()};
}

}  // namespace

MapToPrimary by_owner(const kube::ResourceType& primary) {
  return [kind = std::string(primary.kind),
          prefix = primary.group.empty() ? "" : std::string(primary.group) + "/"](
             const nlohmann::json& object) -> std::optional<Key> {
    const auto* owners = find_at(object, {"metadata", "ownerReferences"});
    if (owners == nullptr || !owners->is_array()) return std::nullopt;
    for (const auto& owner : *owners) {
      const auto* controls = find_at(owner, {"controller"});
      const auto version =
          string_at(owner, {"apiVersion"});  // any version of the group: they are the same object
      const bool same_group =
          prefix.empty() ? version.find('/') == std::string_view::npos : version.starts_with(prefix);
      if (controls == nullptr || *controls != true || !same_group || string_at(owner, {"kind"}) != kind)
        continue;
      return Key{key_of(object).name_space, std::string(string_at(owner, {"name"}))};
    }
    return std::nullopt;
  };
}

MapToPrimary by_label(std::string label) {
  return [label = std::move(label)](const nlohmann::json& object) -> std::optional<Key> {
    const auto name = string_at(object, {"metadata", "labels", label.c_str()});
    if (name.empty()) return std::nullopt;
    return Key{key_of(object).name_space, std::string(name)};
  };
}

Controller::Controller(kube::Transport& transport, ControllerOptions options)
    : options_(std::move(options)), scopes_(scopes_of(options_)), queue_(options_.queue) {
  add_watch(
      transport, options_.primary, [this](const Change& change) { noticed_primary(change); },
      options_.primary_groups);
  for (const WatchedKind& kind : options_.watched) {
    const std::size_t watch = watches_.size();
    add_watch(
        transport, kind.watch,
        [this, watch, &kind](const Change& change) { noticed_watched(watch, kind, change); },
        [&kind](const nlohmann::json& object) {
          std::vector<Key> groups = kind.groups ? kind.groups(object) : std::vector<Key>();
          if (auto key = kind.map(object)) groups.push_back(*std::move(key));
          return groups;
        });
  }
}

Controller::~Controller() {
  stop();
}

void Controller::add_watch(kube::Transport& transport, kube::WatchOptions options,
                           std::function<void(const Change&)> on_change, GroupsOf groups_of) {
  Watch watch;
  watch.type = options.type;
  watch.store = std::make_unique<ObjectStore>(std::move(on_change), std::move(groups_of));
  for (const std::string& name_space : scopes_) {
    options.name_space = name_space;
    watchers_.push_back(std::make_unique<kube::Watcher>(transport, options, *watch.store));
  }
  watches_.push_back(std::move(watch));
}

const ObjectStore* Controller::store(const kube::ResourceType& type) const {
  const auto watch =
      std::find_if(watches_.begin(), watches_.end(), [&](const Watch& w) { return w.type == type; });
  return watch == watches_.end() ? nullptr : watch->store.get();
}

void Controller::noticed(const Key& key) {
  if (is_started_) queue_.add(key);
}

/// A status that tells of a failure, and is other each time, must not end the pause after it.
void Controller::noticed_own(const Change& change) {
  if (!is_started_) return;
  if (is_of_status_only(change)) return queue_.add_unless_failed(change.key);
  queue_.add(change.key);
}

void Controller::noticed_primary(const Change& change) {
  noticed_own(change);
  for (const Key& group : changed_groups(options_.primary_groups, change)) {
    for (const Key& key : watches_.front().store->keys_of_group(group)) noticed(key);
  }
}

void Controller::noticed_watched(std::size_t watch, const WatchedKind& kind, const Change& change) {
  const auto notice = [&](const ObjectPtr& object) {
    if (!object) return;
    if (const auto key = kind.map(*object)) noticed(*key);
  };
  notice(change.before);  // both states: an object may change hands
  notice(change.after);
  for (const Key& group : changed_groups(kind.groups, change)) {
    for (const ObjectPtr& object : watches_[watch].store->of_group(group)) notice(object);
  }
}

void Controller::watch() {
  if (std::exchange(is_watching_, true)) return;
  for (const auto& watcher : watchers_) watcher->start();
}

void Controller::start(Reconcile reconcile) {
  if (!workers_.empty()) return;
  watch();
  reconcile_ = std::move(reconcile);
  const auto count = static_cast<std::size_t>(options_.workers);
  {
    const std::lock_guard lock(mutex_);
    live_workers_ = options_.workers;
    running_since_.resize(count);
  }
  is_started_ = true;
  for (const Key& key : watches_.front().store->keys()) queue_.add(key);
  for (std::size_t i = 0; i < options_.watched.size(); ++i) {  // what it is mapped to may not be there
    for (const Key& key : watches_[i + 1].store->keys()) {
      const ObjectPtr object = watches_[i + 1].store->find(key);
      if (const auto primary = object ? options_.watched[i].map(*object) : std::nullopt) queue_.add(*primary);
    }
  }
  for (std::size_t worker = 0; worker < count; ++worker) {
    workers_.emplace_back([this, worker] { work(worker); });
  }
}

void Controller::stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_requested_ = true;
  }
  stopping_.notify_all();
  queue_.shutdown();
  for (const auto& watcher : watchers_) watcher->request_stop();
  workers_.clear();  // joins: a reconcile that runs comes to its end
  for (const auto& watcher : watchers_) watcher->stop();
}

void Controller::enqueue(const Key& key) {
  queue_.add(key);
}

bool Controller::every_watcher(const std::function<bool(const kube::Watcher&)>& is_so) const {
  return std::all_of(watchers_.begin(), watchers_.end(),
                     [&](const auto& watcher) { return is_so(*watcher); });
}

bool Controller::synced() const {
  return every_watcher([](const kube::Watcher& watcher) { return watcher.synced(); });
}

bool Controller::is_listed(const std::string& name_space) const {
  return every_watcher([&](const kube::Watcher& watcher) {
    const bool is_other = !watcher.name_space().empty() && watcher.name_space() != name_space;
    return is_other || watcher.synced();
  });
}

bool Controller::may_begin() const {
  bool is_any_listed = false;
  for (const std::string& name_space : scopes_) {
    if (is_listed(name_space)) {
      is_any_listed = true;
      continue;
    }
    const bool is_waited_for = every_watcher([&](const kube::Watcher& watcher) {
      return watcher.name_space() != name_space || !watcher.refused();
    });
    if (is_waited_for) return false;
  }
  return is_any_listed;
}

bool Controller::healthy() const {
  {
    const std::lock_guard lock(mutex_);
    if (stop_requested_ || live_workers_ < static_cast<int>(running_since_.size())) return false;
    const auto oldest = steady_clock::now() - options_.stuck_after;
    if (std::any_of(running_since_.begin(), running_since_.end(),
                    [&](const auto& since) { return since && *since < oldest; }))
      return false;
  }
  return every_watcher([](const kube::Watcher& watcher) { return watcher.stats().alive; });
}

ControllerStats Controller::stats() const {
  ControllerStats stats;
  {
    const std::lock_guard lock(mutex_);
    stats = counters_;
  }
  stats.max_workers = options_.workers;
  stats.queue = queue_.stats();
  for (const auto& watcher : watchers_) stats.watchers.push_back(watcher->stats());
  return stats;
}

bool Controller::wait_until_synced() {
  constexpr auto kPollInterval = std::chrono::milliseconds(20);
  std::unique_lock lock(mutex_);
  while (!stop_requested_) {
    if (may_begin()) return true;
    stopping_.wait_for(lock, kPollInterval);
  }
  return false;
}

void Controller::work(std::size_t worker) {
  if (wait_until_synced()) {
    while (const auto key = queue_.get()) {
      if (!is_listed(key->name_space)) {
        queue_.add_after(*key, kUntilListed);
        queue_.done(*key);
        continue;
      }
      const auto began = steady_clock::now();
      const Result result = run_one(worker, *key);
      settle(worker, *key, result, std::chrono::duration<double>(steady_clock::now() - began).count());
      queue_.done(*key);
    }
  }
  const std::lock_guard lock(mutex_);
  --live_workers_;
}

Result Controller::run_one(std::size_t worker, const Key& key) {
  {
    const std::lock_guard lock(mutex_);
    running_since_[worker] = steady_clock::now();
    ++counters_.active_workers;
  }
  try {
    const kube::RequestDeadline deadline(steady_clock::now() + options_.reconcile_deadline);
    Result result = reconcile_(key);
    if (result.status.ok() || !kube::RequestDeadline::has_passed()) return result;
    return {absl::DeadlineExceededError(fmt::format(
                "it was ended after {} ms, so that others have their turn: {}",
                options_.reconcile_deadline.count(),
                std::string_view(result.status.message().data(), result.status.message().size()))),
            std::nullopt};
  } catch (const std::exception& error) {
    return {absl::InternalError(error.what()), std::nullopt};
  }
}

std::chrono::milliseconds Controller::pause_after(const absl::Status& failure, double seconds) const {
  const std::chrono::milliseconds at_least = for_others(seconds);
  const std::optional<std::chrono::seconds> asked = kube::retry_after(failure);
  if (asked) return std::max<std::chrono::milliseconds>(*asked, at_least);
  return kube::is_refused(failure) ? std::max(options_.refused_pause, at_least) : at_least;
}

/// Before done(), so that what the next run of the key reads is in place.
void Controller::settle(std::size_t worker, const Key& key, const Result& result, double seconds) {
  {
    const std::lock_guard lock(mutex_);
    running_since_[worker].reset();
    --counters_.active_workers;
    counters_.reconcile_time.observe(seconds);
    ++(!result.status.ok()    ? counters_.failed
       : result.requeue_after ? counters_.requeued_after
                              : counters_.succeeded);
  }
  if (!result.status.ok()) {
    spdlog::warn("{}: reconcile of {} failed (in a row: {}): {}", options_.name, kube::to_string(key),
                 queue_.failures(key) + 1,
                 result.status.ToString(absl::StatusToStringMode::kWithNoExtraData));
    auto at_most = std::chrono::milliseconds::max();
    // A server that asks to wait is given its time, whatever else is to be looked at.
    if (result.requeue_after && !kube::retry_after(result.status))
      at_most = std::max(*result.requeue_after, for_others(seconds));
    return queue_.add_rate_limited(key, pause_after(result.status, seconds), at_most);
  }
  queue_.forget(key);
  if (result.requeue_after) queue_.add_after(key, *result.requeue_after);
}

}  // namespace rowtide::op::controller
