// Lines of a watch, and the tasks in them.
#include "operator/api/change_tracking_task.h"
#include "operator/kube/line_splitter.h"
#include "operator/kube/watch_event.h"
#include "tests/fuzz/fuzz_input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rowtide;
  constexpr std::size_t kMaxBytes = 1 << 16;
  op::kube::LineSplitter lines(kMaxBytes);
  bool go_on = true;
  const auto on_line = [](std::string_view line) {
    const auto event = op::kube::parse_watch_event(line, "watch of tasks");
    if (!event.ok()) return true;
    fuzz::require(!event->resource_version.empty());
    static_cast<void>(op::api::read_task_object(event->object));
    return true;
  };
  // In pieces, as they come from a connection.
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t middle = size / 2;
  if (lines.feed(text.substr(0, middle), on_line, go_on).ok())
    static_cast<void>(lines.feed(text.substr(middle), on_line, go_on));
  return 0;
}
