#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "tests/integration/tracker_process.h"
#include "tests/support/kafka_broker.h"
#include "tests/support/mysql_server.h"

namespace rowtide::test {

/// Breaks a running task in one way after the other and brings back what it broke. One thread.
class Faults {
 public:
  Faults(MysqlServer& server, KafkaBroker& broker, const nlohmann::json& task, std::uint64_t seed);

  /// A fault chosen at random; returns when its parts run again. Throws when the tracker has ended by itself
  /// without a cause.
  void inject();
  /// Returns when a tracker streams.
  void settle();
  /// The end of the run: SIGTERM; false: the tracker did not end well.
  [[nodiscard]] bool stop_tracker();

  [[nodiscard]] const std::map<std::string, int>& counts() const { return counts_; }
  [[nodiscard]] int total() const;
  [[nodiscard]] TrackerProcess& tracker() { return *tracker_; }

 private:
  struct Kind {
    const char* name;
    unsigned weight;
    void (Faults::*function)();
  };
  [[nodiscard]] const Kind& next();
  void kill_tracker();
  void end_tracker();
  void stop_tracker_for_a_while();
  void kill_broker();
  void restart_broker();
  void kill_server();
  void restart_server();
  void cut_connection();
  void second_tracker();
  [[nodiscard]] int below(int limit) { return std::uniform_int_distribution(0, limit - 1)(random_); }

  MysqlServer& server_;
  KafkaBroker& broker_;
  const nlohmann::json task_;
  std::mt19937_64 random_;
  std::unique_ptr<TrackerProcess> tracker_;
  std::vector<const Kind*> ahead_;
  std::map<std::string, int> counts_;
};

}  // namespace rowtide::test
