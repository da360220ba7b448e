#pragma once

#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "operator/kube/resource.h"

namespace rowtide::op::tasks {

/// What stands otherwise in `live` than `desired` says, one "/path = live value" for each; empty: nothing.
/// Only fields of `desired` count: defaults of the server and what others add (sidecars, annotations) are
/// theirs. A list of objects is a set; other lists and selectors must be equal. What is empty may be absent.
[[nodiscard]] std::vector<std::string> differences(const nlohmann::json& live, const nlohmann::json& desired);

/// What the server keeps otherwise than we apply it: quantities in their normal form, a policy's rewriting.
/// To apply that again would never come to an end. Forgotten at a restart, after which it is applied once.
/// Thread-safe.
class KeptOtherwise {
 public:
  /// `answer`: what the server made of `desired`.
  void note(const kube::ObjectKey& task, const nlohmann::json& desired, const nlohmann::json& answer);
  /// Does `live` differ from `desired` by no more than what was noted?
  [[nodiscard]] bool explains(const kube::ObjectKey& task, const nlohmann::json& live,
                              const nlohmann::json& desired) const;
  void forget(const kube::ObjectKey& task);

 private:
  mutable std::mutex mutex_;
  std::map<kube::ObjectKey, std::map<std::string, std::vector<std::string>>> kept_;  // by object and hash
};

}  // namespace rowtide::op::tasks
