#pragma once

#include <sys/types.h>

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/temp_dir.h"

namespace rowtide::test {

struct ServerOptions {
  std::string bind = "127.0.0.1";
  int port = 0;                      ///< 0: a free one, kept over restarts
  std::vector<std::string> options;  ///< as the server's script takes them after "--"
};

/// A server run by scripts/servers/NAME.sh in a folder of its own: started by the constructor, stopped by the
/// destructor, and also when this process ends without one. Functions throw with the script's error text. Not
/// thread-safe.
class ScriptServer {
 public:
  ScriptServer(std::string name, ServerOptions options);
  /// One for all tests of this process: of the pool if there is one (server_pool.h), so it may have run
  /// already for another program, and goes on for the next.
  explicit ScriptServer(std::string name);
  ~ScriptServer();
  ScriptServer(const ScriptServer&) = delete;
  ScriptServer& operator=(const ScriptServer&) = delete;
  ScriptServer(ScriptServer&&) = delete;
  ScriptServer& operator=(ScriptServer&&) = delete;

  /// It has been used: the caller makes it as it was when it was new, or begins anew.
  [[nodiscard]] bool was_used() const { return was_used_; }
  /// Ends it and starts one on new data.
  void begin_anew();
  /// Beside its data, and kept as long.
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }

  /// Starts again on the same data, address and port.
  void start();
  void stop();
  /// From the next start on.
  void set_options(std::vector<std::string> options) { options_.options = std::move(options); }
  void kill9();
  /// SIGSTOP: connections stay open and nothing answers. Until resume().
  void suspend();
  void resume();

  /// A word of the script's facts: HOST, PORT, PID, LOG and what the server adds.
  [[nodiscard]] const std::string& fact(const std::string& key) const;
  [[nodiscard]] int port() const { return std::stoi(fact("PORT")); }
  [[nodiscard]] pid_t pid() const { return std::stoi(fact("PID")); }
  [[nodiscard]] std::string log() const;

 private:
  [[nodiscard]] std::vector<std::string> command(const std::string& action) const;
  void end(const std::string& action);
  void read_facts(const std::string& line);

  std::string name_;
  ServerOptions options_;
  std::optional<TempDir> own_folder_;  ///< none for one of the pool
  std::filesystem::path folder_;
  pid_t owner_;  ///< the process that it does not outlive
  bool was_used_ = false;
  std::map<std::string, std::string> facts_;
};

}  // namespace rowtide::test
