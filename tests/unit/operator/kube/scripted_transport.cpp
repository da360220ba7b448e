#include "tests/unit/operator/kube/scripted_transport.h"

#include <thread>
#include <utility>

namespace rowtide::op::kube {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

void ScriptedTransport::answer(Response response) {
  const std::lock_guard lock(mutex_);
  answers_.emplace_back(std::move(response));
}

void ScriptedTransport::answer(absl::Status failure) {
  const std::lock_guard lock(mutex_);
  answers_.emplace_back(std::move(failure));
}

void ScriptedTransport::on_stream(Stream stream) {
  const std::lock_guard lock(mutex_);
  scripts_.push_back(std::move(stream));
}

std::vector<Request> ScriptedTransport::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

std::vector<std::string> ScriptedTransport::streams() const {
  const std::lock_guard lock(mutex_);
  return streams_;
}

absl::StatusOr<Response> ScriptedTransport::request(const Request& request) {
  const std::lock_guard lock(mutex_);
  requests_.push_back(request);
  if (answers_.empty()) return Response{503, "the script has ended", {}};
  auto answer = std::move(answers_.front());
  answers_.pop_front();
  return answer;
}

absl::Status ScriptedTransport::stream(const std::string& path_and_query, const LineHandler& on_line,
                                       milliseconds idle_timeout, std::stop_token stop) {
  Stream script;
  script.silent = true;
  {
    const std::lock_guard lock(mutex_);
    streams_.push_back(path_and_query);
    if (!scripts_.empty()) {
      script = std::move(scripts_.front());
      scripts_.pop_front();
    }
  }
  for (const std::string& line : script.lines) {
    if (!on_line(line)) return absl::OkStatus();
  }
  const auto until = steady_clock::now() + (script.silent ? idle_timeout : script.stays_open);
  while (steady_clock::now() < until) {
    if (stop.stop_requested()) return absl::CancelledError("stopped");
    std::this_thread::sleep_for(milliseconds(1));
  }
  return script.silent ? absl::DeadlineExceededError("no byte came") : script.end;
}

bool eventually(const std::function<bool()>& condition) {
  const auto deadline = steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(milliseconds(2));
  }
  return true;
}

}  // namespace rowtide::op::kube
