#include "tracker/commands/deferred.h"

namespace rowtide::commands {

absl::Status DeferredSource::open(const binlog::Position& from) {
  {
    const std::lock_guard lock(mutex_);
    if (source_ == nullptr) {
      source_ = make_();
      if (is_interrupted_) source_->interrupt();
    }
  }
  return source_->open(from);
}

void DeferredSource::interrupt() {
  const std::lock_guard lock(mutex_);
  is_interrupted_ = true;
  if (source_ != nullptr) source_->interrupt();
}

void DeferredSource::close() {
  const std::lock_guard lock(mutex_);
  is_interrupted_ = false;
  if (source_ != nullptr) source_->close();
}

const source::SourceInfo& DeferredSource::info() const {
  static const source::SourceInfo kNone;
  return source_ == nullptr ? kNone : source_->info();
}

}  // namespace rowtide::commands
