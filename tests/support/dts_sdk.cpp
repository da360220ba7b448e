#include "tests/support/dts_sdk.h"

#include <stdexcept>

#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace rowtide::test {
namespace {

const std::string& sdk_folder() {
  static const std::string folder = [] {
    const RunResult result =
        run({.argv = {std::string(source_root() / "scripts" / "dts-sdk.sh")}, .env = {}, .working_dir = {}},
            std::chrono::seconds{300});
    if (!result.status.ok()) throw std::runtime_error(result.err);
    return result.out.substr(0, result.out.find('\n'));
  }();
  return folder;
}

}  // namespace

std::vector<std::string> dts_sdk_command(const std::string& source,
                                         const std::vector<std::string>& arguments) {
  std::vector<std::string> words = {
      "java", "-XX:TieredStopAtLevel=1", "--add-exports", "java.base/sun.util.calendar=ALL-UNNAMED",
      "-cp",  sdk_folder() + "/*",       source};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return words;
}

}  // namespace rowtide::test
