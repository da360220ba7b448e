#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "rowtide/change.h"
#include "rowtide/checkpoint_store.h"

namespace rowtide {
inline namespace v1 {

/// librdkafka's settings of the same meaning; "" is its default.
struct Security {
  std::string protocol;   ///< security.protocol: plaintext, ssl, sasl_plaintext, sasl_ssl
  std::string mechanism;  ///< sasl.mechanism: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512
  std::string username;
  std::string password;
  std::string ca_file;           ///< PEM
  std::string certificate_file;  ///< PEM, the client's
  std::string key_file;          ///< PEM, the client's
  std::string key_password;
};

/// Where a partition without a checkpoint begins, but for one that was added later: it begins at its first
/// record.
struct ROWTIDE_SDK_EXPORT Start {
  enum class From : std::uint8_t { Earliest, Latest, Offset, Time };
  From from = From::Earliest;
  std::int64_t offset = 0;  ///< of From::Offset, for each partition
  std::chrono::sys_time<std::chrono::milliseconds> time;

  [[nodiscard]] static Start earliest() noexcept { return {}; }
  /// Also where the group's offsets have expired or went with a deleted topic: what was written since is
  /// passed over, and nothing tells.
  [[nodiscard]] static Start latest() noexcept { return {From::Latest, 0, {}}; }
  [[nodiscard]] static Start at_offset(std::int64_t offset) noexcept { return {From::Offset, offset, {}}; }
  /// The first record at or after the time. Topics of dts-avro have their timestamps in seconds: name the
  /// format.
  [[nodiscard]] static Start at_time(std::chrono::sys_time<std::chrono::milliseconds> time) noexcept {
    return {From::Time, 0, time};
  }
};

/// What is delivered. An empty set leaves everything through; a change must pass all three. What does not
/// pass is counted and moves the checkpoint as if it had been acknowledged.
struct Filter {
  std::set<std::string, std::less<>> databases;
  /// "database.table". A schema change that names no table passes.
  std::set<std::string, std::less<>> tables;
  std::set<Operation> operations;
};

enum class OnUndecodable : std::uint8_t {
  Stop,  ///< an Error of code Undecodable; each following call gives it again, the checkpoint stays before
         ///< the record
  Skip,  ///< counted in Statistics::skipped, and the checkpoint moves over it
};

struct Options {
  std::string bootstrap_servers;  ///< "kafka:9092,kafka2:9092"
  std::string group_id;
  std::vector<std::string> topics;
  Security security;

  Format format = Format::Auto;  ///< Auto: seen from each record
  Start start;
  Filter filter;
  OnUndecodable on_undecodable = OnUndecodable::Stop;

  /// Whole transactions by poll_transaction(), not changes. Needs a task with debezium.transactionMetadata,
  /// its topic "<namespace>.<task>.transaction" among `topics`, and no filter.
  bool transactions = false;
  /// That topic, where the names of several of `topics` end so; empty: the one whose name does.
  std::string transaction_topic;

  /// Of changes that are read and not acknowledged. At either bound the partitions are paused and poll()
  /// gives nothing until enough are acknowledged. With `transactions`, those that are given and those that
  /// are not have a bound of their own each, and partitions that are ahead wait for the others. librdkafka's
  /// own read-ahead is bounded by max_buffered_bytes too.
  std::size_t max_buffered_records = 100'000;
  std::size_t max_buffered_bytes = 256UL * 1024 * 1024;

  std::shared_ptr<CheckpointStore> checkpoint_store;  ///< nullptr: the group's committed offsets in Kafka
  std::chrono::milliseconds checkpoint_interval{1000};

  std::chrono::milliseconds connect_timeout{30'000};  ///< also of questions to the broker later on
};

}  // namespace v1
}  // namespace rowtide
