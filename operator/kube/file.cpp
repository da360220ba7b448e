#include "operator/kube/file.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "absl/status/status.h"

namespace rowtide::op::kube {

absl::StatusOr<std::string> read_file(const std::string& path) {
  constexpr std::size_t kMaxBytes = std::size_t{1} << 20;
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  const std::unique_ptr<std::FILE, Close> file(std::fopen(path.c_str(), "rbe"));
  if (!file) return absl::ErrnoToStatus(errno, fmt::format("cannot open {}", path));
  std::string bytes(kMaxBytes + 1, '\0');
  const std::size_t size = std::fread(bytes.data(), 1, bytes.size(), file.get());
  if (std::ferror(file.get()) != 0) return absl::ErrnoToStatus(errno, fmt::format("cannot read {}", path));
  if (size > kMaxBytes) return absl::InvalidArgumentError(fmt::format("{} is larger than 1 MiB", path));
  bytes.resize(size);
  return bytes;
}

}  // namespace rowtide::op::kube
