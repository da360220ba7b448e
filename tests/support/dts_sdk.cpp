#include "tests/support/dts_sdk.h"

#include "tests/support/java_command.h"

namespace rowtide::test {

std::vector<std::string> dts_sdk_command(const std::string& source,
                                         const std::vector<std::string>& arguments) {
  return java_command({"scripts/dts-sdk.sh"}, source, arguments,
                      {"--add-exports", "java.base/sun.util.calendar=ALL-UNNAMED"});
}

}  // namespace rowtide::test
