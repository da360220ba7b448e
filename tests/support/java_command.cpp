#include "tests/support/java_command.h"

#include <map>
#include <stdexcept>

#include "tests/support/ca_file.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace rowtide::test {
namespace {

const std::string& jars_of(const std::vector<std::string>& script) {
  static std::map<std::vector<std::string>, std::string> folders;
  std::string& folder = folders[script];
  if (!folder.empty()) return folder;
  std::vector<std::string> words = script;
  words.front() = source_root() / script.front();
  const RunResult result =
      run({.argv = words, .env = {{kCaFileVariable, ""}}, .working_dir = {}}, std::chrono::seconds{300});
  if (!result.status.ok()) throw std::runtime_error(result.err);
  folder = result.out.substr(0, result.out.find('\n'));
  return folder;
}

}  // namespace

std::vector<std::string> java_command(const std::vector<std::string>& script, const std::string& source,
                                      const std::vector<std::string>& arguments,
                                      const std::vector<std::string>& options) {
  std::vector<std::string> words = {"java", "-XX:TieredStopAtLevel=1"};
  words.insert(words.end(), options.begin(), options.end());
  words.insert(words.end(), {"-cp", jars_of(script) + "/*", source});
  words.insert(words.end(), arguments.begin(), arguments.end());
  return words;
}

}  // namespace rowtide::test
