#include <fmt/format.h>
#include <fmt/ranges.h>
#include <malloc.h>
#include <pthread.h>
#include <spdlog/spdlog.h>
#include <CLI/CLI.hpp>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/cli/self_description.h"
#include "common/http/server.h"
#include "common/log/log.h"
#include "common/status/text.h"
#include "common/version.h"
#include "operator/controller/controller.h"
#include "operator/inject/webhook.h"
#include "operator/kube/client.h"
#include "operator/kube/config.h"
#include "operator/kube/counting_transport.h"
#include "operator/kube/cpprest_transport.h"
#include "operator/lease/process_election.h"
#include "operator/metrics/metrics.h"
#include "operator/tasks/probe_pool.h"
#include "operator/tasks/reconcile.h"
#include "operator/tasks/tracker_probe.h"

namespace {

using namespace rowtide;
using namespace rowtide::op;

/// API servers and nodes hear one after another that a pod is on its way out, and call its webhook until
/// then.
constexpr std::chrono::seconds kUntilNobodyCalls{5};

struct Options {
  std::string kubeconfig;
  std::set<std::string> name_spaces;
  std::string tracker_image;
  std::string listen = ":8080";
  std::string log_level = "info";
  std::string log_format = "text";
  int workers = 4;
  std::size_t most_groups = tasks::kMostGroupsOfATask;
  bool is_elected = false;
  lease::ElectionOptions election;
  inject::WebhookOptions inject;
};

/// Of every client, watches and the election among them.
kube::RequestCounts all_requests(const kube::CountingTransport& transport,
                                 const lease::ProcessElection* election) {
  kube::RequestCounts counts = transport.counts();
  if (election == nullptr) return counts;
  for (const auto& [what, times] : election->request_counts()) counts[what] += times;
  return counts;
}

/// SIGTERM and SIGINT are taken by sigtimedwait() in main(): blocked before any thread begins, so that all
/// inherit it.
sigset_t block_stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

/// Another may lead from now on. What this process was about to write is not to be written: it ends here.
void end_at_once() {
  spdlog::error("Not leading any more: ending");
  spdlog::default_logger()->flush();
  std::_Exit(1);
}

/// Objects are made and given up by all threads: with an arena for each, 1,000 tasks took 390 MiB, and with
/// one for all a quarter of that.
void keep_memory_small() {
  mallopt(M_ARENA_MAX, 1);
}

/// Gives back meanwhile what lists and bursts of changes have left free.
void wait_to_stop(const sigset_t& stop_signals) {
  constexpr timespec kMinute{.tv_sec = 60, .tv_nsec = 0};
  while (sigtimedwait(&stop_signals, nullptr, &kMinute) < 0) malloc_trim(0);
}

/// True when this process leads; false when it is asked to end before.
bool wait_to_lead(const lease::LeaderElection& election, const sigset_t& stop_signals) {
  constexpr timespec kLook{.tv_sec = 0, .tv_nsec = 100'000'000};
  while (!election.is_leader()) {
    if (sigtimedwait(&stop_signals, nullptr, &kLook) > 0) return false;
  }
  return true;
}

std::optional<metrics::WebhookSample> sample_of(const inject::Webhook* webhook) {
  if (webhook == nullptr) return std::nullopt;
  return metrics::WebhookSample{.is_trusted = webhook->is_trusted(), .injections = webhook->answers()};
}

std::vector<metrics::TaskSample> samples_of(const controller::ObjectStore& tasks) {
  std::vector<metrics::TaskSample> samples;
  tasks.for_each([&samples](const nlohmann::json& task) { samples.push_back(metrics::sample_of(task)); });
  return samples;
}

http::Response readiness(const controller::Controller& controller, const inject::Webhook* webhook) {
  for (const kube::WatcherStats& watcher : controller.stats().watchers) {
    if (watcher.synced) continue;
    const std::string where = watcher.name_space.empty() ? "" : " in " + watcher.name_space;
    return {.status = 503, .body = fmt::format("{}{} is not listed\n", watcher.type.kind, where)};
  }
  if (webhook != nullptr) {
    if (const absl::Status trusted = webhook->ready(); !trusted.ok())
      return {.status = 503, .body = std::string(text(trusted)) + "\n"};
  }
  return {.body = "ok\n"};
}

absl::StatusOr<std::unique_ptr<http::Server>> serve(
    const std::string& address, controller::Controller& controller, const kube::CountingTransport& requests,
    const tasks::Reconciler& reconciler, lease::ProcessElection* election, const inject::Webhook* webhook) {
  return http::Server::start(
      address, {{"/healthz",
                 [&] {
                   return controller.healthy()
                              ? http::Response{.body = "ok\n"}
                              : http::Response{.status = 503, .body = "a thread has stopped or hangs\n"};
                 }},
                {"/readyz", [&controller, webhook] { return readiness(controller, webhook); }},
                {"/metrics", [&, election, webhook] {
                   // Of tasks one operator speaks: what several say would count twice.
                   const bool is_leader = election == nullptr || (*election)->is_leader();
                   return http::Response{
                       .content_type = "text/plain; version=0.0.4; charset=utf-8",
                       .body = metrics::render_metrics(
                           {.controller = controller.stats(),
                            .controller_name = "changetrackingtask",
                            .requests = all_requests(requests, election),
                            .status_writes = reconciler.status_writes(),
                            .webhook = sample_of(webhook),
                            .tasks = is_leader ? samples_of(*controller.store(kube::kChangeTrackingTask))
                                               : std::vector<metrics::TaskSample>(),
                            .is_leader = is_leader,
                            .lease = election == nullptr ? kube::ObjectKey() : (*election)->lease()})};
                 }}});
}

/// Of a standby too: each answers the webhook.
void let_calls_end(const inject::Webhook* webhook) {
  if (webhook != nullptr) std::this_thread::sleep_for(kUntilNobodyCalls);
}

int run(const Options& options, const sigset_t& stop_signals) {
  const absl::StatusOr<kube::ClusterConfig> config = kube::load_config(options.kubeconfig);
  if (!config.ok()) {
    spdlog::error("{}", text(config.status()));
    return 2;
  }
  absl::StatusOr<std::unique_ptr<kube::CpprestTransport>> transport = kube::CpprestTransport::create(*config);
  if (!transport.ok()) {
    spdlog::error("{}", text(transport.status()));
    return 2;
  }

  kube::CountingTransport counted(**transport);
  kube::Client client(counted);
  kube::Client scale_client(counted, "rowtide-operator-scale");
  controller::Controller controller(counted, tasks::controller_options(options.name_spaces, options.workers));
  tasks::HttpTrackerProbe probe;
  tasks::ProbePool probes(probe, [&](const controller::Key& key) { controller.enqueue(key); });
  std::unique_ptr<inject::Webhook> webhook;
  tasks::Reconciler reconciler(
      client, scale_client, controller, probes, options.tracker_image, options.most_groups,
      {.is_on = !options.inject.listen.empty(),
       .fault = [&] { return webhook != nullptr ? webhook->why_untrusted() : std::nullopt; }});

  std::unique_ptr<lease::ProcessElection> election;
  if (options.is_elected) {
    auto made = lease::ProcessElection::make(options.election, *config, end_at_once);
    if (!made.ok()) {
      spdlog::error("{}", text(made.status()));
      return 2;
    }
    election = *std::move(made);
  }
  if (!options.inject.listen.empty()) {
    inject::WebhookOptions wanted = options.inject;
    wanted.tracker_image = options.tracker_image;
    wanted.on_turn = [&controller] { tasks::enqueue_streams(controller); };
    auto started = inject::Webhook::start(client, wanted);
    if (!started.ok()) {
      spdlog::error("{}", text(started.status()));
      return 2;
    }
    webhook = *std::move(started);
  }
  const auto server = serve(options.listen, controller, counted, reconciler, election.get(), webhook.get());
  if (!server.ok()) {
    spdlog::error("{}", text(server.status()));
    return 2;
  }
  controller.watch();
  if (election != nullptr) {
    (*election)->start();
    if (!wait_to_lead(**election, stop_signals)) {
      spdlog::info("Stopping");
      (*election)->resign();
      let_calls_end(webhook.get());
      return 0;
    }
  }
  controller.start([&](const controller::Key& key) { return reconciler.reconcile(key); });
  spdlog::info("Watching {} at {}; trackers run {}",
               options.name_spaces.empty()
                   ? "all namespaces"
                   : fmt::format("namespace {}", fmt::join(options.name_spaces, ", ")),
               config->server, options.tracker_image);

  wait_to_stop(stop_signals);
  spdlog::info("Stopping");
  controller.stop();
  if (election != nullptr) (*election)->resign();
  let_calls_end(webhook.get());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app(
      "Runs ChangeTrackingTasks: prechecks them, keeps a tracker pod for each, reports how they fare.",
      "rowtide-operator");
  app.set_version_flag("--version", "rowtide-operator " + version_text());
  app.add_option("--kubeconfig", options.kubeconfig,
                 "kubeconfig file; default $KUBECONFIG, else the pod's service account");
  app.add_option("--namespace", options.name_spaces,
                 "watch this namespace only, and those of further --namespace; default all")
      ->allow_extra_args(false)
      ->type_name("TEXT")
      ->check([](const std::string& name) { return std::string(text(kube::check_namespace(name))); });
  app.add_option("--tracker-image", options.tracker_image, "image of the trackers")
      ->envname("ROWTIDE_TRACKER_IMAGE")
      ->required();
  app.add_option("--listen", options.listen,
                 "address of /metrics, /healthz, /readyz; without a host: all of this one, IPv4 and IPv6")
      ->capture_default_str();
  app.add_option("--workers", options.workers, "reconciliations at once")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  app.add_option("--max-consumer-groups-per-task", options.most_groups,
                 "ConsumerGroups of one task that its tracker keeps")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  CLI::Option* inject_listen =
      app.add_option("--inject-listen", options.inject.listen,
                     "address of the webhook that puts trackers into pods; default none");
  CLI::Option* inject_host = app.add_option("--inject-host", options.inject.host,
                                            "host name or address by which the API server calls it");
  CLI::Option* inject_webhook =
      app.add_option("--inject-webhook", options.inject.webhook,
                     "name of the MutatingWebhookConfiguration, whose caBundle is kept");
  inject_listen->needs(inject_host)->needs(inject_webhook);
  inject_host->needs(inject_listen);
  inject_webhook->needs(inject_listen);
  auto& election = options.election;
  app.add_flag("--leader-elect", options.is_elected,
               "work only while holding a Lease: of several operators, one does");
  app.add_option("--leader-elect-namespace", election.name_space,
                 "the Lease's namespace; default the pod's, or that of the kubeconfig's context");
  app.add_option("--leader-elect-name", election.name, "the Lease's name")->capture_default_str();
  app.add_option("--leader-elect-lease-duration", election.lease_seconds,
                 "seconds without renewal after which another takes it")
      ->check(CLI::Range(5, 3600))
      ->capture_default_str();
  app.add_option("--leader-elect-renew-deadline", election.renew_seconds,
                 "seconds without renewal after which the holder ends")
      ->check(CLI::Range(2, 3600))
      ->capture_default_str();
  app.add_option("--leader-elect-retry-period", election.retry_seconds, "seconds between two attempts")
      ->check(CLI::Range(1, 600))
      ->capture_default_str();
  app.add_option("--log-level", options.log_level, "what to log on stderr")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}))
      ->capture_default_str();
  app.add_option("--log-format", options.log_format, "how to log")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  cli::add_self_description(app, {.section = 8, .see_also = "rowtide-tracker(1)"});
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }

  keep_memory_small();
  const sigset_t stop_signals = block_stop_signals();
  if (!log::init(options.log_level, options.log_format == "json" ? log::Format::Json : log::Format::Text))
    return 2;
  return run(options, stop_signals);
}
