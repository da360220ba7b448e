#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <fstream>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <sstream>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "common/time/clock.h"
#include "operator/api/conditions.h"
#include "operator/controller/controller.h"
#include "operator/kube/client.h"
#include "operator/kube/config.h"
#include "operator/kube/counting_transport.h"
#include "operator/kube/cpprest_transport.h"
#include "operator/kube/json_access.h"
#include "operator/tasks/desired.h"
#include "operator/tasks/reconcile.h"
#include "tests/support/script_server.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wait_until.h"

// The Reconciler against a real kube-apiserver, fault by fault. The server is the test's own, without
// controllers and kubelet: the test writes what those would (Jobs' and pods' states), because the faults are
// of moments that real ones show only by chance.

namespace rowtide::op::tasks {

using nlohmann::json;
using std::chrono::seconds;
using test::eventually;
using test::wait_until;

inline constexpr kube::ResourceType kNamespace{"", "v1", "namespaces", "Namespace", false};
inline constexpr kube::ResourceType kPolicy{
    "admissionregistration.k8s.io", "v1", "validatingadmissionpolicies", "ValidatingAdmissionPolicy", false};
inline constexpr kube::ResourceType kPolicyBinding{"admissionregistration.k8s.io", "v1",
                                                   "validatingadmissionpolicybindings",
                                                   "ValidatingAdmissionPolicyBinding", false};
inline constexpr kube::ResourceType kCrd{"apiextensions.k8s.io", "v1", "customresourcedefinitions",
                                         "CustomResourceDefinition", false};
inline constexpr const char* kImage = "rowtide:test";

/// Answers at once for a pod address, or hangs until the test ends. Nobody listens there before a tracker's
/// answer is given.
class TestProbe final : public TrackerProbe {
 public:
  absl::StatusOr<task::TrackerStatus> ask(const std::string& address, std::uint16_t port) override {
    ++questions;
    last_port = port;
    if (is_hung) {
      ended_.wait();
      return absl::DeadlineExceededError(address);
    }
    const std::lock_guard lock(mutex_);
    if (answer_) return *answer_;
    return absl::UnavailableError("nobody listens");
  }
  void answer(task::TrackerStatus answer) {
    const std::lock_guard lock(mutex_);
    answer_ = std::move(answer);
  }
  void end() { end_.set_value(); }

  std::atomic<bool> is_hung{false};
  std::atomic<int> questions{0};
  std::atomic<int> last_port{0};

 private:
  std::mutex mutex_;
  std::optional<task::TrackerStatus> answer_;
  std::promise<void> end_;
  std::shared_future<void> ended_ = end_.get_future().share();
};

/// "patch deployments" of a request, as RBAC has it.
inline std::string verb_of(const kube::Request& request) {
  std::string path = request.path_and_query.substr(0, request.path_and_query.find('?'));
  std::vector<std::string> parts = absl::StrSplit(path, '/', absl::SkipEmpty());
  parts.erase(parts.begin(), parts.begin() + (parts.at(0) == "api" ? 2 : 3));
  if (parts.size() > 2 && parts[0] == "namespaces") parts.erase(parts.begin(), parts.begin() + 2);
  const std::string resource = parts.size() > 2 ? parts[0] + "/" + parts[2] : parts[0];
  const std::map<std::string, std::string> verbs{{"GET", parts.size() > 1 ? "get" : "list"},
                                                 {"POST", "create"},
                                                 {"PATCH", "patch"},
                                                 {"DELETE", "delete"}};
  return verbs.at(request.method) + " " + resource;
}

/// Between the operator and the server. What the server tells of tasks is held back while `hold` is on, and
/// that a pod is told to go comes as if it were so much longer ago.
class OperatorTransport final : public kube::Transport {
 public:
  explicit OperatorTransport(kube::Transport& transport) : transport_(&transport) {}

  /// While no operator runs.
  void use(kube::Transport& transport) { transport_ = &transport; }
  [[nodiscard]] std::set<std::string> used() const {
    const std::lock_guard lock(mutex_);
    return used_;
  }
  [[nodiscard]] std::vector<std::string> forbidden() const {
    const std::lock_guard lock(mutex_);
    return forbidden_;
  }

