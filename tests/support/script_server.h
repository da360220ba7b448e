#pragma once

#include <sys/types.h>

#include <map>
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
  ~ScriptServer();
  ScriptServer(const ScriptServer&) = delete;
  ScriptServer& operator=(const ScriptServer&) = delete;
  ScriptServer(ScriptServer&&) = delete;
  ScriptServer& operator=(ScriptServer&&) = delete;

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

  std::string name_;
  ServerOptions options_;
  TempDir dir_;
  std::map<std::string, std::string> facts_;
};

}  // namespace rowtide::test
