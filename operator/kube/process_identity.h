#pragma once

#include <string>

namespace rowtide::op::kube {

/// This process among all: in a pod its name, which a container that starts anew in it has, too, and goes on
/// at once. The same at each call.
[[nodiscard]] const std::string& process_identity();

}  // namespace rowtide::op::kube