  absl::StatusOr<kube::Response> request(const kube::Request& request) override {
    const std::optional<kube::Response> played = play(request);
    auto response = played ? *played : transport_->request(request);
    note(verb_of(request), response.ok() && response->status == 403 ? response->body : "");
    return response;
  }
  absl::Status stream(const std::string& path_and_query, const kube::LineHandler& on_line,
                      std::chrono::milliseconds idle_timeout, std::stop_token stop) override {
    const bool is_of_tasks = path_and_query.find("/changetrackingtasks") != std::string::npos;
    const auto late = [&](std::string_view original) {
      const std::string aged = with_older_deletion(original);
      const std::string_view line(aged);
      std::unique_lock lock(mutex_);
      if (is_of_tasks) released_.wait(lock, stop, [&] { return !is_held_; });
      lock.unlock();
      return on_line(line);
    };
    const std::string list = verb_of({"GET", path_and_query, "", ""});
    absl::Status end = transport_->stream(path_and_query, late, idle_timeout, stop);
    note("watch" + list.substr(list.find(' ')), absl::IsPermissionDenied(end) ? end.ToString() : "");
    return end;
  }
  /// What it gives is the answer to a request, instead of the server's.
  void answer_instead(std::function<std::optional<kube::Response>(const kube::Request&)> answer) {
    const std::lock_guard lock(mutex_);
    answer_ = std::move(answer);
  }
  void age_deletions(seconds by) { deletions_older_ = by; }
  void hold(bool is_held) {
    {
      const std::lock_guard lock(mutex_);
      is_held_ = is_held;
    }
    released_.notify_all();
  }

 private:
  std::optional<kube::Response> play(const kube::Request& request) const {
    const std::lock_guard lock(mutex_);
    return answer_ ? answer_(request) : std::nullopt;
  }
  std::string with_older_deletion(std::string_view line) const {
    if (deletions_older_.load() == seconds(0)) return std::string(line);
    json event = json::parse(line);
    json& metadata = event.at("object").at("metadata");
    if (!metadata.contains("deletionTimestamp")) return std::string(line);
    const std::int64_t told_ms = api::parse_time(metadata.at("deletionTimestamp").get<std::string>());
    metadata["deletionTimestamp"] =
        api::format_time(told_ms - std::chrono::milliseconds(deletions_older_.load()).count());
    return event.dump();
  }
  void note(const std::string& verb, const std::string& refusal) {
    const std::lock_guard lock(mutex_);
    used_.insert(verb);
    if (!refusal.empty()) forbidden_.push_back(verb + ": " + refusal);
  }

  kube::Transport* transport_;
  mutable std::mutex mutex_;
  std::condition_variable_any released_;
  std::set<std::string> used_;
  std::vector<std::string> forbidden_;
  std::function<std::optional<kube::Response>(const kube::Request&)> answer_;
  bool is_held_ = false;
  std::atomic<seconds> deletions_older_{seconds(0)};
};

/// The CRD with another schema while it lives. The server begins to use it a moment later.
class ChangedCrd {
 public:
  ChangedCrd(kube::Transport& transport, const std::function<void(json& schema)>& change)
      : transport_(transport) {
    replace([&](json& schema) {
      before_ = schema;
      change(schema);
    });
  }
  ~ChangedCrd() {
    replace([&](json& schema) { schema = before_; });
  }
  ChangedCrd(const ChangedCrd&) = delete;
  ChangedCrd& operator=(const ChangedCrd&) = delete;

 private:
  void replace(const std::function<void(json& schema)>& change) {
    const std::string path = kube::object_path(kCrd, {"", "changetrackingtasks.rowtide.dev"}).value();
    wait_until("the CRD is replaced", [&] {  // its status is written meanwhile: a conflict
      json object = json::parse(transport_.request({"GET", path, "", ""}).value().body);
      change(object.at(json::json_pointer("/spec/versions/0/schema/openAPIV3Schema")));
      const auto answer = transport_.request({"PUT", path, "application/json", object.dump()});
      return answer.ok() && answer->status == 200;
    });
  }

