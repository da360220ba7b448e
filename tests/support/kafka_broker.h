#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/kafka_reader.h"
#include "tests/support/script_server.h"

namespace rowtide::test {

/// A real Kafka broker. Options are lines of server.properties ("message.max.bytes=2000000"). Programs under
/// test use bootstrap(), whose listener CLIENT can be secured by options; admin_bootstrap() stays open on
/// loopback. Topics are not made by themselves. Functions throw on failure. Not thread-safe.
class KafkaBroker {
 public:
  explicit KafkaBroker(ServerOptions options = {});
  /// What shared() gives.
  struct Shared {};
  explicit KafkaBroker(Shared shared);

  /// One broker for all tests of this process, started at the first call. Do not stop it: start one of your
  /// own for that.
  [[nodiscard]] static KafkaBroker& shared();

  [[nodiscard]] std::string bootstrap() const;
  [[nodiscard]] std::string admin_bootstrap() const;
  [[nodiscard]] int port() const { return server_.port(); }
  /// The folder of its jars: kafka-clients, Jackson, ...
  [[nodiscard]] const std::string& jars() const { return server_.fact("CLASSES"); }
  [[nodiscard]] std::string log() const { return server_.log(); }

  /// Returns when the topic can be written to. 'config' is the topic's, such as {"cleanup.policy",
  /// "compact"}.
  void create_topic(const std::string& topic, int partitions = 1,
                    const std::map<std::string, std::string>& config = {});
  /// A new topic with a name nobody used before in this process; for tests that share a broker.
  [[nodiscard]] std::string fresh_topic(int partitions = 1);
  void delete_topic(const std::string& topic);
  /// As retention does: what is before `offset` of partition 0 is gone.
  void delete_records(const std::string& topic, std::int64_t offset) const;
  /// Number of partitions; 0 if there is no such topic.
  [[nodiscard]] int partitions(const std::string& topic) const;

  /// What a consumer group noted beside its offset of partition 0; nullopt if it has committed none.
  [[nodiscard]] std::optional<std::string> committed_metadata(const std::string& group,
                                                              const std::string& topic) const;

  /// Runs commands of Kafka's own, "kafka-acls.sh --bootstrap-server ... --add ...; kafka-configs.sh ...", as
  /// an administrator would: through the open listener, whatever server they name.
  void run_commands(const std::string& commands) const;

  /// One record, acknowledged.
  void produce(const std::string& topic, const std::optional<std::string>& key,
               const std::optional<std::string>& value, int partition = 0);
  /// A reader from the beginning, through the open listener.
  [[nodiscard]] KafkaReader reader(const std::string& topic) const;

  void restart(std::optional<std::vector<std::string>> options = std::nullopt);
  void stop() { server_.stop(); }
  void start() { server_.start(); }
  void kill9() { server_.kill9(); }
  void suspend() { server_.suspend(); }
  void resume() { server_.resume(); }

 private:
  ScriptServer server_;
};

/// Options of a broker whose listener CLIENT asks for SASL/PLAIN logins, without TLS. By name, the users'
/// passwords.
[[nodiscard]] std::vector<std::string> plain_logins(const std::map<std::string, std::string>& users);

}  // namespace rowtide::test
