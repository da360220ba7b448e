#include "tracker/readers/readers.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <nlohmann/json.hpp>
#include <set>
#include <shared_mutex>
#include <utility>

#include "common/status/reason.h"
#include "common/status/text.h"
#include "common/status/try.h"
#include "common/task/server_id.h"
#include "common/time/clock.h"
#include "common/time/sleep.h"
#include "tracker/run/retry.h"
#include "tracker/run/tracked_objects.h"

namespace rowtide::readers {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kConnectTime{10};
/// After its connection a named reader may still acknowledge so long.
constexpr std::chrono::seconds kLeftTime{60};
/// How long one waits for a former connection to end.
constexpr std::chrono::seconds kEndTime{3};
constexpr std::string_view kSuffix = ".json";

int http_status(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
      return 400;
    case absl::StatusCode::kNotFound:
      return 404;
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kAborted:
      return 409;
    case absl::StatusCode::kOutOfRange:
      return 410;
    case absl::StatusCode::kResourceExhausted:
      return 429;
    default:
      return run::is_retryable(status) ? 503 : 500;
  }
}

absl::Status busy() {
  return failure(absl::StatusCode::kUnavailable, "Busy", "another reader is still connecting; try again");
}

http::Response refusal(const absl::Status& status) {
  const nlohmann::ordered_json json{
      {"error", {{"reason", run::condition_reason(status)}, {"message", std::string(text(status))}}}};
  return {.status = http_status(status),
          .content_type = "application/json",
          .body = json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n"};
}

/// Before it takes anybody over: what is not selected however the source compares names.
absl::Status check_tables(const task::Spec& spec, const ChangeFilter& filter) {
  ASSIGN_OR_RETURN(const run::TrackedObjects by_case, run::compile_objects(spec, false));
  if (filter.check_selected(by_case.selector).ok()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const run::TrackedObjects without_case, run::compile_objects(spec, true));
  return filter.check_selected(without_case.selector);
}

}  // namespace

struct Readers::Connection {
  std::string name;
  std::unique_ptr<Session> session;
  std::atomic<bool> is_connected = true;
  std::atomic<Clock::time_point> left = Clock::time_point::max();
  std::shared_timed_mutex acknowledging;  // shared by acknowledgements; after connecting_, before mutex_
  bool is_released = false;  ///< guarded by it: nothing of the name's place is this one's any more

  /// Once it has ended: no acknowledgement saves a place any more. False: one still does.
  [[nodiscard]] bool seal(Clock::time_point until) {
    const std::unique_lock lock(acknowledging, until);
    if (lock.owns_lock()) is_released = true;
    return lock.owns_lock();
  }
};

Readers::Readers(ReadersParts parts)
    : parts_(std::move(parts)), slots_(static_cast<std::size_t>(parts_.task.spec.sink.stream->max_readers)) {
  releasing_ = std::jthread([this](const std::stop_token& stop) { release_left(stop); });
}

Readers::~Readers() {
  stop();
}

std::map<std::string, http::RequestHandler> Readers::requests() {
  return {{"GET /changes", [this](const http::Request& request) { return changes(request); }},
          {"POST /ack", [this](const http::Request& request) { return acknowledge(request); }},
          {"DELETE /readers", [this](const http::Request& request) { return forget(request); }}};
}

std::filesystem::path Readers::place_of(const std::string& name) const {
  return parts_.state / (name + std::string(kSuffix));
}

/// Its slot is free, and its name, once it is at rest.
absl::Status Readers::release(const std::shared_ptr<Connection>& connection, const absl::Status& why) {
  const Clock::time_point until = Clock::now() + kEndTime;
  connection->session->end(why);
  if (!connection->session->wait_ended(kEndTime)) {
    return failure(absl::StatusCode::kUnavailable, "StillEnding",
                   "a former connection still waits for the source and has not ended yet; try again");
  }
  if (!connection->seal(until)) {
    return failure(absl::StatusCode::kUnavailable, "StillEnding",
                   "what a former connection was acknowledged is still being saved; try again");
  }
  connection->is_connected = false;
  const std::lock_guard lock(mutex_);
  std::replace(slots_.begin(), slots_.end(), connection, std::shared_ptr<Connection>());
  return absl::OkStatus();
}

