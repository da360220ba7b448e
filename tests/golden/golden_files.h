#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace rowtide::test {

inline const std::filesystem::path kGolden = std::filesystem::path(ROWTIDE_SOURCE_DIR) / "tests" / "golden";

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

inline void write_file(const std::filesystem::path& path, const std::string& content) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << content;
}

/// Names of the files of a folder of tests/golden, in order.
inline std::vector<std::string> files_of(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kGolden / folder))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

/// What differs from the expected file, as diff -u has it; nothing with ROWTIDE_UPDATE_GOLDEN, which writes
/// it.
inline std::string difference(const std::filesystem::path& expected, const std::string& actual) {
  if (std::getenv("ROWTIDE_UPDATE_GOLDEN") != nullptr) {
    write_file(expected, actual);
    return {};
  }
  const TempDir folder;
  const auto path = folder.path() / "actual";
  write_file(path, actual);
  const RunResult diff =
      run({.argv = {"diff", "-u", expected.string(), path.string()}, .env = {}, .working_dir = {}},
          std::chrono::seconds(60));
  return diff.out + diff.err;
}

inline constexpr const char* kHowToUpdate =
    "if this is meant, run scripts/golden.sh --update and look at the difference before you commit it";

}  // namespace rowtide::test
