#include "operator/kube/process_identity.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <random>

namespace rowtide::op::kube {

const std::string& process_identity() {
  static const std::string kIdentity = [] {
    if (const char* pod = std::getenv("POD_NAME"); pod != nullptr && *pod != '\0') return std::string(pod);
    std::array<char, 256> host{};
    gethostname(host.data(), host.size() - 1);
    return fmt::format("{}_{}_{:08x}", host.data(), getpid(), std::random_device{}());
  }();
  return kIdentity;
}

}  // namespace rowtide::op::kube
