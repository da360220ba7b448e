#pragma once

#include <chrono>
#include <mutex>
#include <string>

#include "absl/status/statusor.h"

namespace rowtide::op::kube {

/// The bearer token of each request: fixed, or of a file that the kubelet renews. Thread-safe.
class TokenSource {
 public:
  /// With neither token nor file, token() is always empty.
  TokenSource(std::string token, std::string file, std::chrono::seconds reread);

  /// Reads the file again when it is due. If that fails the last token is used on; it may well be still
  /// valid.
  std::string token();

  /// After a 401: reads the file now. True if the token is another one than `refused`, so that trying again
  /// is useful.
  bool refresh(const std::string& refused);

 private:
  void read_locked();

  const std::string file_;
  const std::chrono::seconds reread_;
  std::mutex mutex_;
  std::string token_;
  std::chrono::steady_clock::time_point next_read_{};  // the epoch: not read yet
};

}  // namespace rowtide::op::kube
