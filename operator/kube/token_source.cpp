#include "operator/kube/token_source.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "common/status/text.h"
#include "operator/kube/file.h"

namespace rowtide::op::kube {

TokenSource::TokenSource(std::string token, std::string file, std::chrono::seconds reread)
    : file_(std::move(file)), reread_(reread), token_(std::move(token)) {}

std::string TokenSource::token() {
  const std::lock_guard lock(mutex_);
  if (!file_.empty() && std::chrono::steady_clock::now() >= next_read_) read_locked();
  return token_;
}

bool TokenSource::refresh(const std::string& refused) {
  if (file_.empty()) return false;
  const std::lock_guard lock(mutex_);
  read_locked();
  return token_ != refused;
}

void TokenSource::read_locked() {
  next_read_ = std::chrono::steady_clock::now() + reread_;
  auto content = read_file(file_);
  if (!content.ok()) {
    spdlog::warn("The bearer token could not be read again, the last one stays in use: {}",
                 text(content.status()));
    return;
  }
  while (!content->empty() && (content->back() == '\n' || content->back() == '\r' || content->back() == ' '))
    content->pop_back();
  if (content->empty()) {
    spdlog::warn("The bearer token file {} is empty, the last token stays in use", file_);
    return;
  }
  token_ = std::move(*content);
}

}  // namespace rowtide::op::kube
