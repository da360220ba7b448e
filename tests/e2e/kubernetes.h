#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace rowtide::test {

/// A namespace of one's own on the cluster of $KUBECONFIG, by kubectl; deleted with the object. Functions
/// throw on failure, with kubectl's words. Not thread-safe.
class Namespace {
 public:
  explicit Namespace(const std::string& prefix);
  ~Namespace();
  Namespace(const Namespace&) = delete;
  Namespace& operator=(const Namespace&) = delete;

  [[nodiscard]] const std::string& name() const { return name_; }

  /// kubectl -n NAMESPACE ARGUMENTS; its standard output.
  std::string kubectl(const std::vector<std::string>& arguments) const;
  /// The same for a command that should fail: its standard error. Throws if it does not fail.
  std::string kubectl_error(const std::vector<std::string>& arguments) const;
  void apply(const nlohmann::json& object) const;
  /// What `kubectl apply` says when it refuses.
  [[nodiscard]] std::string refusal_of(const nlohmann::json& object) const;
  /// Through a file: arguments can be read by everybody.
  void set_secret(const std::string& secret, const std::string& username, const std::string& password) const;

  [[nodiscard]] nlohmann::json get(const std::string& kind, const std::string& object) const;
  /// Names of all objects of these kinds ("pods,jobs").
  [[nodiscard]] std::vector<std::string> names(const std::string& kinds) const;
  /// The task's condition: "True Streaming"; "" while there is none.
  [[nodiscard]] std::string condition(const std::string& task, const std::string& type) const;
  [[nodiscard]] std::string condition_message(const std::string& task, const std::string& type) const;
  /// The item of status.precheck of that name; null if there is none.
  [[nodiscard]] nlohmann::json precheck_item(const std::string& task, const std::string& item) const;
  void wait_for_condition(const std::string& task, const std::string& type, const std::string& expected,
                          std::chrono::milliseconds deadline = std::chrono::seconds{120}) const;
  /// Everything in the namespace but the Secrets, events and logs of pods too.
  [[nodiscard]] std::string everything() const;

 private:
  [[nodiscard]] std::string condition_fields(const std::string& task, const std::string& type,
                                             const std::string& fields) const;
  std::string name_;
};

}  // namespace rowtide::test
