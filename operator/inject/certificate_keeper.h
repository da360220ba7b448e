#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/http/server.h"
#include "operator/inject/certificate.h"
#include "operator/kube/client.h"

namespace rowtide::op::inject {

struct KeeperOptions {
  std::string webhook;  ///< name of the MutatingWebhookConfiguration whose caBundles are kept
  std::string host;     ///< by which the API server calls: the Service's DNS name, or an IP address
  std::string owner;    ///< this process among the operators
  std::chrono::seconds valid_for = std::chrono::hours(24);
  std::chrono::milliseconds look_every{30'000};
  /// How long a new certificate stands in the bundle before it is shown: API servers hear of it one after
  /// another.
  std::chrono::milliseconds spread{60'000};
  std::function<void()> on_turn = nullptr;  ///< why_untrusted() is another; on the keeper's thread
};

/// This operator's certificate: made in memory, told to the API server in the webhook's caBundle beside those
/// of the other operators, replaced when two thirds of its time are over. Its key leaves the process nowhere,
/// so that no Secret is needed. Begins at once, on a thread of its own.
class CertificateKeeper {
 public:
  /// The client must outlive it. Internal: no certificate could be made.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<CertificateKeeper>> start(kube::Client& client,
                                                                                KeeperOptions options);

  /// What to show now. For any thread.
  [[nodiscard]] http::KeyPair current() const;
  /// OK: the API server trusts current(), as far as is known: one that is away has not forgotten it. Else why
  /// not. For any thread.
  [[nodiscard]] absl::Status trusted() const;
  /// The text of trusted(); none also until the API server has been asked for the first time.
  [[nodiscard]] std::optional<std::string> why_untrusted() const;

 private:
  CertificateKeeper(kube::Client& client, KeeperOptions options, SelfSigned first);
  void run(const std::stop_token& stop);
  void rotate();
  /// What the bundle was seen to hold, and what became of writing what it lacks.
  struct Publication {
    bool was_read = false;
    bool holds_current = false;
    bool holds_all = false;
    absl::Status status = {};
  };
  [[nodiscard]] Publication publish();
  /// Under the lock.
  void note_trust(const Publication& told);

  kube::Client& client_;
  const KeeperOptions options_;
  mutable std::mutex mutex_;
  SelfSigned current_;
  std::optional<SelfSigned> next_;
  std::optional<std::chrono::steady_clock::time_point> next_told_at_;
  absl::Status trusted_;
  bool has_asked_ = false;
  absl::Status said_;  ///< to the log
  std::jthread thread_;
};

}  // namespace rowtide::op::inject
