#pragma once

#include <sys/types.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

namespace rowtide::test {

/// The process on this host, which is the cluster's node, that runs `program` ("/usr/local/bin/...") with the
/// argument or option `word` in the pod of that name. Throws if there is none.
inline pid_t host_process(const std::string& program, const std::string& word, const std::string& pod) {
  const auto content = [](const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return std::string((std::istreambuf_iterator<char>(file)), {});
  };
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string command = content(entry.path() / "cmdline");
    if (!command.starts_with(program) || command.find(word) == std::string::npos) continue;
    if (content(entry.path() / "environ").find("HOSTNAME=" + pod) != std::string::npos) {
      return static_cast<pid_t>(std::stol(entry.path().filename()));
    }
  }
  throw std::runtime_error("no process " + program + " of pod " + pod);
}

}  // namespace rowtide::test
