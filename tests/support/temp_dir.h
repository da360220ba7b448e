#pragma once

#include <filesystem>

namespace rowtide::test {

/// A new folder under $TMPDIR (else /tmp), removed with its content at the end; kept when ROWTIDE_KEEP_TEMP
/// is set. The path is short, because servers put their sockets there.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  TempDir(TempDir&& other) noexcept;
  TempDir& operator=(TempDir&&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// The checkout's root: scripts, examples and fixtures stand below it.
[[nodiscard]] std::filesystem::path source_root();

}  // namespace rowtide::test
