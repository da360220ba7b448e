#include "tests/support/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <system_error>

#include "tests/support/ca_file.h"
#include "tests/support/wait_until.h"

namespace rowtide::test {
namespace {

/// For each TLS context OpenSSL parses the file of all the system's CAs, which was most of what a short-lived
/// tracker did. Trusted is the same without it: the folder beside it has them too, and is read as needed.
const bool kHasNoCaFile = ::setenv(kCaFileVariable, "/dev/null", 1) == 0;

std::string read_file(const std::filesystem::path& path, std::streamoff from = 0) {
  std::ifstream file(path, std::ios::binary);
  file.seekg(from);
  return {std::istreambuf_iterator<char>{file}, {}};
}

std::string last_part(const std::string& text) {
  constexpr std::size_t kShown = 4000;
  return text.size() <= kShown ? text : "..." + text.substr(text.size() - kShown);
}

/// Everything the child needs, made before the fork: between fork and exec only system calls are allowed.
struct Prepared {
  std::vector<std::string> env_text;
  std::vector<char*> argv;
  std::vector<char*> env;
  std::string out_path;
  std::string err_path;
  std::string working_dir;
};

void prepare_environment(const ProcessOptions& options, Prepared& prepared) {
  for (char** entry = ::environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    bool replaced = false;
    for (const auto& [name, value] : options.env) replaced |= text.starts_with(name + "=");
    if (!replaced) prepared.env_text.emplace_back(text);
  }
  for (const auto& [name, value] : options.env) prepared.env_text.push_back(name + "=" + value);
  for (std::string& entry : prepared.env_text) prepared.env.push_back(entry.data());
  prepared.env.push_back(nullptr);
}

void redirect(const char* path, int flags, int target) {
  const int fd = ::open(path, flags, 0600);
  if (fd < 0 || ::dup2(fd, target) < 0) ::_exit(127);
  if (fd != target) ::close(fd);
}

[[noreturn]] void become(Prepared& prepared, pid_t parent, int error_pipe) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);  // the parent ended before the line above
  redirect("/dev/null", O_RDONLY, STDIN_FILENO);
  redirect(prepared.out_path.c_str(), O_WRONLY | O_CREAT | O_APPEND, STDOUT_FILENO);
  redirect(prepared.err_path.c_str(), O_WRONLY | O_CREAT | O_APPEND, STDERR_FILENO);
  ::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  if (prepared.working_dir.empty() || ::chdir(prepared.working_dir.c_str()) == 0) {
    ::execvpe(prepared.argv[0], prepared.argv.data(), prepared.env.data());
  }
  const int error = errno;
  if (::write(error_pipe, &error, sizeof error) < 0) ::_exit(126);
  ::_exit(127);
}

pid_t spawn(Prepared& prepared, const std::string& command) {
  int pipe_ends[2];
  if (::pipe2(pipe_ends, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe2");
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) become(prepared, parent, pipe_ends[1]);
  ::close(pipe_ends[1]);
  int error = errno;
  if (pid < 0) {
    ::close(pipe_ends[0]);
    throw std::system_error(error, std::generic_category(), "cannot fork for " + command);
  }
  const bool failed = ::read(pipe_ends[0], &error, sizeof error) == sizeof error;
  ::close(pipe_ends[0]);
  if (failed) {
    ::waitpid(pid, nullptr, 0);
    throw std::system_error(error, std::generic_category(), "cannot run " + command);
  }
  return pid;
}

}  // namespace

std::string ExitStatus::to_string() const {
  return signal != 0 ? fmt::format("ended by signal {}", signal) : fmt::format("exit code {}", code);
}

Process::Process(const ProcessOptions& options) : command_(fmt::format("{}", fmt::join(options.argv, " "))) {
  if (options.argv.empty()) throw std::invalid_argument("Process: argv is empty");
  std::vector<std::string> arguments = options.argv;
  Prepared prepared;
  for (std::string& argument : arguments) prepared.argv.push_back(argument.data());
  prepared.argv.push_back(nullptr);
  prepare_environment(options, prepared);
  prepared.out_path = (output_.path() / "out").string();
  prepared.err_path = (output_.path() / "err").string();
  prepared.working_dir = options.working_dir.string();
  pid_ = spawn(prepared, command_);
}

Process::~Process() {
  if (!running()) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

bool Process::running() {
  if (status_) return false;
  int raw = 0;
  if (::waitpid(pid_, &raw, WNOHANG) != pid_) return true;
  status_ = WIFSIGNALED(raw) ? ExitStatus{0, WTERMSIG(raw)} : ExitStatus{WEXITSTATUS(raw), 0};
  return false;
}

void Process::signal(int number) {
  if (!running()) throw std::runtime_error(command_ + " has ended already: " + status_->to_string());
  ::kill(pid_, number);
}

std::optional<ExitStatus> Process::wait(std::chrono::milliseconds deadline) {
  if (!eventually([this] { return !running(); }, deadline)) return std::nullopt;
  return status_;
}

ExitStatus Process::stop(int number, std::chrono::milliseconds deadline) {
  if (running()) ::kill(pid_, number);
  if (const auto status = wait(deadline)) return *status;
  throw std::runtime_error(fmt::format("{} still runs {} ms after signal {}\nout: {}\nerr: {}", command_,
                                       deadline.count(), number, last_part(out()), last_part(err())));
}

std::string Process::out() const {
  return read_file(output_.path() / "out");
}

std::string Process::err() const {
  return read_file(output_.path() / "err");
}

std::vector<std::string> Process::new_lines() {
  const std::string text = read_file(output_.path() / "out", lines_read_to_);
  std::vector<std::string> lines;
  std::size_t start = 0;
  for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', start)) {
    lines.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  lines_read_to_ += static_cast<std::streamoff>(start);
  return lines;
}

RunResult run(const ProcessOptions& options, std::chrono::milliseconds deadline) {
  Process process(options);
  const auto status = process.wait(deadline);
  if (status) return {*status, process.out(), process.err()};
  throw std::runtime_error(fmt::format("{} still runs after {} ms\nout: {}\nerr: {}",
                                       fmt::join(options.argv, " "), deadline.count(),
                                       last_part(process.out()), last_part(process.err())));
}

bool has_ended(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  const std::string stat{std::istreambuf_iterator<char>{file}, {}};
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return true;
  std::istringstream fields(stat.substr(name_end + 2));
  std::string state;
  std::string skipped;
  int threads = 0;
  fields >> state;
  for (int field = 4; field < 20; ++field) fields >> skipped;  // proc(5)'s numbers
  fields >> threads;
  return state == "Z" && threads <= 1;
}

void suspend(pid_t pid) {
  if (::kill(pid, SIGSTOP) != 0)
    throw std::system_error(errno, std::generic_category(), fmt::format("SIGSTOP to {}", pid));
  const auto stands_still = [pid] {
    for (const auto& thread : std::filesystem::directory_iterator(fmt::format("/proc/{}/task", pid))) {
      std::ifstream file(thread.path() / "stat");
      const std::string stat{std::istreambuf_iterator<char>{file}, {}};
      if (stat.find(") T ") == std::string::npos && !stat.empty()) return false;
    }
    return true;
  };
  wait_until(fmt::format("process {} stands still", pid), stands_still);
}

}  // namespace rowtide::test
