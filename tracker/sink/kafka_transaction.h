#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <stop_token>
#include <string>

#include "absl/status/status.h"

struct rd_kafka_s;
struct rd_kafka_conf_s;

namespace rowtide::sink {

/// Kafka's transactions of one producer (KIP-98), one open at a time. One thread at a time, but for error().
/// Errors: UNAVAILABLE: the transaction is lost, or the brokers are away; make the producer anew and go on
/// from the last commit. ABORTED: another tracker of the same task has taken over. Else final, and says what
/// to do.
class KafkaTransaction {
 public:
  /// How long brokers keep a transaction open that nobody ends; the brokers' own default limit is above it.
  static constexpr std::chrono::minutes kTimeout{10};

  /// The transactional id of the task with this identity.
  [[nodiscard]] static std::string id_of(const std::string& task_identity) {
    return "rowtide-" + task_identity;
  }

  /// What the producer's configuration needs.
  [[nodiscard]] static absl::Status configure(rd_kafka_conf_s& conf, const std::string& transactional_id);

  KafkaTransaction(rd_kafka_s& producer, std::string transactional_id)
      : producer_(producer), id_(std::move(transactional_id)) {}

  /// Takes over from any other producer of the id: its open transaction is aborted, it can write no more.
  [[nodiscard]] absl::Status take_over(std::chrono::milliseconds timeout);
  /// Unless one is open.
  [[nodiscard]] absl::Status begin();
  /// Waits for brokers that are away, until stop and a few seconds more.
  [[nodiscard]] absl::Status commit(const std::stop_token& stop);
  [[nodiscard]] absl::Status commit_within(std::chrono::milliseconds timeout);
  /// Gives up the open one, if any. The brokers refuse that to a producer that was taken over from, which is
  /// how it learns of it: the first failure it meets may be any. After UNAVAILABLE: make the producer anew.
  [[nodiscard]] absl::Status abort(std::chrono::milliseconds timeout);

  /// The same for an error that the producer reported by itself.
  [[nodiscard]] absl::Status error(int code, const std::string& reason) const;

 private:
  [[nodiscard]] absl::Status commit_while(const std::function<bool()>& may_wait);

  rd_kafka_s& producer_;
  std::string id_;
  std::atomic<bool> is_open_ = false;
  std::atomic<std::chrono::steady_clock::time_point> begun_at_;
};

}  // namespace rowtide::sink