/// A reader that has left keeps its slot for a while, unless another one needs it.
absl::StatusOr<std::size_t> Readers::free_slot() {
  std::shared_ptr<Connection> left;
  {
    const std::lock_guard lock(mutex_);
    auto slot = std::find(slots_.begin(), slots_.end(), nullptr);
    if (slot != slots_.end()) return static_cast<std::size_t>(slot - slots_.begin());
    slot = std::find_if(slots_.begin(), slots_.end(), [](const auto& each) { return !each->is_connected; });
    if (is_stopping_) return absl::UnavailableError("the tracker is stopping; connect again");
    if (slot == slots_.end()) {
      return failure(
          absl::StatusCode::kResourceExhausted, "TooManyReaders",
          fmt::format("{} readers are connected, which is spec.sink.stream.maxReaders; end one, or "
                      "raise it",
                      slots_.size()));
    }
    left = *slot;
  }
  RETURN_IF_ERROR(release(left, absl::OkStatus()));
  return free_slot();
}

std::shared_ptr<Readers::Connection> Readers::newest(const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto slot = std::find_if(slots_.begin(), slots_.end(),
                                 [&](const auto& each) { return each != nullptr && each->name == name; });
  return slot == slots_.end() ? nullptr : *slot;
}

absl::StatusOr<std::shared_ptr<Readers::Connection>> Readers::connect(ReaderRequest request) {
  RETURN_IF_ERROR(check_tables(parts_.task.spec, request.filter));
  const std::unique_lock connecting(connecting_, kEndTime);
  if (!connecting.owns_lock()) return busy();
  std::unique_ptr<checkpoint::CheckpointStore> store;
  if (!request.name.empty()) {
    if (parts_.state.empty()) {
      return absl::FailedPreconditionError(
          "reader: there is no folder for the places of named readers; start the tracker with --state FOLDER (in a pod by "
          "its annotation rowtide.dev/inject-state-volume), or keep "
          "the position yourself and give it as from");
    }
    RETURN_IF_ERROR(parts_.hold_state());
    if (const auto former = newest(request.name)) {
      RETURN_IF_ERROR(release(
          former, failure(absl::StatusCode::kAborted, "TakenOver",
                          "another connection of this reader has begun, from what was acknowledged")));
    }
    store = parts_.make_store(place_of(request.name), parts_.task);
  }
  ASSIGN_OR_RETURN(const std::size_t slot, free_slot());
  task::Task task = parts_.task;
  task.spec.source.server_id = task::first_reader_server_id(task) + static_cast<std::uint32_t>(slot);

  auto connection = std::make_shared<Connection>();
  connection->name = request.name;
  const task::StreamSink& stream = *parts_.task.spec.sink.stream;
  LineOptions lines{.format = request.format,
                    .filter = request.filter,
                    .buffer_bytes = static_cast<std::size_t>(stream.buffer_mib) * 1024 * 1024,
                    .session = fmt::format("{:x}x{}", now_us(), ++connections_),
                    .is_acknowledged = !request.name.empty()};
  connection->session = std::make_unique<Session>(std::move(task), parts_.pipeline, std::move(request),
                                                  std::move(lines), std::move(store));
  const std::lock_guard lock(mutex_);
  if (is_stopping_) return absl::UnavailableError("the tracker is stopping; connect again");
  slots_[slot] = connection;
  return connection;
}

http::Response Readers::changes(const http::Request& request) {
  absl::StatusOr<ReaderRequest> read = read_request(request);
  if (!read.ok()) return refusal(read.status());
  const bool is_events = read->format == LineFormat::ServerSentEvents;
  absl::StatusOr<std::shared_ptr<Connection>> connected = connect(*std::move(read));
  if (!connected.ok()) return refusal(connected.status());

  // Lives as long as the response: then the reader has left.
  const std::shared_ptr<Connection> held(connected->get(), [connection = *connected](Connection*) {
    connection->is_connected = false;
    connection->left = Clock::now();
    if (connection->name.empty()) connection->session->end(absl::OkStatus());
  });
  if (absl::Status status = held->session->wait_streaming(kConnectTime); !status.ok()) {
    held->session->end(status);
    return refusal(status);
  }
  return {.content_type = is_events ? "text/event-stream" : "application/x-ndjson",
          .body = {},
          .next = [held](std::string& lines) { return held->session->next(lines); },
          .is_over = [held] { return held->session->is_ended(); }};
}

