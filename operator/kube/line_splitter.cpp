#include "operator/kube/line_splitter.h"

#include <fmt/format.h>

namespace rowtide::op::kube {

absl::Status LineSplitter::feed(std::string_view piece, const std::function<bool(std::string_view)>& on_line,
                                bool& go_on) {
  go_on = true;
  while (go_on && !piece.empty()) {
    const std::size_t end = piece.find('\n');
    const std::string_view part = piece.substr(0, end);
    if (partial_.size() + part.size() > max_line_bytes_) {
      return absl::ResourceExhaustedError(fmt::format("a line is longer than {} bytes", max_line_bytes_));
    }
    if (end == std::string_view::npos) {
      partial_.append(part);
      return absl::OkStatus();
    }
    piece.remove_prefix(end + 1);
    if (partial_.empty()) {
      if (!part.empty()) go_on = on_line(part);
      continue;
    }
    partial_.append(part);
    go_on = on_line(partial_);
    partial_.clear();
  }
  return absl::OkStatus();
}

}  // namespace rowtide::op::kube
