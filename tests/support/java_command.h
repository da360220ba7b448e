#pragma once

#include <string>
#include <vector>

namespace rowtide::test {

/// The command that runs one Java source file with jars of others. `script`, with its arguments, fetches them
/// at the first call and prints their folder; it is named from the checkout's root. `options` are the JVM's.
/// Throws std::runtime_error if fetching fails.
[[nodiscard]] std::vector<std::string> java_command(const std::vector<std::string>& script,
                                                    const std::string& source,
                                                    const std::vector<std::string>& arguments,
                                                    const std::vector<std::string>& options = {});

}  // namespace rowtide::test
