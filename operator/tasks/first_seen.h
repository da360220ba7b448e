#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "operator/kube/resource.h"

namespace rowtide::op::tasks {

/// Milliseconds of a clock that nobody sets (rowtide::steady_ms), for how long something has been so.
using SteadyClock = std::function<std::int64_t()>;

/// When a task's object was first seen in some state, by our own clock: the server's times may be minutes
/// off. One object per task; forgotten at a restart, after which everything is seen anew. Thread-safe.
class FirstSeen {
 public:
  [[nodiscard]] std::int64_t first_seen(const kube::ObjectKey& task, const std::string& uid,
                                        std::int64_t now_ms) {
    const std::lock_guard lock(mutex_);
    auto& [known_uid, since_ms] = seen_[task];
    if (known_uid != uid) {
      known_uid = uid;
      since_ms = now_ms;
    }
    return since_ms;
  }

  void forget(const kube::ObjectKey& task) {
    const std::lock_guard lock(mutex_);
    seen_.erase(task);
  }

 private:
  std::mutex mutex_;
  std::map<kube::ObjectKey, std::pair<std::string, std::int64_t>> seen_;
};

}  // namespace rowtide::op::tasks