  kube::Transport& transport_;
  json before_;
};

class ReconcilerTest : public testing::Test {
 protected:
  /// One server for all suites, which keep apart by their namespaces. A suite that looks at the
  /// whole cluster has one of its own.
  static void SetUpTestSuite() {
    if (server_) return;
    // Who names an owner needs the right that OpenShift asks for.
    test::ServerOptions options;
    options.options = {"--enable-admission-plugins=OwnerReferencesPermissionEnforcement"};
    server_ = std::make_unique<test::ScriptServer>("kube_apiserver", options);
    transport_ =
        kube::CpprestTransport::create(kube::load_config(server_->fact("KUBECONFIG")).value()).value();
    apply_definition("changetrackingtasks");
    apply_definition("consumergroups");
    kube::Client client(*transport_);
    wait_until("the CRDs are served", [&] {
      return client.list(kube::kChangeTrackingTask).ok() && client.list(kube::kConsumerGroup).ok();
    });
  }
  static void end_server() {
    transport_.reset();
    server_.reset();
  }
  static void apply_definition(const std::string& plural) {
    std::ifstream file(test::source_root() / "crds" / (plural + ".yaml"));
    std::ostringstream definition;
    definition << file.rdbuf();
    const std::string path = kube::object_path(kCrd, {"", plural + ".rowtide.dev"}).value();
    const kube::Response applied = transport_
                                       ->request({"PATCH", path + "?fieldManager=test&force=true",
                                                  "application/apply-patch+yaml", definition.str()})
                                       .value();
    if (applied.status >= 300) throw std::runtime_error(applied.body);
  }

