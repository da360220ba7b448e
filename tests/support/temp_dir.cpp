#include "tests/support/temp_dir.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>
#include <system_error>
#include <utility>

namespace rowtide::test {

TempDir::TempDir() {
  std::string pattern = (std::filesystem::temp_directory_path() / "rt-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) {
    throw std::system_error(errno, std::generic_category(), "cannot make a folder like " + pattern);
  }
  path_ = pattern;
}

TempDir::TempDir(TempDir&& other) noexcept : path_(std::exchange(other.path_, {})) {}

TempDir::~TempDir() {
  if (path_.empty() || std::getenv("ROWTIDE_KEEP_TEMP") != nullptr) return;
  std::error_code ignored;  // a leftover folder is no reason to fail a test
  std::filesystem::remove_all(path_, ignored);
}

std::filesystem::path source_root() {
  return ROWTIDE_SOURCE_DIR;
}

}  // namespace rowtide::test
