#include "operator/kube/watcher.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "common/status/text.h"
#include "common/status/try.h"
#include "common/time/sleep.h"
#include "operator/kube/errors.h"
#include "operator/kube/json_access.h"
#include "operator/kube/watch_event.h"

namespace rowtide::op::kube {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

struct Watcher::Step {
  absl::Status status = absl::OkStatus();
  std::optional<RestartReason> restart;  // empty: a list that succeeded
  bool relist = false;                   // what we know of the server's state is void
  std::uint64_t events = 0;
  milliseconds lived{0};
};

namespace {

/// Whether a watch that failed so can never go on from where it was.
bool state_is_void(const absl::Status& status) {
  if (absl::IsOutOfRange(status)) return true;
  // 400 and 5xx also tell of resource versions that the server does not have (restored from a backup, other
  // etcd).
  const auto http = http_status(status);
  return http && *http != 429 && *http != 401 && *http != 403;
}

RestartReason reason_of(const absl::Status& status) {
  if (absl::IsOutOfRange(status)) return RestartReason::Gone;
  if (absl::IsDeadlineExceeded(status)) return RestartReason::Idle;
  return http_status(status) == 429 ? RestartReason::Throttled : RestartReason::Error;
}

/// "pods", "pods in shop".
std::string what_of(const WatchOptions& options) {
  return std::string(options.type.plural) + (options.name_space.empty() ? "" : " in " + options.name_space);
}

ObjectPtr kept(nlohmann::json object, const WatchOptions& options) {
  if (const auto metadata = object.find("metadata"); metadata != object.end() && metadata->is_object()) {
    metadata->erase("managedFields");
    const auto annotations = metadata->find("annotations");
    if (annotations != metadata->end() && annotations->is_object())
      annotations->erase("kubectl.kubernetes.io/last-applied-configuration");
  }
  if (options.trim) options.trim(object);
  return std::make_shared<const nlohmann::json>(std::move(object));
}

}  // namespace

std::string_view to_string(RestartReason reason) {
  switch (reason) {
    case RestartReason::Timeout:
      return "timeout";
    case RestartReason::Gone:
      return "gone";
    case RestartReason::Idle:
      return "idle";
    case RestartReason::Throttled:
      return "throttled";
    case RestartReason::VeryShort:
      return "very_short";
    case RestartReason::Error:
      break;
  }
  return "error";
}

Watcher::Watcher(Transport& transport, WatchOptions options, WatchSink& sink)
    : transport_(transport),
      client_(transport),
      options_(std::move(options)),
      sink_(sink),
      random_(std::random_device{}()) {
  stats_.type = options_.type;
  stats_.name_space = options_.name_space;
}

Watcher::~Watcher() {
  stop();
}

void Watcher::start() {
  if (thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stats_.alive = true;
    last_turn_ = steady_clock::now();
  }
  thread_ = std::jthread([this](std::stop_token stop) { run(std::move(stop)); });
}

void Watcher::request_stop() {
  thread_.request_stop();
}

void Watcher::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

WatcherStats Watcher::stats() const {
  const auto& timing = options_.timing;
  const auto bound = 2 * timing.idle_timeout + 4 * timing.backoff_max + timing.request_time;
  const std::lock_guard lock(mutex_);
  WatcherStats stats = stats_;
  stats.synced = synced();
  stats.alive = stats_.alive && steady_clock::now() - last_turn_ < bound;
  return stats;
}

// The thread's own copy, as std::jthread hands it over.
// NOLINTNEXTLINE(performance-unnecessary-value-param)
void Watcher::run(std::stop_token stop) {
  while (!stop.stop_requested()) {
    Step turn;
    try {
      turn = state_ == State::Empty ? list() : watch(stop);
    } catch (const std::exception& error) {
      turn.status = absl::InternalError(error.what());
      turn.restart = RestartReason::Error;
      turn.relist = true;
    }
    if (stop.stop_requested()) break;
    if (turn.relist) state_ = State::Empty;
    record(turn);
    sleep_for(next_backoff(turn), stop);
  }
  const std::lock_guard lock(mutex_);
  stats_.alive = false;
}

Watcher::Step Watcher::list() {
  Step turn;
  ListOptions what;
  what.name_space = options_.name_space;
  what.label_selector = options_.label_selector;
  auto list = client_.list(options_.type, what);
  if (!list.ok()) {
    turn.status = list.status();
    turn.restart = reason_of(turn.status);
    return turn;
  }
  std::vector<ObjectPtr> objects;
  objects.reserve(list->items.size());
  for (auto& item : list->items) objects.push_back(kept(std::move(item), options_));
  sink_.replace(options_.name_space, std::move(objects));
  resource_version_ = std::move(list->resource_version);
  state_ = State::Watching;
  synced_.store(true, std::memory_order_release);
  return turn;
}

Watcher::Step Watcher::watch(std::stop_token stop) {
  Step turn;
  const std::string what = "watch " + what_of(options_);
  const auto path = watch_path();
  const auto began = steady_clock::now();
  absl::Status in_stream = absl::OkStatus();
  turn.status = transport_.stream(
      path,
      [&](std::string_view line) {
        in_stream = on_line(line, what, turn);
        return in_stream.ok();
      },
      options_.timing.idle_timeout, std::move(stop));
  turn.lived = std::chrono::duration_cast<milliseconds>(steady_clock::now() - began);
  if (!in_stream.ok()) turn.status = in_stream;
  if (!turn.status.ok()) {
    turn.restart = reason_of(turn.status);
    // An error told in the stream ends what it says about the state, whatever its code.
    turn.relist = !in_stream.ok() || state_is_void(turn.status);
    turn.relist = turn.relist && turn.restart != RestartReason::Throttled;
  } else {
    const bool short_lived = turn.lived < options_.timing.very_short && turn.events == 0;
    turn.restart = short_lived ? RestartReason::VeryShort : RestartReason::Timeout;
    if (short_lived) turn.status = absl::UnavailableError(what + ": ended at once and without an event");
  }
  return turn;
}

std::string Watcher::watch_path() {
  const auto& timing = options_.timing;
  std::uniform_int_distribution<std::int64_t> seconds(timing.server_timeout_min.count(),
                                                      timing.server_timeout_max.count());
  // list() came first and has checked the namespace.
  return fmt::format(
      "{}?watch=1&allowWatchBookmarks=true&timeoutSeconds={}&resourceVersion={}{}{}",
      *collection_path(options_.type, options_.name_space), seconds(random_),
      encode_query_value(resource_version_),
      options_.label_selector.empty() ? "" : "&labelSelector=", encode_query_value(options_.label_selector));
}

absl::Status Watcher::on_line(std::string_view line, std::string_view what, Step& turn) {
  ASSIGN_OR_RETURN(WatchEvent event, parse_watch_event(line, what));
  if (event.type == WatchEvent::Type::Changed) {
    sink_.upsert(kept(std::move(event.object), options_));
  } else if (event.type == WatchEvent::Type::Deleted) {
    sink_.remove(kept(std::move(event.object), options_));
  }
  resource_version_ = std::move(event.resource_version);
  const bool counts = event.type != WatchEvent::Type::Bookmark;
  if (counts) ++turn.events;
  const std::lock_guard lock(mutex_);
  stats_.events += counts ? 1 : 0;
  stats_.last_event = std::chrono::system_clock::now();
  last_turn_ = steady_clock::now();
  stats_.last_error.clear();
  return absl::OkStatus();
}

void Watcher::record(const Step& turn) {
  const std::string message(text(turn.status));
  refusals_ = absl::IsPermissionDenied(turn.status) ? refusals_ + 1 : 0;
  bool log = false;
  {
    const std::lock_guard lock(mutex_);
    last_turn_ = steady_clock::now();
    if (turn.restart) {
      ++stats_.restarts[static_cast<std::size_t>(*turn.restart)];
    } else {
      ++stats_.lists;
    }
    log = !turn.status.ok() && message != stats_.last_error;
    stats_.last_error = message;
  }
  if (log) {
    spdlog::warn("Watch of {} restarts ({}{}): {}", what_of(options_), to_string(*turn.restart),
                 turn.relist ? ", lists again" : "", message);
  } else if (turn.restart) {
    spdlog::debug("Watch of {} restarts ({})", what_of(options_), to_string(*turn.restart));
  }
}

/// Only a list that succeeded and a watch that ended in the ordinary way go on at once. A list does not reset
/// the backoff: list and 410 in turn would go round without a pause.
milliseconds Watcher::next_backoff(const Step& turn) {
  const auto& timing = options_.timing;
  if (turn.lived >= timing.healthy_after) backoff_ = milliseconds(0);
  if (turn.status.ok()) return milliseconds(0);
  backoff_ = std::clamp(backoff_ * 2, timing.backoff_min, timing.backoff_max);
  std::uniform_int_distribution<std::int64_t> jitter(0, backoff_.count());
  const milliseconds wait = backoff_ + milliseconds(jitter(random_));
  const milliseconds asked = retry_after(turn.status).value_or(std::chrono::seconds(0));
  return std::max(wait, std::min(asked, 2 * timing.backoff_max));
}

}  // namespace rowtide::op::kube
