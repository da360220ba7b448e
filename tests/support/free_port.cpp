#include "tests/support/free_port.h"

#include <chrono>
#include <stdexcept>
#include <string>

#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace rowtide::test {

int free_port() {
  const std::string script = (source_root() / "scripts/free-port.sh").string();
  const RunResult result = run({{script}, {}, {}}, std::chrono::seconds{20});
  if (!result.status.ok()) throw std::runtime_error(script + ": " + result.err);
  return std::stoi(result.out);
}

}  // namespace rowtide::test
