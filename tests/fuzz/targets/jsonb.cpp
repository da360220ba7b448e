// MySQL's binary JSON: what is accepted is JSON.
#include "tracker/types/json/jsonb.h"

#include <nlohmann/json.hpp>

#include "tests/fuzz/fuzz_input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rowtide;
  std::string text;
  if (types::jsonb_to_text(fuzz::as_input(data, size), text)) fuzz::require(nlohmann::json::accept(text));
  return 0;
}
