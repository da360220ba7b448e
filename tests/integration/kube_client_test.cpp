#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <regex>
#include <set>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "operator/kube/client.h"
#include "operator/kube/config.h"
#include "operator/kube/counting_transport.h"
#include "operator/kube/cpprest_transport.h"
#include "operator/kube/errors.h"
#include "operator/kube/json_access.h"
#include "operator/kube/watcher.h"
#include "tests/support/ca_file.h"
#include "tests/support/free_port.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wait_until.h"

// The client and the watcher against a real kube-apiserver and etcd: the cluster of $KUBECONFIG, else the one
// of scripts/cluster.sh, which is started, and then ended, if it does not run. Everything happens in a
// namespace of its own.

namespace rowtide::op::kube {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using test::eventually;

constexpr ResourceType kNamespace{"", "v1", "namespaces", "Namespace", false};
constexpr ResourceType kServiceAccount{"", "v1", "serviceaccounts", "ServiceAccount"};
constexpr ResourceType kRole{"rbac.authorization.k8s.io", "v1", "roles", "Role"};
constexpr ResourceType kRoleBinding{"rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding"};

test::RunResult cluster_script(const std::string& command, milliseconds deadline) {
  return test::run({{(test::source_root() / "scripts" / "cluster.sh").string(), command},
                    {{test::kCaFileVariable, ""}},
                    {}},
                   deadline);
}

std::string trimmed(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

class Cluster : public testing::Environment {
 public:
  void SetUp() override {
    if (const char* given = std::getenv("KUBECONFIG"); given != nullptr && *given != '\0') {
      path_ = given;
      return;
    }
    if (!cluster_script("status", seconds(60)).status.ok()) {
      const auto up = cluster_script("up", std::chrono::minutes(25));
      if (!up.status.ok()) throw std::runtime_error("scripts/cluster.sh up: " + up.err);
      started_ = true;
    }
    path_ = trimmed(cluster_script("kubeconfig", seconds(30)).out);
  }
  void TearDown() override {
    if (!started_) return;
    const auto down = cluster_script("down", std::chrono::minutes(3));
    EXPECT_TRUE(down.status.ok()) << down.err;
  }
  static const std::string& kubeconfig_path() { return path_; }

 private:
  bool started_ = false;
  static inline std::string path_;
};

[[maybe_unused]] testing::Environment* const kCluster = testing::AddGlobalTestEnvironment(new Cluster);

std::unique_ptr<CpprestTransport> connect(const ClusterConfig& config, const TransportOptions& options = {}) {
  auto transport = CpprestTransport::create(config, options);
  if (!transport.ok()) throw std::runtime_error(std::string(transport.status().message()));
  return *std::move(transport);
}

class MapSink final : public WatchSink {
 public:
  void replace(const std::string&, std::vector<ObjectPtr> objects) override {
    const std::lock_guard lock(mutex_);
    values_.clear();
    for (const auto& object : objects) put(*object);
  }
  void upsert(ObjectPtr object) override {
    const std::lock_guard lock(mutex_);
    put(*object);
  }
  void remove(ObjectPtr object) override {
    const std::lock_guard lock(mutex_);
    values_.erase(std::string(string_at(*object, {"metadata", "name"})));
  }
  std::map<std::string, std::string> values() const {
    const std::lock_guard lock(mutex_);
    return values_;
  }

 private:
  void put(const json& object) {
    values_[std::string(string_at(object, {"metadata", "name"}))] = string_at(object, {"data", "value"});
  }
  mutable std::mutex mutex_;
  std::map<std::string, std::string> values_;
};
using Values = std::map<std::string, std::string>;

class KubeClientTest : public testing::Test {
 protected:
  KubeClientTest()
      : config_(kubeconfig(Cluster::kubeconfig_path()).value()),
        transport_(connect(config_)),
        client_(*transport_) {
    space_ = absl::StrCat("rowtide-kube-", std::random_device{}() % 1'000'000'000);
    const json space{{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", space_}}}};
    if (auto made = client_.create(kNamespace, space); !made.ok()) {
      throw std::runtime_error(made.status().ToString());
    }
  }
  ~KubeClientTest() override { EXPECT_TRUE(client_.remove(kNamespace, {"", space_}).ok()); }

  json config_map(const std::string& name, const std::string& value) const {
    return {{"apiVersion", "v1"},
            {"kind", "ConfigMap"},
            {"metadata", {{"namespace", space_}, {"name", name}, {"labels", {{"test", "kube"}}}}},
            {"data", {{"value", value}}}};
  }
  void put(const std::string& name, const std::string& value) {
    const auto applied = client_.apply(kConfigMap, config_map(name, value));
    ASSERT_TRUE(applied.ok()) << applied.status();
  }
  ObjectKey key(const std::string& name) const { return {space_, name}; }
  WatchOptions watch_options() const {
    WatchOptions options;
    options.type = kConfigMap;
    options.name_space = space_;
    options.label_selector = "test=kube";  // not kube-root-ca.crt
    options.timing.backoff_min = milliseconds(100);
    return options;
  }
  static std::uint64_t restarts(const Watcher& watcher, RestartReason reason) {
    return watcher.stats().restarts[static_cast<std::size_t>(reason)];
  }

  const ClusterConfig config_;
  std::unique_ptr<CpprestTransport> transport_;
  Client client_;
  std::string space_;
};

std::string version_of(const json& object) {
  return std::string(string_at(object, {"metadata", "resourceVersion"}));
}

TEST_F(KubeClientTest, ListsInPagesOfOneState) {
  for (int i = 0; i < 7; ++i) put(absl::StrCat("item-", i), "x");
  CountingTransport counted(*transport_);
  const auto list = Client(counted).list(
      kConfigMap,
      {.name_space = space_, .label_selector = "test=kube", .field_selector = {}, .page_size = 2});
  ASSERT_TRUE(list.ok()) << list.status();
  std::set<std::string> names;
  for (const json& item : list->items) {
    names.insert(std::string(string_at(item, {"metadata", "name"})));
    EXPECT_EQ(item["kind"], "ConfigMap");
  }
  EXPECT_EQ(names.size(), 7u);
  EXPECT_EQ(list->items.size(), 7u);
  EXPECT_FALSE(list->resource_version.empty());
  EXPECT_EQ(counted.counts().at({"GET", "200"}), 4u) << "7 objects in pages of 2";
}

TEST_F(KubeClientTest, ApplyingTheSameAgainChangesNothing) {
  const auto first = client_.apply(kConfigMap, config_map("a", "1"));
  const auto second = client_.apply(kConfigMap, config_map("a", "1"));
  const auto third = client_.apply(kConfigMap, config_map("a", "2"));
  ASSERT_TRUE(first.ok() && second.ok() && third.ok()) << first.status() << second.status() << third.status();
  EXPECT_EQ(version_of(*first), version_of(*second));
  EXPECT_NE(version_of(*first), version_of(*third));
  EXPECT_EQ(string_at(*client_.get(kConfigMap, key("a")), {"data", "value"}), "2");
  EXPECT_EQ((*third)["metadata"]["managedFields"][0]["manager"], "rowtide-operator");
}

TEST_F(KubeClientTest, ConflictsAndAbsenceHaveTheirOwnCodes) {
  const auto made = client_.create(kConfigMap, config_map("a", "1"));
  ASSERT_TRUE(made.ok()) << made.status();
  const auto again = client_.create(kConfigMap, config_map("a", "1"));
  EXPECT_TRUE(absl::IsAlreadyExists(again.status())) << again.status();
  EXPECT_TRUE(absl::StrContains(again.status().message(), "create ConfigMap " + space_ + "/a: "))
      << again.status();
  EXPECT_TRUE(absl::IsNotFound(client_.get(kConfigMap, key("b")).status()));
  EXPECT_TRUE(absl::IsNotFound(client_.remove(kConfigMap, key("b"))));

  EXPECT_TRUE(
      absl::IsAborted(client_.remove(kConfigMap, key("a"), {.uid = "another", .resource_version = {}})));
  put("a", "2");
  EXPECT_TRUE(absl::IsAborted(
      client_.remove(kConfigMap, key("a"), {.uid = {}, .resource_version = version_of(*made)})));
  const std::string uid((*made)["metadata"]["uid"].get<std::string>());
  EXPECT_TRUE(client_.remove(kConfigMap, key("a"), {.uid = uid, .resource_version = {}}).ok());

  auto invalid = config_map("c", "1");
  invalid["data"]["not a key"] = "1";
  const auto refused = client_.apply(kConfigMap, invalid);
  EXPECT_TRUE(absl::IsInvalidArgument(refused.status())) << refused.status();
  EXPECT_FALSE(is_retryable(refused.status()));
}

TEST_F(KubeClientTest, PatchesStatusOnlyInTheStateItWasReadIn) {
  // A pod no scheduler ever takes: it has a status, and nobody else writes it.
  const json pod{
      {"apiVersion", "v1"},
      {"kind", "Pod"},
      {"metadata", {{"namespace", space_}, {"name", "p"}}},
      {"spec",
       {{"schedulerName", "none"}, {"containers", {{{"name", "c"}, {"image", "none.invalid/none:1"}}}}}}};
  json made;
  // The namespace's default service account is made by a controller a moment after the namespace.
  ASSERT_TRUE(eventually([&] {
    auto created = client_.create(kPod, pod);
    if (created.ok()) made = *created;
    return created.ok() || !absl::IsPermissionDenied(created.status());
  }));
  ASSERT_TRUE(made.is_object());
  const auto patched = client_.patch_status(kPod, key("p"), {{"message", "first"}}, version_of(made));
  ASSERT_TRUE(patched.ok()) << patched.status();
  EXPECT_EQ(string_at(*patched, {"status", "message"}), "first");
  const auto stale = client_.patch_status(kPod, key("p"), {{"message", "second"}}, version_of(made));
  EXPECT_TRUE(absl::IsAborted(stale.status())) << stale.status();
  const auto deleted = client_.patch_status(kPod, key("p"), {{"message", nullptr}});
  ASSERT_TRUE(deleted.ok()) << deleted.status();
  EXPECT_EQ(find_at(*deleted, {"status", "message"}), nullptr);
}

TEST_F(KubeClientTest, TheWatcherSeesWhatHappens) {
  put("a", "1");
  MapSink sink;
  Watcher watcher(*transport_, watch_options(), sink);
  watcher.start();
  ASSERT_TRUE(eventually([&] { return sink.values() == Values{{"a", "1"}}; }));
  put("b", "1");
  put("a", "2");
  EXPECT_TRUE(eventually([&] { return sink.values() == Values{{"a", "2"}, {"b", "1"}}; }));
  ASSERT_TRUE(client_.remove(kConfigMap, key("a")).ok());
  EXPECT_TRUE(eventually([&] { return sink.values() == Values{{"b", "1"}}; }));
  EXPECT_EQ(watcher.stats().lists, 1u);

  const auto began = steady_clock::now();
  watcher.stop();
  EXPECT_LT(steady_clock::now() - began, seconds(5)) << "a watch that is open must not hold the end";
}

TEST_F(KubeClientTest, AWatchThatTheServerEndsGoesOn) {
  auto options = watch_options();
  options.timing.server_timeout_min = options.timing.server_timeout_max = seconds(1);
  options.timing.very_short = milliseconds(100);
  MapSink sink;
  Watcher watcher(*transport_, options, sink);
  watcher.start();
  ASSERT_TRUE(eventually([&] { return restarts(watcher, RestartReason::Timeout) >= 2; }))
      << watcher.stats().last_error;
  put("a", "1");
  EXPECT_TRUE(eventually([&] { return sink.values() == Values{{"a", "1"}}; }));
  EXPECT_EQ(watcher.stats().lists, 1u);
}

TEST_F(KubeClientTest, LargeObjectsComeThroughTheStreamWhole) {
  MapSink sink;
  Watcher watcher(*transport_, watch_options(), sink);
  watcher.start();
  ASSERT_TRUE(eventually([&] { return watcher.synced(); }));
  const std::string large(900'000, 'v');
  put("large", large);
  EXPECT_TRUE(eventually([&] { return sink.values() == Values{{"large", large}}; }));
}

/// Asks for the first watch from version 1, which every server has forgotten.
class OldVersionOnce final : public Transport {
 public:
  explicit OldVersionOnce(Transport& real) : real_(real) {}
  absl::StatusOr<Response> request(const Request& request) override { return real_.request(request); }
  absl::Status stream(const std::string& path, const LineHandler& on_line, milliseconds idle,
                      std::stop_token stop) override {
    if (std::exchange(done_, true)) return real_.stream(path, on_line, idle, stop);
    return real_.stream(std::regex_replace(path, std::regex("resourceVersion=[0-9]+"), "resourceVersion=1"),
                        on_line, idle, stop);
  }

 private:
  Transport& real_;
  bool done_ = false;  // the watcher's thread only
};

TEST_F(KubeClientTest, ARealExpiredVersionListsAgain) {
  put("a", "1");
  OldVersionOnce transport(*transport_);
  MapSink sink;
  Watcher watcher(transport, watch_options(), sink);
  watcher.start();
  ASSERT_TRUE(eventually([&] {
    return restarts(watcher, RestartReason::Gone) == 1 && watcher.stats().lists == 2;
  })) << watcher.stats().last_error;
  put("b", "1");
  EXPECT_TRUE(eventually([&] { return sink.values() == Values{{"a", "1"}, {"b", "1"}}; }));
}

/// A process that stands still while this lives.
class Stopped {
 public:
  explicit Stopped(pid_t pid) : pid_(pid) { test::suspend(pid_); }
  ~Stopped() { ::kill(pid_, SIGCONT); }
  Stopped(const Stopped&) = delete;
  Stopped& operator=(const Stopped&) = delete;

 private:
  pid_t pid_;
};

/// Empty if the cluster in use is not the one of scripts/cluster.sh.
std::optional<pid_t> apiserver_pid() {
  if (trimmed(cluster_script("kubeconfig", seconds(30)).out) != Cluster::kubeconfig_path())
    return std::nullopt;
  const std::string status = cluster_script("status", seconds(60)).out;
  std::smatch match;
  if (!std::regex_search(status, match, std::regex("kube-apiserver +running \\(pid ([0-9]+)\\)")))
    return std::nullopt;
  return static_cast<pid_t>(std::stol(match[1]));
}

TEST_F(KubeClientTest, AServerThatFallsSilentIsNoticedAndTheWatchRecovers) {
  const auto pid = apiserver_pid();
  auto options = watch_options();
  options.timing.idle_timeout = milliseconds(1500);
  options.timing.server_timeout_min = options.timing.server_timeout_max = seconds(300);
  TransportOptions quick;
  quick.request_timeout = seconds(2);
  const auto transport = connect(config_, quick);
  MapSink sink;
  Watcher watcher(*transport, options, sink);
  watcher.start();
  put("a", "1");
  ASSERT_TRUE(eventually([&] { return sink.values() == Values{{"a", "1"}}; }));
  if (pid) {  // elsewhere the silence of a quiet namespace must do
    const Stopped stopped(*pid);
    Client client(*transport);
    const auto began = steady_clock::now();
    const auto refused = client.get(kConfigMap, key("a"));
    EXPECT_TRUE(absl::IsUnavailable(refused.status())) << refused.status();
    EXPECT_LT(steady_clock::now() - began, seconds(10));
  }
  EXPECT_TRUE(eventually([&] { return restarts(watcher, RestartReason::Idle) >= 1; }))
      << watcher.stats().last_error;
  put("b", "1");
  EXPECT_TRUE(eventually([&] { return sink.values() == Values{{"a", "1"}, {"b", "1"}}; }));
}

TEST_F(KubeClientTest, AServiceAccountsTokenIsReadFromItsFileAndMayDoOnlyWhatItsRoleSays) {
  const json meta{{"namespace", space_}, {"name", "reader"}};
  const json rules = {{{"apiGroups", {""}}, {"resources", {"configmaps"}}, {"verbs", {"get"}}}};
  ASSERT_TRUE(
      client_.create(kServiceAccount, {{"apiVersion", "v1"}, {"kind", "ServiceAccount"}, {"metadata", meta}})
          .ok());
  ASSERT_TRUE(client_
                  .create(kRole, {{"apiVersion", "rbac.authorization.k8s.io/v1"},
                                  {"kind", "Role"},
                                  {"metadata", meta},
                                  {"rules", rules}})
                  .ok());
  const json subjects = {{{"kind", "ServiceAccount"}, {"namespace", space_}, {"name", "reader"}}};
  ASSERT_TRUE(
      client_
          .create(
              kRoleBinding,
              {{"apiVersion", "rbac.authorization.k8s.io/v1"},
               {"kind", "RoleBinding"},
               {"metadata", meta},
               {"roleRef", {{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "Role"}, {"name", "reader"}}},
               {"subjects", subjects}})
          .ok());
  const auto answer = transport_->request(
      {"POST", *object_path(kServiceAccount, key("reader")) + "/token", "application/json",
       R"({"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{}})"});
  ASSERT_TRUE(answer.ok() && answer->status == 201) << answer.status();
  const std::string token(string_at(json::parse(answer->body), {"status", "token"}));

  const test::TempDir folder;
  ClusterConfig config = config_;
  config.client_certificate_pem.clear();
  config.client_key_pem.clear();
  config.token_file = folder.path() / "token";
  std::ofstream(config.token_file) << "not.a.token\n";
  put("a", "1");
  const auto transport = connect(config);
  Client reader(*transport);
  EXPECT_TRUE(absl::IsUnauthenticated(reader.get(kConfigMap, key("a")).status()));
  // Renewed, as the kubelet does it; the next 401 makes it be read at once.
  std::ofstream(config.token_file) << token << "\n";
  ASSERT_TRUE(eventually([&] { return reader.get(kConfigMap, key("a")).ok(); }));
  const auto denied = reader.apply(kConfigMap, config_map("a", "2"));
  EXPECT_TRUE(absl::IsPermissionDenied(denied.status())) << denied.status();
  EXPECT_TRUE(absl::StrContains(denied.status().message(), "apply ConfigMap " + space_ + "/a: "))
      << denied.status();
  EXPECT_FALSE(absl::StrContains(denied.status().message(), token));

  MapSink sink;
  Watcher watcher(*transport, watch_options(), sink);
  watcher.start();
  EXPECT_TRUE(eventually([&] { return restarts(watcher, RestartReason::Error) >= 2; }))
      << "list is not granted";
  EXPECT_FALSE(watcher.synced());
}

TEST_F(KubeClientTest, AServerThatIsNotOursIsRefused) {
  ClusterConfig config = config_;
  config.ca_pem.clear();  // the machine's own authorities did not sign a test cluster
  const auto transport = connect(config);
  EXPECT_TRUE(absl::IsUnavailable(Client(*transport).get(kConfigMap, key("a")).status()));
  config = config_;
  config.server = absl::StrCat("https://127.0.0.1:", test::free_port());
  const auto nobody = connect(config);
  const auto status = Client(*nobody).get(kConfigMap, key("a")).status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), config.server)) << status;
  config.client_key_pem = "not a key";
  EXPECT_TRUE(absl::IsInvalidArgument(CpprestTransport::create(config).status()));
}

/// A TLS server of openssl's on an address of its own choice, with a certificate of its own: the test cluster
/// has no IPv6, and its CA does not change.
class TlsServer {
 public:
  explicit TlsServer(const std::string& address) : address_(address) {
    const std::string key = (folder_.path() / "server.key").string();
    make_certificate(address, certificate_file(), key);
    const bool is_ipv6 = address.find(':') != std::string::npos;
    host_ = is_ipv6 ? "[" + address + "]" : address;
    server_ = std::make_unique<test::Process>(
        test::ProcessOptions{{"openssl", "s_server", is_ipv6 ? "-6" : "-4", "-accept", host_ + ":" + port_,
                              "-cert", certificate_file(), "-key", key, "-www"},
                             {},
                             {}});
  }
  static void make_certificate(const std::string& address, const std::string& certificate,
                               const std::string& key) {
    const auto made =
        test::run({{"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                    "-nodes", "-days", "2", "-subj", "/CN=test", "-addext", "subjectAltName=IP:" + address,
                    "-keyout", key, "-out", certificate},
                   {},
                   {}},
                  seconds(30));
    if (!made.status.ok()) throw std::runtime_error(made.err);
  }
  [[nodiscard]] std::string url() const { return "https://" + host_ + ":" + port_; }
  [[nodiscard]] std::string certificate_file() const { return folder_.path() / "server.crt"; }
  [[nodiscard]] std::string certificate() const { return bytes_of(certificate_file()); }
  static std::string bytes_of(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }

 private:
  test::TempDir folder_;
  std::string address_;
  std::string host_;
  std::string port_ = std::to_string(test::free_port());
  std::unique_ptr<test::Process> server_;
};

absl::StatusOr<Response> get_api(Transport& transport) {
  return transport.request({"GET", "/api", {}, {}});
}

TEST(KubeTransportTls, TakesAnIpv6ServerByItsAddressAndChecksTheCertificateForIt) {
  const TlsServer server("::1");
  ClusterConfig config;
  config.server = server.url();
  config.ca_pem = server.certificate();
  const auto transport = connect(config);
  absl::StatusOr<Response> answer;
  EXPECT_TRUE(eventually([&] {
    answer = get_api(*transport);
    return answer.ok();
  })) << answer.status();
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->status, 200);
}

// A cluster's CA is rotated while the operator runs.
TEST(KubeTransportTls, TheCaIsThatOfItsFileNow) {
  const TlsServer server("127.0.0.1");
  const test::TempDir folder;
  ClusterConfig config;
  config.server = server.url();
  config.ca_file = folder.path() / "ca.crt";
  TlsServer::make_certificate("127.0.0.1", config.ca_file, folder.path() / "other.key");
  config.ca_pem = TlsServer::bytes_of(config.ca_file);
  const auto transport = connect(config);
  ClusterConfig right = config;
  right.ca_file.clear();
  right.ca_pem = server.certificate();
  const auto knowing = connect(right);
  ASSERT_TRUE(eventually([&] { return get_api(*knowing).ok(); })) << "it listens";
  EXPECT_FALSE(get_api(*transport).ok()) << "the CA of before";
  std::ofstream(config.ca_file) << server.certificate();
  EXPECT_TRUE(get_api(*transport).ok());
  std::ofstream(config.ca_file) << "half a fi";
  EXPECT_FALSE(get_api(*transport).ok()) << "what is no CA lets nobody in";
}

TEST(KubeTransportTls, TheMachinesAuthoritiesDoNotVouchForTheCluster) {
  const TlsServer server("127.0.0.1");
  const test::TempDir folder;
  const std::string other = folder.path() / "ca.crt";
  TlsServer::make_certificate("127.0.0.1", other, folder.path() / "other.key");
  ::setenv("SSL_CERT_FILE", server.certificate_file().c_str(), 1);  // the machine's, to OpenSSL
  ClusterConfig config;
  config.server = server.url();
  const auto of_the_machine = connect(config);
  EXPECT_TRUE(eventually([&] { return get_api(*of_the_machine).ok(); })) << "with no CA of its own";
  config.ca_pem = TlsServer::bytes_of(other);
  const auto pinned = connect(config);
  EXPECT_FALSE(get_api(*pinned).ok());
  ::unsetenv("SSL_CERT_FILE");
}

}  // namespace
}  // namespace rowtide::op::kube
