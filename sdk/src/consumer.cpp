#include "rowtide/consumer.h"

#include <exception>
#include <utility>

#include "sdk/src/consumer_impl.h"
#include "sdk/src/options_check.h"

namespace rowtide {
inline namespace v1 {

namespace {

bool is_of_checkpoint(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const Error& error) {
    return error.code() == ErrorCode::Checkpoint;
  } catch (...) {
    return false;
  }
}

}  // namespace

Consumer::Impl::Impl(Options options) : options_(std::move(options)) {
  check_options(options_);
  decoder_ = make_decoder(options_.format);
  callbacks_ = {
      .on_rebalance = [this](auto event, auto* partitions) { rebalance(event, partitions); },
      .on_error = [this](auto error, const char* reason) { note_error(error, reason); },
      .on_commit = [this](auto error, const auto* partitions) { note_commit(error, partitions); },
      .on_thrown = [this](std::exception_ptr thrown) { failure_ = std::move(thrown); },
  };
  client_ = make_kafka_client(options_, callbacks_);
  for (const std::string& topic : options_.topics) require_topic(topic);
  rd_kafka_poll_set_consumer(client_.get());
  subscribe();
}

std::optional<Change> Consumer::Impl::poll(milliseconds timeout) {
  require_open();
  if (options_.transactions)
    throw Error(ErrorCode::InvalidOptions, "with Options::transactions call poll_transaction()");
  return poll_change(timeout);
}

std::vector<Change> Consumer::Impl::poll_batch(std::size_t max, milliseconds timeout) {
  std::vector<Change> batch;
  while (batch.size() < max) {
    try {
      std::optional<Change> change = poll(batch.empty() ? timeout : milliseconds{0});
      if (!change) break;
      batch.push_back(std::move(*change));
    } catch (...) {
      if (batch.empty()) throw;
      const std::exception_ptr thrown = std::current_exception();
      if (!failure_)
        (is_of_checkpoint(thrown) ? commit_failure_ : passing_) = thrown;  // the next call throws it
      break;
    }
  }
  return batch;
}

void Consumer::Impl::run(Listener& listener) {
  while (!stops_.exchange(false)) {
    constexpr milliseconds kWait{100};
    const std::optional<Change> change = poll(kWait);
    if (!change) continue;
    listener.on_change(*change);
    acknowledge(*change);
  }
  commit();
}

void Consumer::Impl::acknowledge(const Change& change) {
  require_open();
  acknowledge_record(change.assignment, change.offset);
}

void Consumer::Impl::commit() {
  require_open();
  save(true);
}

void Consumer::Impl::close() {
  require_open();
  std::exception_ptr failed;
  try {
    save(true);
  } catch (...) {
    failed = std::current_exception();
  }
  leave();
  // Of partitions that were taken away since the last poll(), which has not said it.
  if (!failed) failed = unsaved_;
  if (failed) std::rethrow_exception(failed);
}

void Consumer::Impl::require_open() const {
  if (!client_) throw Error(ErrorCode::Closed, "the consumer is closed");
}

void Consumer::Impl::fail(const Error& error) {
  failure_ = std::make_exception_ptr(error);
  throw Error(error);
}

void Consumer::Impl::throw_failure() {
  if (failure_) std::rethrow_exception(failure_);
  if (unsaved_) std::rethrow_exception(std::exchange(unsaved_, nullptr));
  if (passing_) std::rethrow_exception(std::exchange(passing_, nullptr));
  if (commit_failure_) std::rethrow_exception(std::exchange(commit_failure_, nullptr));
}

Listener::~Listener() = default;

Consumer::Consumer(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Consumer::~Consumer() {
  if (!impl_) return;
  try {
    impl_->close();
  } catch (...) {  // closed before, or close() was the place to see it
  }
}
Consumer::Consumer(Consumer&&) noexcept = default;
Consumer& Consumer::operator=(Consumer&&) noexcept = default;

std::optional<Change> Consumer::poll(milliseconds timeout) {
  return impl_->poll(timeout);
}
std::vector<Change> Consumer::poll_batch(std::size_t max, milliseconds timeout) {
  return impl_->poll_batch(max, timeout);
}
std::optional<Transaction> Consumer::poll_transaction(milliseconds timeout) {
  return impl_->poll_transaction(timeout);
}
void Consumer::acknowledge(const Transaction& transaction) {
  impl_->acknowledge(transaction);
}
void Consumer::run(Listener& listener) {
  impl_->run(listener);
}
void Consumer::stop() noexcept {
  impl_->stop();
}
void Consumer::acknowledge(const Change& change) {
  impl_->acknowledge(change);
}
void Consumer::acknowledge(std::span<const Change> changes) {
  for (const Change& change : changes) impl_->acknowledge(change);
}
void Consumer::commit() {
  impl_->commit();
}
void Consumer::close() {
  impl_->close();
}
Statistics Consumer::statistics() const noexcept {
  return impl_->statistics();
}

}  // namespace v1
}  // namespace rowtide
