#include "operator/tasks/probe_pool.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "common/status/text.h"

namespace rowtide::op::tasks {
namespace {

using std::chrono::milliseconds;

constexpr int kMissesOfASilentOne = 3;
constexpr int kMostThreadsOfMissed = 2;
constexpr milliseconds kMostSeldom{60'000};

milliseconds interval_after(int misses, milliseconds usual) {
  milliseconds interval = usual;
  for (int miss = 0; miss < misses && interval < kMostSeldom; ++miss) interval *= 2;
  return std::max(usual, std::min(interval, kMostSeldom));
}

bool says_the_same(const task::GroupOutcome& a, const task::GroupOutcome& b) {
  return a.is_done == b.is_done && a.reason == b.reason && a.message == b.message;
}

bool says_the_same(const task::GroupStatus& a, const task::GroupStatus& b) {
  return a.uid == b.uid && a.generation == b.generation && a.applied_nonce == b.applied_nonce &&
         says_the_same(a.checkpoint, b.checkpoint) && says_the_same(a.access, b.access) &&
         says_the_same(a.deletion, b.deletion);
}

bool says_the_same(const task::TrackerStatus& a, const task::TrackerStatus& b) {
  return a.state == b.state && a.reason == b.reason && a.message == b.message && a.topics == b.topics &&
         a.document_hash == b.document_hash && a.task_uid == b.task_uid &&
         std::equal(a.consumer_groups.begin(), a.consumer_groups.end(), b.consumer_groups.begin(),
                    b.consumer_groups.end(),
                    [](const auto& one, const auto& other) { return says_the_same(one, other); });
}

}  // namespace

ProbePool::ProbePool(TrackerProbe& probe, std::function<void(const kube::ObjectKey&)> on_news)
    : ProbePool(probe, std::move(on_news), Options{}) {}

ProbePool::ProbePool(TrackerProbe& probe, std::function<void(const kube::ObjectKey&)> on_news,
                     Options options)
    : probe_(probe), on_news_(std::move(on_news)), options_(std::move(options)) {
  for (int i = 0; i < options_.threads; ++i) {
    threads_.emplace_back([this](const std::stop_token& stop) { work(stop); });
  }
}

ProbePool::~ProbePool() {
  for (std::jthread& thread : threads_) thread.request_stop();
  threads_.clear();
}

ProbeResult ProbePool::newest(const kube::ObjectKey& task, const ProbedPod& pod, milliseconds max_age) {
  const std::lock_guard lock(mutex_);
  const auto [entry, is_new] = known_[task].try_emplace(pod.uid);
  if (is_new) ++pod_count_;
  Known& known = entry->second;
  const Clock::time_point now = options_.now();
  if (!known.is_asked && (is_new || now - known.asked_at >= interval_of(known, max_age))) {
    known.is_asked = true;
    known.asked_at = now;
    const bool is_of_missed = known.misses > 0;
    (is_of_missed ? questions_of_missed_ : questions_).push_back({task, pod, is_of_missed});
    asked_.notify_one();
  }
  const bool is_silent = known.misses >= kMissesOfASilentOne;
  return {.answer = is_silent ? std::nullopt : known.answer,
          .is_silent = is_silent,
          .age = std::chrono::duration_cast<milliseconds>(now - known.answered_at)};
}

milliseconds ProbePool::interval_of(const Known& known, milliseconds max_age) const {
  const milliseconds of_all(static_cast<std::int64_t>(pod_count_) * 1000 / kMostQuestionsPerSecond);
  return std::max(interval_after(known.misses, max_age), of_all);
}

void ProbePool::keep_only(const kube::ObjectKey& task, const std::set<std::string>& pod_uids) {
  const std::lock_guard lock(mutex_);
  const auto pods = known_.find(task);
  if (pods == known_.end()) return;
  pod_count_ -= std::erase_if(pods->second, [&](const auto& pod) { return !pod_uids.contains(pod.first); });
  if (pods->second.empty()) known_.erase(pods);
}

void ProbePool::forget(const kube::ObjectKey& task) {
  keep_only(task, {});
}

bool ProbePool::may_ask_missed() const {
  const int most = std::min(kMostThreadsOfMissed, std::max(1, options_.threads / 2));
  return !questions_of_missed_.empty() && threads_of_missed_ < most;
}

ProbePool::Question ProbePool::next_question() {
  const bool is_of_missed = may_ask_missed();
  std::deque<Question>& questions = is_of_missed ? questions_of_missed_ : questions_;
  Question question = std::move(questions.front());
  questions.pop_front();
  if (is_of_missed) ++threads_of_missed_;
  return question;
}

void ProbePool::work(const std::stop_token& stop) {
  while (true) {
    Question question;
    {
      std::unique_lock lock(mutex_);
      if (!asked_.wait(lock, stop, [&] { return !questions_.empty() || may_ask_missed(); })) return;
      if (stop.stop_requested()) return;
      question = next_question();
    }
    if (take_in(question, probe_.ask(question.pod.address, question.pod.port))) on_news_(question.task);
  }
}

/// Once for each that is another than the one before.
void ProbePool::note_failure(Known& known, const Question& question, std::string_view failure) {
  if (known.failure == failure) return;
  known.failure = failure;
  spdlog::info("The tracker of {} cannot be asked at {} port {}: {}", to_string(question.task),
               question.pod.address, question.pod.port, failure);
}

/// Whether it says something else than before.
bool ProbePool::take_in(const Question& question, absl::StatusOr<task::TrackerStatus> answer) {
  const std::lock_guard lock(mutex_);
  if (question.is_of_missed) --threads_of_missed_;
  const auto pods = known_.find(question.task);
  if (pods == known_.end()) return false;
  const auto entry = pods->second.find(question.pod.uid);
  if (entry == pods->second.end()) return false;  // gone by now
  Known& known = entry->second;
  known.is_asked = false;
  if (!answer.ok()) {
    note_failure(known, question, text(answer.status()));
    return ++known.misses == kMissesOfASilentOne;
  }
  const bool is_news =
      known.misses >= kMissesOfASilentOne || !known.answer || !says_the_same(*known.answer, *answer);
  known.misses = 0;
  known.answered_at = options_.now();
  known.failure.clear();
  known.answer = *std::move(answer);
  return is_news;
}

}  // namespace rowtide::op::tasks
