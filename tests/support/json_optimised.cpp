// What tests spend their time on in nlohmann::json, compiled with optimisation and linked first: of a
// template that stands in many files the linker takes the first. What a test waits for is often megabytes of
// records, and unoptimised code reads 10 MB a second, a tenth of this.
#include <nlohmann/json.hpp>
#include <string>

namespace rowtide::test {

/// Never called.
std::string instantiate_json(const std::string& text) {
  nlohmann::json value = nlohmann::json::parse(text);
  const nlohmann::json copy = value;
  value["again"] = copy;
  return value == copy || copy.contains("op") ? copy.at("op").get<std::string>() : value.dump();
}

}  // namespace rowtide::test
