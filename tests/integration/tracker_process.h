#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/kafka_reader.h"
#include "tests/support/mysql_server.h"
#include "tests/support/process.h"

namespace rowtide::test {

inline constexpr const char* kTrackerUser = "tracker";
inline constexpr const char* kTrackerPassword = "Tr4cker-pa55word";

struct HttpAnswer {
  int status = 0;  ///< 0: nobody answered
  std::string body;
};
[[nodiscard]] HttpAnswer http_get(int port, const std::string& path);
[[nodiscard]] HttpAnswer http_send(int port, const std::string& method, const std::string& path,
                                   const std::string& body);

/// The path of rowtide-tracker as this build has made it.
[[nodiscard]] const char* tracker_program();

/// The process' server of the flavor, with the account kTrackerUser.
[[nodiscard]] MysqlServer& tracked_server(SqlFlavor flavor);

/// A task document, as JSON (which is YAML): the account kTrackerUser with the password in the environment,
/// one database, a name nobody used before in this process. Without a sink.
[[nodiscard]] nlohmann::json task_document(const MysqlServer& server, const std::string& database);
/// The same with Kafka or the standard output behind it.
[[nodiscard]] nlohmann::json kafka_task(const MysqlServer& server, const std::string& database,
                                        const std::string& bootstrap);
[[nodiscard]] nlohmann::json stdout_task(const MysqlServer& server, const std::string& database);
/// Or read over HTTP.
[[nodiscard]] nlohmann::json stream_task(const MysqlServer& server, const std::string& database);
/// Where the records of a task go by default.
[[nodiscard]] std::string topic_of(const nlohmann::json& task);

/// The program itself, as a child: `rowtide-tracker run` on a task document. Its port is kept over restarts.
class TrackerProcess {
 public:
  explicit TrackerProcess(const nlohmann::json& task, std::vector<std::string> more_arguments = {});

  void start();
  /// Returns when /readyz says that it streams; throws with what the tracker logged if it ends before.
  void wait_streaming(std::chrono::milliseconds deadline = std::chrono::seconds{60});
  void start_streaming() { start(), wait_streaming(); }
  ExitStatus stop(int signal) { return process_->stop(signal, std::chrono::seconds{40}); }
  /// The exit status of a tracker that gives up by itself.
  ExitStatus wait_exit();

  [[nodiscard]] Process& process() { return *process_; }
  [[nodiscard]] HttpAnswer get(const std::string& path) const { return http_get(port_, path); }
  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] nlohmann::json status() const;
  /// The sum of a metric's series whose line holds `label`.
  [[nodiscard]] double metric(const std::string& name, const std::string& label = {}) const;
  /// What stands in --failure-file; "" if there is none.
  [[nodiscard]] std::string failure() const;

 private:
  TempDir folder_;
  int port_;
  std::vector<std::string> arguments_;
  std::optional<Process> process_;
};

/// `rowtide-tracker WORDS... TASK_FILE MORE...` to its end, with the password in the environment.
[[nodiscard]] RunResult run_tracker(const std::string& command, const nlohmann::json& task,
                                    const std::vector<std::string>& more_arguments = {},
                                    const std::string& password = kTrackerPassword);

/// Row changes, without tombstones and schema changes.
[[nodiscard]] std::vector<nlohmann::json> row_changes(const std::vector<KafkaRecord>& records);
std::vector<nlohmann::json> wait_for_rows(KafkaReader& reader, std::size_t count);

}  // namespace rowtide::test
