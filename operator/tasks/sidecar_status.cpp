#include "operator/tasks/sidecar_status.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>

#include "common/bytes/utf8.h"
#include "common/task/stable_hash.h"
#include "operator/kube/json_access.h"
#include "operator/tasks/desired.h"
#include "operator/tasks/pod_parts.h"
#include "operator/tasks/pod_state.h"
#include "operator/tasks/sidecar_names.h"
#include "operator/tasks/tracker_state.h"

namespace rowtide::op::tasks {
namespace {

using api::Condition;
using api::ConditionStatus;
using nlohmann::json;

constexpr std::int64_t kReadersIntervalMs = 30'000;
constexpr std::int64_t kReadersIntervalOfEachMs = 1'000;  // of the sidecars beyond the first ten
constexpr std::int64_t kSidecarsOfOneInterval = 10;
constexpr std::size_t kMostReadersTold = 8;
constexpr std::size_t kMostListBytes = 32'768;  // of the JSON
/// So long may one that runs take until it is ready. Its startup probe ends it after a minute.
constexpr std::int64_t kLongUnreadyMs = 30'000;
constexpr std::size_t kMostWordBytes = 256;  // of what a pod says, whoever made it
constexpr std::size_t kMostMessageBytes = 1024;

std::string pod_name(const Sidecar& sidecar) {
  return kube::text_at(*sidecar.pod, "/metadata/name");
}

/// Streaming of one pod, without its name.
Condition streaming_of(const Sidecar& sidecar) {
  Condition available = container_available(*sidecar.pod, kSidecarContainer);
  if (available.status != ConditionStatus::True) return available;
  if (is_container_ready(*sidecar.pod, kSidecarContainer))
    return {"Streaming", ConditionStatus::True, "SidecarsReady", "the tracker is ready"};
  if (!sidecar.tracker) {
    return {"Streaming", ConditionStatus::False, "TrackerSilent",
            "the tracker is not ready, and has not answered why"};
  }
  return {"Streaming", ConditionStatus::False, "Starting", "the tracker is not ready yet"};
}

/// The rest is the application's own affair, whose pods come and go: one that no node takes yet, that starts
/// or ends says nothing of the tracker.
bool has_fault(const Observed& observed, const Sidecar& sidecar, const Condition& streaming) {
  if (streaming.reason == "Unschedulable" || streaming.reason == "PodStarting") return false;
  const json& state = kube::value_at(container_status(*sidecar.pod, kSidecarContainer), "/state");
  if (kube::text_at(state, "/terminated/reason") == "Completed") return false;
  // One that was ended before is not given time anew.
  const json& last =
      kube::value_at(container_status(*sidecar.pod, kSidecarContainer), "/lastState/terminated");
  if (last.is_object() && kube::text_at(last, "/reason") != "Completed") return true;
  const std::string since = kube::text_at(state, "/running/startedAt");
  return since.empty() || observed.now_ms - api::parse_time(since) >= kLongUnreadyMs;
}

std::size_t count_ready(const Observed& observed) {
  return static_cast<std::size_t>(std::count_if(
      observed.sidecars.begin(), observed.sidecars.end(),
      [](const Sidecar& sidecar) { return streaming_of(sidecar).status == ConditionStatus::True; }));
}

/// How many are ready, and what is with one that is not.
std::string count_text(const Observed& observed, const Sidecar& unready, const Condition& why) {
  return fmt::format("{} of {} are ready; {}: {}: {}", count_ready(observed), observed.sidecars.size(),
                     pod_name(unready), why.reason, why.message);
}

/// By its own word, else by the document that was put into its pod; empty: neither is there.
std::string document_hash_of(const Sidecar& sidecar) {
  if (sidecar.tracker && !sidecar.tracker->document_hash.empty()) return sidecar.tracker->document_hash;
  const std::string_view document = kube::string_at(*sidecar.pod, {"metadata", "annotations", kTaskDocument});
  return document.empty() ? "" : task::stable_hash(document);
}

/// Of a task that was deleted, and made anew by the same name.
bool is_of_former_task(const Observed& observed, const Sidecar& sidecar) {
  return task_uid_of(*sidecar.pod) != observed.task.uid;
}

bool is_up_to_date(const Observed& observed, const Sidecar& sidecar) {
  const std::string hash = document_hash_of(sidecar);
  const std::string_view made_by = kube::string_at(*sidecar.pod, {"metadata", "annotations", kPodHash});
  if (!made_by.empty() && made_by != observed.sidecar_pod_hash) return false;
  return !is_of_former_task(observed, sidecar) && !hash.empty() && hash == given_hash(observed);
}

/// Whether pods get the newest spec.
bool gives_newest(const Observed& observed) {
  return observed.task.parsed->ok() && !observed.conflict &&
         given_hash(observed) == observed.task.tracker_hash;
}

/// Pods whose tracker has an older document, image or other settings: a pod is not changed.
std::string outdated_text(const Observed& observed) {
  std::string first;
  const char* what = "an older spec or image";
  int more = 0;
  for (const Sidecar& sidecar : observed.sidecars) {
    if (is_up_to_date(observed, sidecar)) continue;
    if (first.empty()) {
      first = pod_name(sidecar);
      if (is_of_former_task(observed, sidecar)) what = "the spec of a former task of this name";
    } else {
      ++more;
    }
  }
  if (first.empty()) return "";
  return fmt::format(
      "; the tracker in the pod {} still has {}{}: restart the pod (kubectl rollout restart)", first, what,
      more > 0
          ? fmt::format(", and in {} more {} one that is not the newest", more, more == 1 ? "pod" : "pods")
          : "");
}

std::string position_text(const task::ReaderStatus& reader) {
  std::string text = reader.gtid_set;
  if (text.empty() && !reader.file.empty()) text = fmt::format("{}:{}", reader.file, reader.offset);
  std::erase(text, '\n');
  return cut(text, kMostWordBytes);
}

json readers_of(const task::TrackerStatus& tracker) {
  json readers = json::array();
  for (const task::ReaderStatus& reader : tracker.readers) {
    if (readers.size() == kMostReadersTold) break;
    json& told = readers.emplace_back(
        json{{"name", cut(reader.name, kMostWordBytes)}, {"connected", reader.is_connected}});
    if (std::string position = position_text(reader); !position.empty())
      told["position"] = std::move(position);
    if (reader.is_connected && reader.lag_seconds)
      told["lagSeconds"] = std::round(*reader.lag_seconds * 10) / 10;
    if (!reader.reason.empty()) told["reason"] = cut(reader.reason, kMostWordBytes);
  }
  return readers;
}

/// Where readers of a tracker that cannot be asked have been.
json last_readers(json readers) {
  for (json& reader : readers) {
    reader.erase("lagSeconds");
    reader.erase("connected");
    reader.erase("reason");
  }
  return readers;
}

const json& entry_before(const json& before, const std::string& pod) {
  static const json kNoEntry;
  for (const json& entry : before) {
    if (kube::string_at(entry, {"pod"}) == pod) return entry;
  }
  return kNoEntry;
}

json entry_of(const Observed& observed, const Sidecar& sidecar, const json& all_before) {
  const std::string pod = pod_name(sidecar);
  const json& before = entry_before(all_before, pod);
  const Condition streaming = streaming_of(sidecar);
  const bool is_ready = streaming.status == ConditionStatus::True;
  json entry = {{"pod", pod}, {"ready", is_ready}, {"upToDate", is_up_to_date(observed, sidecar)}};
  if (!is_ready) {
    entry["reason"] = streaming.reason;
    entry["message"] = cut(streaming.message, kMostMessageBytes);
  }
  // There, perhaps empty, once it has answered.
  json readers = before.is_object() ? before.value("readers", json(nullptr)) : json(nullptr);
  if (sidecar.tracker) readers = readers_of(*sidecar.tracker);
  const bool is_down = container_available(*sidecar.pod, kSidecarContainer).status != ConditionStatus::True;
  if (is_down || sidecar.is_silent) readers = last_readers(std::move(readers));
  if (readers.is_array()) entry["readers"] = std::move(readers);
  return entry;
}

/// What is told at once: a sidecar's first answer, and not what its readers do afterwards.
json without_readers(json entries) {
  for (json& entry : entries) {
    if (entry.contains("readers")) entry["readers"] = nullptr;
  }
  return entries;
}

/// Pods first, and of their readers what there is room for: so readers that come and go hide no pod.
json list_of(const Observed& observed, const json& before) {
  json sidecars = json::array();
  std::vector<json> readers;
  std::size_t bytes = 2;
  for (const Sidecar& sidecar : observed.sidecars) {
    json entry = entry_of(observed, sidecar, before);
    json of_entry = entry.value("readers", json(nullptr));
    if (of_entry.is_array()) entry["readers"] = json::array();
    const std::size_t size = entry.dump().size() + 1;
    if (sidecars.size() == kMostSidecarsTold || bytes + size > kMostListBytes) break;
    bytes += size;
    sidecars.push_back(std::move(entry));
    readers.push_back(std::move(of_entry));
  }
  for (std::size_t i = 0; i < readers.size(); ++i) {
    const std::size_t size = readers[i].dump().size();
    if (!readers[i].is_array() || bytes + size > kMostListBytes) continue;
    bytes += size;
    sidecars[i]["readers"] = std::move(readers[i]);
  }
  return sidecars;
}

/// How long a sample of readers stands: longer of many, each of which has something new to say.
std::int64_t readers_interval_ms(const Observed& observed) {
  const auto count = static_cast<std::int64_t>(observed.sidecars.size());
  return kReadersIntervalMs +
         std::max<std::int64_t>(0, count - kSidecarsOfOneInterval) * kReadersIntervalOfEachMs;
}

}  // namespace

std::string given_hash(const Observed& observed) {
  return is_last_good(observed) ? observed.task.tracker_hash : observed.last_good_hash;
}

Condition sidecars_available(const Observed& observed) {
  const char* type = "TrackerAvailable";
  if (!observed.injects) {
    return {type, ConditionStatus::False, "InjectionOff",
            "this operator puts no trackers into pods; install it with injection.enabled=true"};
  }
  if (given_hash(observed).empty()) {
    return {type, ConditionStatus::False, "NotStarted", "pods get the tracker when the precheck has passed"};
  }
  if (std::optional<std::string> too_large = why_document_too_large(observed.given_bytes))
    return {type, ConditionStatus::False, "DocumentTooLarge", *std::move(too_large)};
  if (observed.injection_fault) {
    return {
        type, ConditionStatus::False, "WebhookUntrusted",
        *observed.injection_fault + "; pods that are made now get no tracker, those that have one keep it"};
  }
  for (const Sidecar& sidecar : observed.sidecars) {
    const Condition available = container_available(*sidecar.pod, kSidecarContainer);
    if (available.status != ConditionStatus::True && has_fault(observed, sidecar, available))
      return {type, ConditionStatus::False, available.reason, count_text(observed, sidecar, available)};
  }
  return {type, ConditionStatus::True, "Injectable", "pods that ask for the tracker get it"};
}

Condition sidecars_streaming(const Observed& observed, const Condition& available) {
  const char* type = "Streaming";
  if (available.status != ConditionStatus::True)
    return {type, ConditionStatus::False, available.reason, available.message};
  const Sidecar* waiting = nullptr;
  for (const Sidecar& sidecar : observed.sidecars) {
    const Condition streaming = streaming_of(sidecar);
    if (streaming.status == ConditionStatus::True) continue;
    if (has_fault(observed, sidecar, streaming))
      return {type, ConditionStatus::False, streaming.reason, count_text(observed, sidecar, streaming)};
    if (waiting == nullptr) waiting = &sidecar;
  }
  if (observed.sidecars.empty())
    return {type, ConditionStatus::Unknown, "NoSidecars",
            "no pod has the tracker: there is nobody to stream to"};
  if (waiting == nullptr)
    return {type, ConditionStatus::True, "SidecarsReady", "the tracker is ready in each pod that has it"};
  std::string message = count_text(observed, *waiting, streaming_of(*waiting));
  if (count_ready(observed) == 0) return {type, ConditionStatus::Unknown, "NoSidecars", std::move(message)};
  return {type, ConditionStatus::True, "SidecarsReady", std::move(message)};
}

Condition stream_ready(const Observed& observed, const Condition& streaming,
                       const std::optional<Condition>& held) {
  const auto not_ready = [](std::string reason, std::string message) {
    return Condition{"Ready", ConditionStatus::False, std::move(reason), std::move(message)};
  };
  if (gives_newest(observed)) {
    if (streaming.status == ConditionStatus::False)
      return not_ready(streaming.reason, streaming.message + outdated_text(observed));
    std::string message =
        observed.sidecars.empty()
            ? "pods that ask for the tracker (rowtide.dev/inject, in a namespace labelled rowtide.dev/injection=enabled) get the newest spec; none has it yet"
            : streaming.message + outdated_text(observed);
    return {"Ready", ConditionStatus::True, streaming.reason, std::move(message)};
  }
  if (held) return *held;
  if (given_hash(observed).empty())
    return not_ready("Prechecking", "pods get the tracker when the precheck has passed");
  return not_ready("Updating", "pods still get the spec before this one");
}

void add_sidecars(json& status, const Observed& observed) {
  status["sidecarCount"] = observed.sidecars.size();
  if (observed.sidecars.empty()) return;
  const json before = observed.task.status.value("sidecars", json::array());
  const std::string sampled = observed.task.status.value("sidecarsSampledTime", "");
  json sidecars = list_of(observed, before);
  const std::int64_t age = observed.now_ms - api::parse_time(sampled);
  const bool is_fresh = age >= 0 && age < readers_interval_ms(observed);
  const bool is_kept =
      sidecars == before || (is_fresh && without_readers(sidecars) == without_readers(before));
  if (is_kept) sidecars = before;
  status["sidecars"] = std::move(sidecars);
  status["sidecarsSampledTime"] = is_kept ? sampled : api::format_time(observed.now_ms);
}

}  // namespace rowtide::op::tasks
