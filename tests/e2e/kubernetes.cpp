#include "tests/e2e/kubernetes.h"

#include <unistd.h>

#include <fstream>
#include <sstream>
#include <stdexcept>

#include "tests/support/process.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wait_until.h"

namespace rowtide::test {
namespace {

using nlohmann::json;

constexpr std::chrono::seconds kCommandDeadline{150};

RunResult run_kubectl(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "kubectl");
  return run({.argv = std::move(arguments), .env = {}, .working_dir = {}}, kCommandDeadline);
}

std::string text_of(const std::vector<std::string>& arguments) {
  std::string text;
  for (const std::string& argument : arguments) text += " " + argument;
  return text;
}

std::string write_file(const TempDir& folder, const std::string& name, const std::string& content) {
  const std::string path = folder.path() / name;
  std::ofstream(path) << content;
  return path;
}

}  // namespace

Namespace::Namespace(const std::string& prefix) {
  static int count = 0;
  name_ = prefix + "-" + std::to_string(::getpid()) + "-" + std::to_string(++count);
  const RunResult made = run_kubectl({"create", "namespace", name_});
  if (!made.status.ok()) throw std::runtime_error("kubectl create namespace: " + made.err);
  // Whatever Rowtide runs there must be allowed by the strictest of Kubernetes' own policies.
  const RunResult labelled =
      run_kubectl({"label", "namespace", name_, "pod-security.kubernetes.io/enforce=restricted"});
  if (!labelled.status.ok()) throw std::runtime_error("kubectl label namespace: " + labelled.err);
}

Namespace::~Namespace() {
  try {
    static_cast<void>(run_kubectl({"delete", "namespace", name_, "--wait=false"}));
  } catch (const std::exception&) {
    // A namespace that stays is no reason to end the tests.
  }
}

std::string Namespace::kubectl(const std::vector<std::string>& arguments) const {
  std::vector<std::string> all{"-n", name_};
  all.insert(all.end(), arguments.begin(), arguments.end());
  const RunResult result = run_kubectl(all);
  if (!result.status.ok()) throw std::runtime_error("kubectl" + text_of(all) + ": " + result.err);
  return result.out;
}

std::string Namespace::kubectl_error(const std::vector<std::string>& arguments) const {
  std::vector<std::string> all{"-n", name_};
  all.insert(all.end(), arguments.begin(), arguments.end());
  const RunResult result = run_kubectl(all);
  if (result.status.ok()) throw std::runtime_error("kubectl" + text_of(all) + " should have failed");
  return result.err;
}

void Namespace::apply(const json& object) const {
  const TempDir folder;
  kubectl({"apply", "-f", write_file(folder, "object.json", object.dump())});
}

std::string Namespace::refusal_of(const json& object) const {
  const TempDir folder;
  return kubectl_error({"apply", "-f", write_file(folder, "object.json", object.dump())});
}

void Namespace::set_secret(const std::string& secret, const std::string& username,
                           const std::string& password) const {
  apply({{"apiVersion", "v1"},
         {"kind", "Secret"},
         {"metadata", {{"name", secret}}},
         {"stringData", {{"username", username}, {"password", password}}}});
}

json Namespace::get(const std::string& kind, const std::string& object) const {
  return json::parse(kubectl({"get", kind, object, "-o", "json"}));
}

std::vector<std::string> Namespace::names(const std::string& kinds) const {
  std::istringstream lines(kubectl({"get", kinds, "-o", "name"}));
  std::vector<std::string> found;
  for (std::string line; std::getline(lines, line);) found.push_back(line);
  return found;
}

// One reading for all fields: between two the operator may write.
std::string Namespace::condition_fields(const std::string& task, const std::string& type,
                                        const std::string& fields) const {
  return kubectl({"get", "ctt", task, "-o",
                  "jsonpath={range .status.conditions[?(@.type==\"" + type + "\")]}" + fields + "{end}"});
}

std::string Namespace::condition(const std::string& task, const std::string& type) const {
  return condition_fields(task, type, "{.status} {.reason}");
}

std::string Namespace::condition_message(const std::string& task, const std::string& type) const {
  return condition_fields(task, type, "{.message}");
}

json Namespace::precheck_item(const std::string& task, const std::string& item) const {
  const json object = get("ctt", task);
  const json::json_pointer items("/status/precheck/items");
  if (!object.contains(items)) return nullptr;
  for (const json& one : object.at(items)) {
    if (one.value("name", "") == item) return one;
  }
  return nullptr;
}

void Namespace::wait_for_condition(const std::string& task, const std::string& type,
                                   const std::string& expected, std::chrono::milliseconds deadline) const {
  wait_until(
      type + " = " + expected, [&] { return condition(task, type) == expected; }, deadline,
      [&] {
        return kubectl({"get", "ctt", task, "-o", "yaml"}) + kubectl({"get", "pods"});
      });
}

std::string Namespace::everything() const {
  std::string all =
      kubectl({"get", "ctt,deployments,replicasets,jobs,pods,configmaps,services,events", "-o", "yaml"});
  for (const std::string& pod : names("pods")) {
    const RunResult logs = run_kubectl({"-n", name_, "logs", pod, "--all-containers"});
    all += logs.out;
  }
  return all;
}

}  // namespace rowtide::test
