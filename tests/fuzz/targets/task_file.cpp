// A task document, as a file on disk and as Kubernetes has it.
#include "common/task/parse.h"
#include "tests/fuzz/fuzz_input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rowtide;
  const std::string_view document(reinterpret_cast<const char*>(data), size);
  for (const task::Mode mode : {task::Mode::Standalone, task::Mode::Kubernetes}) {
    const task::ParseResult result = task::parse_task(document, mode);
    fuzz::require(result.ok() || !task::to_string(result.errors).empty());
  }
  return 0;
}
