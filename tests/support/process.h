#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/temp_dir.h"

namespace rowtide::test {

struct ProcessOptions {
  std::vector<std::string> argv;                         ///< argv[0]: a path, or a name to be found in PATH
  std::vector<std::pair<std::string, std::string>> env;  ///< added to this process' environment
  std::filesystem::path working_dir;                     ///< empty: this process'
};

struct ExitStatus {
  int code = 0;    ///< what the program returned
  int signal = 0;  ///< or the signal that ended it; 0: none
  [[nodiscard]] bool ok() const { return code == 0 && signal == 0; }
  [[nodiscard]] std::string to_string() const;
};

/// A child process. Its output goes to files, so that it never blocks on us and can be read at any time.
/// It does not outlive the Process object (SIGKILL) nor the thread that made it (PR_SET_PDEATHSIG): make it
/// in a thread that stays. Functions throw std::runtime_error / std::system_error on failure. Not
/// thread-safe.
class Process {
 public:
  explicit Process(const ProcessOptions& options);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] bool running();
  void signal(int number);
  /// The exit status, or nothing when the process still runs at the deadline.
  [[nodiscard]] std::optional<ExitStatus> wait(std::chrono::milliseconds deadline);
  /// Signals and waits; throws with the end of its output if it still runs at the deadline.
  ExitStatus stop(int number, std::chrono::milliseconds deadline);

  /// All output so far.
  [[nodiscard]] std::string out() const;
  [[nodiscard]] std::string err() const;
  /// The complete lines (without line ends) of standard output since the last call.
  [[nodiscard]] std::vector<std::string> new_lines();

 private:
  TempDir output_;
  std::string command_;
  pid_t pid_ = -1;
  std::optional<ExitStatus> status_;
  std::streamoff lines_read_to_ = 0;
};

struct RunResult {
  ExitStatus status;
  std::string out;
  std::string err;
};

/// Runs a program to its end. Throws if it still runs at the deadline.
[[nodiscard]] RunResult run(const ProcessOptions& options, std::chrono::milliseconds deadline);

/// Of any process. A zombie has ended once it is its last thread: until then the others hold the process'
/// ports and locks.
[[nodiscard]] bool has_ended(pid_t pid);

/// SIGSTOP to any process. Returns when every thread of it stands still: on a busy machine others go on for a
/// while.
void suspend(pid_t pid);

}  // namespace rowtide::test
