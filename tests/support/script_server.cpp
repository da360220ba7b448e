#include "tests/support/script_server.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <system_error>

#include "tests/support/ca_file.h"
#include "tests/support/process.h"
#include "tests/support/server_pool.h"
#include "tests/support/wait_until.h"

namespace rowtide::test {
namespace {

// A cold cache first fetches the server's files and installs packages.
constexpr std::chrono::minutes kStartDeadline{10};
constexpr std::chrono::minutes kStopDeadline{1};

void send(pid_t pid, int number) {
  if (::kill(pid, number) != 0) {
    throw std::system_error(errno, std::generic_category(),
                            fmt::format("signal {} to server {}", number, pid));
  }
}

}  // namespace

ScriptServer::ScriptServer(std::string name, ServerOptions options)
    : name_(std::move(name)),
      options_(std::move(options)),
      own_folder_(std::in_place),
      folder_(own_folder_->path()),
      owner_(::getpid()) {
  start();
}

ScriptServer::ScriptServer(std::string name) : name_(std::move(name)), owner_(::getpid()) {
  if (const std::optional<PooledFolder> pooled = take_pooled_folder(name_)) {
    folder_ = pooled->path;
    owner_ = pooled->owner;
  } else {
    folder_ = own_folder_.emplace().path();
  }
  const RunResult found = run({command("status"), {}, {}}, kStopDeadline);
  was_used_ = found.status.ok();
  if (was_used_) {
    read_facts(found.out);
  } else {
    begin_anew();
  }
}

ScriptServer::~ScriptServer() {
  if (!own_folder_) return;
  try {
    end("discard");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: stopping the server failed: %s\n", name_.c_str(), error.what());
  }
}

std::vector<std::string> ScriptServer::command(const std::string& action) const {
  return {(source_root() / "scripts/servers" / (name_ + ".sh")).string(), action, "--dir",
          (folder_ / "s").string()};
}

void ScriptServer::begin_anew() {
  end("discard");
  std::filesystem::remove_all(folder_ / "s");
  was_used_ = false;
  start();
}

void ScriptServer::start() {
  std::vector<std::string> argv = command("start");
  argv.insert(argv.end(), {"--bind", options_.bind, "--with-pid", std::to_string(owner_)});
  if (options_.port != 0) argv.insert(argv.end(), {"--port", std::to_string(options_.port)});
  argv.emplace_back("--");
  argv.insert(argv.end(), options_.options.begin(), options_.options.end());

  const RunResult result = run({argv, {{kCaFileVariable, ""}}, {}}, kStartDeadline);  // it may download
  if (!result.status.ok()) {
    throw std::runtime_error(
        fmt::format("{} did not start ({}): {}", name_, result.status.to_string(), result.err));
  }
  read_facts(result.out);
}

void ScriptServer::read_facts(const std::string& line) {
  std::istringstream words(line);
  facts_.clear();
  for (std::string word; words >> word;) {
    const std::size_t equals = word.find('=');
    if (equals != std::string::npos) facts_[word.substr(0, equals)] = word.substr(equals + 1);
  }
}

void ScriptServer::stop() {
  end("stop");
}

void ScriptServer::end(const std::string& action) {
  const RunResult result = run({command(action), {}, {}}, kStopDeadline);
  if (!result.status.ok()) {
    throw std::runtime_error(
        fmt::format("{} did not stop ({}): {}", name_, result.status.to_string(), result.err));
  }
}

void ScriptServer::kill9() {
  const pid_t server = pid();
  send(server, SIGKILL);
  wait_until(fmt::format("{} (pid {}) ends after SIGKILL", name_, server), [&] { return has_ended(server); });
}

void ScriptServer::suspend() {
  test::suspend(pid());
}

void ScriptServer::resume() {
  send(pid(), SIGCONT);
}

const std::string& ScriptServer::fact(const std::string& key) const {
  const auto found = facts_.find(key);
  if (found == facts_.end()) throw std::runtime_error(name_ + ".sh did not print " + key);
  return found->second;
}

std::string ScriptServer::log() const {
  std::ifstream file(fact("LOG"), std::ios::binary);
  return {std::istreambuf_iterator<char>{file}, {}};
}

}  // namespace rowtide::test