http::Response Readers::acknowledge(const http::Request& request) {
  const std::string name = request.parameter("reader").value_or("");
  if (absl::Status status = check_reader_name(name); !status.ok()) return refusal(status);
  std::string given = request.parameter("position").value_or(request.body);
  while (!given.empty() && (given.back() == '\n' || given.back() == '\r')) given.pop_back();
  const absl::StatusOr<PositionToken> token = token_from_text(given);
  if (!token.ok()) return refusal(token.status());
  const std::shared_ptr<Connection> connection = newest(name);
  if (connection == nullptr) {
    return refusal(absl::FailedPreconditionError(fmt::format(
        "reader \"{}\" is not connected; what it has not acknowledged comes again when it connects", name)));
  }
  const std::shared_lock acknowledging(connection->acknowledging);
  if (connection->is_released) {
    return refusal(absl::FailedPreconditionError(
        "the position is of another connection of this reader, which was ended; acknowledge positions of the "
        "newest connection"));
  }
  if (absl::Status status = connection->session->acknowledge(*token); !status.ok()) return refusal(status);
  return {.body = "saved\n"};
}

http::Response Readers::forget(const http::Request& request) {
  const std::string name = request.parameter("reader").value_or("");
  if (absl::Status status = check_reader_name(name); !status.ok()) return refusal(status);
  const std::unique_lock connecting(connecting_, kEndTime);
  if (!connecting.owns_lock()) return refusal(busy());
  if (const auto connection = newest(name); connection != nullptr) {
    if (connection->is_connected) {
      return refusal(absl::FailedPreconditionError(
          fmt::format("reader \"{}\" is connected; end its connection first", name)));
    }
    if (absl::Status status = release(connection, absl::OkStatus()); !status.ok()) return refusal(status);
  }
  if (!parts_.state.empty()) {
    if (absl::Status held = parts_.hold_state(); !held.ok()) return refusal(held);
  }
  std::error_code error;
  const bool was_there = !parts_.state.empty() && std::filesystem::remove(place_of(name), error);
  if (error) {
    return refusal(absl::InternalError(fmt::format("the place of reader \"{}\" in {} cannot be removed: {}",
                                                   name, parts_.state.string(), error.message())));
  }
  if (was_there) std::filesystem::remove(place_of(name).string() + ".schemas", error);
  if (!was_there) return refusal(absl::NotFoundError(fmt::format("reader \"{}\" has no place here", name)));
  return {.body = "forgotten\n"};
}

std::vector<task::ReaderStatus> Readers::statuses() {
  std::vector<std::shared_ptr<Connection>> connections;
  {
    const std::lock_guard lock(mutex_);
    connections = slots_;
  }
  std::vector<task::ReaderStatus> statuses;
  std::set<std::string> names;
  for (const auto& connection : connections) {
    if (connection == nullptr || (connection->name.empty() && !connection->is_connected)) continue;
    task::ReaderStatus status = connection->session->status();
    status.name = connection->name;
    status.is_connected = connection->is_connected;
    names.insert(connection->name);
    statuses.push_back(std::move(status));
  }
  if (parts_.state.empty()) return statuses;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(parts_.state, error)) {
    const std::string name = entry.path().stem().string();
    if (entry.path().extension() != kSuffix || names.contains(name)) continue;
    task::ReaderStatus status{.name = name};
    const auto store = parts_.make_store(entry.path(), parts_.task);
    if (const auto kept = store->load(); !kept.ok()) {
      status.message = std::string(text(kept.status()));
    } else if (kept->has_value()) {
      status.gtid_set = binlog::to_string((*kept)->position.gtids);
      status.file = (*kept)->position.file;
      status.offset = (*kept)->position.offset;
    }
    statuses.push_back(std::move(status));
  }
  return statuses;
}

bool Readers::is_streaming() {
  const std::lock_guard lock(mutex_);
  return std::any_of(slots_.begin(), slots_.end(),
                     [](const auto& each) { return each != nullptr && each->session->is_streaming(); });
}

void Readers::release_left(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    sleep_for(std::chrono::seconds(1), stop);
    std::vector<std::shared_ptr<Connection>> gone;  // destroyed without the lock
    const std::lock_guard lock(mutex_);
    for (auto& slot : slots_) {
      if (slot == nullptr || slot->is_connected) continue;
      const bool is_over = slot->name.empty() || Clock::now() - slot->left.load() > kLeftTime;
      if (is_over) slot->session->end(absl::OkStatus());
      if (is_over && slot->session->wait_ended(std::chrono::milliseconds(0)) && slot->seal(Clock::now()))
        gone.push_back(std::exchange(slot, nullptr));
    }
  }
}

void Readers::stop() {
  releasing_ = {};
  std::vector<std::shared_ptr<Connection>> connections;
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
    connections = std::exchange(slots_, {});
  }
  for (const auto& connection : connections) {
    if (connection != nullptr) connection->session->end(absl::OkStatus());
  }
}

}  // namespace rowtide::readers