  void SetUp() override {
    static int number = 0;
    space_ = "test-" + std::to_string(++number);
    client_
        .create(kNamespace, {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", space_}}}})
        .value();
    start_operator(kImage);
  }
  [[nodiscard]] Injection injection() {
    return {.fault = [this] { return is_untrusted_ ? std::optional("not trusted") : std::nullopt; }};
  }
  void start_operator(const char* image) { start_operator(image, {space_}); }
  void start_operator(const char* image, std::set<std::string> watched_spaces) {
    controller::ControllerOptions options = controller_options(std::move(watched_spaces), 4);
    options.primary.timing = timing_;
    for (controller::WatchedKind& kind : options.watched) kind.watch.timing = timing_;
    options.queue.backoff_max = options.refused_pause = most_pause_;
    controller_ = std::make_unique<controller::Controller>(counted_, options);
    probes_ = std::make_unique<ProbePool>(
        probe_, [this](const kube::ObjectKey& key) { controller_->enqueue(key); },
        ProbePool::Options{.now = [this] { return ProbePool::Clock::now() + probe_clock_ahead_.load(); }});
    reconciler_ = std::make_unique<Reconciler>(operator_client_, scale_client_, *controller_, *probes_, image,
                                               most_groups_, injection(),
                                               [this] { return steady_ms() + steady_ahead_ms_; });
    controller_->start([this](const controller::Key& key) { return reconciler_->reconcile(key); });
  }
  void stop_operator() {
    if (controller_) controller_->stop();
    probes_.reset();
  }
  void TearDown() override {
    probe_.end();
    stop_operator();
  }

  [[nodiscard]] json task_object(const std::string& name = "orders") const {
    json object = json::parse(R"({
      "apiVersion": "rowtide.dev/v1alpha1", "kind": "ChangeTrackingTask",
      "spec": {"source": {"type": "MySQL", "host": "db", "credentialsSecretRef": {"name": "source"}},
               "objects": {"include": [{"database": "shop"}]},
               "sink": {"kafka": {"bootstrapServers": ["k:9092"]}}}})");
    object["metadata"] = {{"name", name}, {"namespace", space_}};
    return object;
  }
  void apply(const json& object) {
    kube::Client user(*transport_, "user");
    user.apply(kube::kChangeTrackingTask, object).value();
  }
  [[nodiscard]] json live(const kube::ResourceType& type, const std::string& name) {
    return client_.get(type, {space_, name}).value_or(json());
  }
  [[nodiscard]] json status(const std::string& name = "orders") {
    return live(kube::kChangeTrackingTask, name).value("status", json::object());
  }
  [[nodiscard]] std::string resource_version(const kube::ResourceType& type, const std::string& name) {
    return kube::text_at(live(type, name), "/metadata/resourceVersion");
  }
  /// A write of somebody else, by which what the server makes of the task now comes to the watch.
  void touch_task() {
    static int count = 0;
    json object = task_object();
    object["metadata"]["annotations"] = {{"touched", std::to_string(++count)}};
    apply(object);
  }
  [[nodiscard]] json condition(const char* type, const std::string& name = "orders") {
    return api::find_condition(status(name).value("conditions", json::array()), type);
  }
  [[nodiscard]] std::string said(const char* type, const std::string& name = "orders") {
    const json found = condition(type, name);
    return found.is_object() ? found.value("status", "") + " " + found.value("reason", "") : "";
  }
  void wait_for(const char* type, const std::string& expected, const std::string& name = "orders") {
    wait_until(
        std::string(type) + " is " + expected, [&] { return said(type, name) == expected; }, test::kDeadline,
        [&] { return status(name).dump(); });
  }

  /// Age is told in seconds: what is made after this is younger.
  void outlive_a_second(const std::string& name = "orders") {
    const std::string created =
        kube::text_at(live(kube::kChangeTrackingTask, name), "/metadata/creationTimestamp");
    wait_until("the next second", [&] { return api::format_time(std::time(nullptr) * 1000) > created; });
  }

  void write_status(const kube::ResourceType& type, const std::string& name, const json& status) {
    client_.patch_status(type, {space_, name}, status).value();
  }

  /// What the tracker of "orders" answers while it streams.
  [[nodiscard]] task::TrackerStatus streaming_answer() {
    task::TrackerStatus answer;
    answer.task_uid = kube::text_at(live(kube::kChangeTrackingTask, "orders"), "/metadata/uid");
    answer.state = "Streaming";
    return answer;
  }
  void tracker_says_lag(double seconds) {
    task::TrackerStatus answer = streaming_answer();
    answer.lag_seconds = seconds;
    probe_.answer(answer);
    probe_clock_ahead_ = probe_clock_ahead_.load() + std::chrono::minutes(2);
    controller_->enqueue({space_, "orders"});
  }
  /// The Job controller's and the kubelet's part: the precheck's pod passes.
  void pass_precheck(const std::string& name = "orders") {
    const std::string job_name = name + "-precheck";
    wait_until("the precheck's Job", [&] { return live(kube::kJob, job_name).is_object(); });
    const json job = live(kube::kJob, job_name);
    const task::PrecheckReport report{.task = space_ + "/" + name,
                                      .document_hash = job.at("metadata").at("annotations").at(kPrecheckHash),
                                      .client_address = "10.0.0.9",
                                      .completed_at_ms = 1,
                                      .items = {{.name = "SourceReachable",
                                                 .result = task::CheckResult::Passed,
                                                 .reason = {},
                                                 .observed = {},
                                                 .expected = {},
                                                 .message = {},
                                                 .repair = {}}}};
    make_pod(job_name + "-x", job.at("spec").at("template"),
             {{"kind", "Job"},
              {"apiVersion", "batch/v1"},
              {"name", job_name},
              {"uid", job.at("metadata").at("uid")}});
    const json end = {{"exitCode", 0}, {"message", task::to_json(report, false)}};
    write_status(kube::kPod, job_name + "-x",
                 {{"phase", "Succeeded"},
                  {"containerStatuses", json::array({container("precheck", {{"terminated", end}}, false)})}});
    finish_job(job_name);
  }
  void finish_job(const std::string& name) {
    const std::string now = api::format_time(std::time(nullptr) * 1000);
    const auto is_true = [&](const char* type) {
      return json{{"type", type}, {"status", "True"}, {"lastTransitionTime", now}, {"lastProbeTime", now}};
    };
    write_status(kube::kJob, name,
                 {{"startTime", now},
                  {"completionTime", now},
                  {"succeeded", 1},
                  {"conditions", json::array({is_true("SuccessCriteriaMet"), is_true("Complete")})}});
  }

  static json container(const char* name, const json& state, bool is_ready) {
    return {{"name", name},      {"state", state},    {"ready", is_ready},          {"image", kImage},
            {"imageID", kImage}, {"restartCount", 0}, {"lastState", json::object()}};
  }
  void make_pod(const std::string& name, json pod_template, json owner) {
    owner["controller"] = true;
    pod_template["apiVersion"] = "v1";
    pod_template["kind"] = "Pod";
    pod_template["metadata"]["name"] = name;
    pod_template["metadata"]["namespace"] = space_;
    pod_template["metadata"]["ownerReferences"] = json::array({owner});
    client_.create(kube::kPod, pod_template).value();
  }

  /// The Deployment controller's and the kubelet's part: its pod is of the newest template, and ready.
  void roll_out(const std::string& pod, const std::string& name = "orders", const std::string& node = "") {
    const std::string tracker = name + "-tracker";
    wait_until("the Deployment", [&] { return live(kube::kDeployment, tracker).is_object(); });
    const json deployment = live(kube::kDeployment, tracker);
    json pod_template = deployment.at("spec").at("template");
    pod_template["metadata"]["labels"]["pod-template-hash"] = "abc";
    if (!node.empty()) pod_template["spec"]["nodeName"] = node;
    make_pod(
        pod, pod_template,
        {{"kind", "ReplicaSet"}, {"apiVersion", "apps/v1"}, {"name", tracker + "-abc"}, {"uid", "rs-1"}});
    write_status(
        kube::kPod, pod,
        {{"phase", "Running"},
         {"podIP", "192.0.2.7"},
         {"podIPs", json::array({{{"ip", "192.0.2.7"}}})},
         {"containerStatuses", json::array({container("tracker", {{"running", json::object()}}, true)})}});
    write_status(kube::kDeployment, tracker,
                 {{"observedGeneration", deployment.at("metadata").at("generation")},
                  {"replicas", 1},
                  {"updatedReplicas", 1}});
  }
  void start_tracking() { start_tracking(task_object()); }
  void start_tracking(const json& object) {
    apply(object);
    pass_precheck();
    roll_out("tracker-1");
    wait_for("Ready", "True Streaming");
  }

  void crash_tracker(const std::string& pod) {
    const json waiting = {{"waiting", {{"reason", "CrashLoopBackOff"}, {"message", "back-off"}}}};
    write_status(kube::kPod, pod,
                 {{"containerStatuses", json::array({container("tracker", waiting, false)})}});
  }
  [[nodiscard]] json job_of_somebody_else(const std::string& name) const {
    return {{"apiVersion", "batch/v1"},
            {"kind", "Job"},
            {"metadata", {{"name", name}, {"namespace", space_}}},
            {"spec",
             {{"template",
               {{"spec",
                 {{"restartPolicy", "Never"},
                  {"containers", json::array({{{"name", "c"}, {"image", "i"}}})}}}}}}}};
  }
  /// By the kubelet: the pod's name and address stay, as long as its ReplicaSet does.
  void evict(const std::string& pod) {
    const json end = {{"terminated", {{"exitCode", 137}}}};
    write_status(kube::kPod, pod,
                 {{"phase", "Failed"},
                  {"reason", "Evicted"},
                  {"message", "The node was low on resource: memory."},
                  {"containerStatuses", json::array({container("tracker", end, false)})}});
    wait_until("the eviction is seen", [&] {
      const kube::ObjectPtr known = controller_->store(kube::kPod)->find({space_, pod});
      return known != nullptr && kube::text_at(*known, "/status/phase") == "Failed";
    });
  }
  [[nodiscard]] std::size_t events_that(const std::string& reason) {
    const kube::ObjectList events =
        client_
            .list(kube::kEvent,
                  {.name_space = space_, .label_selector = {}, .field_selector = "reason=" + reason})
            .value();
    return events.items.size();
  }

  [[nodiscard]] std::uint64_t writes() const {
    std::uint64_t count = 0;
    for (const auto& [what, times] : counted_.counts()) count += what.first == "GET" ? 0 : times;
    return count;
  }
  /// Of the operator, however often it looks.
  void expect_no_more_writes() {
    const auto look = [&] { EXPECT_TRUE(reconciler_->reconcile({space_, "orders"}).status.ok()); };
    // The watch may still be bringing what was written last.
    int quiet = 0;
    wait_until("the watch has caught up", [&] {
      const std::uint64_t before = writes();
      look();
      quiet = writes() == before ? quiet + 1 : 0;
      return quiet == 5;
    });
    const std::uint64_t before = writes();
    for (int i = 0; i < 20; ++i) look();
    EXPECT_EQ(writes(), before);
  }

  class EndOfServer final : public testing::Environment {
    // Not by the destructors of statics, which would come after cpprestsdk's own.
    void TearDown() override { end_server(); }
  };
  inline static std::unique_ptr<test::ScriptServer> server_;
  inline static std::unique_ptr<kube::CpprestTransport> transport_;
  inline static const testing::Environment* const end_of_server_ =
      testing::AddGlobalTestEnvironment(new EndOfServer);
  kube::Client client_{*transport_};
  OperatorTransport watched_{*transport_};
  kube::CountingTransport counted_{watched_};
  kube::Client operator_client_{counted_};
  kube::Client scale_client_{counted_, "rowtide-operator-scale"};
  std::string space_;
  kube::WatchTiming timing_;
  std::chrono::milliseconds most_pause_{500};  ///< after what fails
  std::atomic<std::int64_t> steady_ahead_ms_{0};
  std::size_t most_groups_ = kMostGroupsOfATask;
  std::atomic<bool> is_untrusted_{false};  ///< the webhook's certificate
  TestProbe probe_;
  std::atomic<seconds> probe_clock_ahead_{seconds(0)};  ///< a question waits for its turn by this clock
  std::unique_ptr<controller::Controller> controller_;
  std::unique_ptr<ProbePool> probes_;
  std::unique_ptr<Reconciler> reconciler_;
};

}  // namespace rowtide::op::tasks
