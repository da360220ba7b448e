#pragma once

#include <string>
#include <vector>

namespace rowtide::test {

/// The command that runs one Java source file with the public consumer SDK of Alibaba Cloud DTS, which is
/// fetched at the first call (scripts/dts-sdk.sh). Throws std::runtime_error if that fails.
[[nodiscard]] std::vector<std::string> dts_sdk_command(const std::string& source,
                                                       const std::vector<std::string>& arguments);

}  // namespace rowtide::test
