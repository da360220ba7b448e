#pragma once

#include <atomic>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tracker/source/event_source.h"

namespace rowtide::source {

/// Binlog files on disk, one after the other in the order given, for tests, benches and replay. Yields each
/// file's events as they stand there, so OUT_OF_RANGE at the end of the last one; DATA_LOSS for an event that
/// is cut off. Unlike a server it makes no artificial ROTATE: the stream's file name comes from the position
/// and from the ROTATE at each file's end.
class FileSource final : public EventSource {
 public:
  explicit FileSource(std::vector<std::filesystem::path> files) : files_(std::move(files)) {}

  /// `from.file`: the name of one of the files; empty = the first. At an offset inside it, its
  /// FORMAT_DESCRIPTION is yielded first, as a server does.
  [[nodiscard]] absl::Status open(const binlog::Position& from) override;
  [[nodiscard]] absl::StatusOr<Bytes> next() override;
  void interrupt() override { interrupted_ = true; }
  void close() override;
  [[nodiscard]] const SourceInfo& info() const override { return info_; }

 private:
  struct FileCloser {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  [[nodiscard]] absl::Status open_file(std::size_t index);
  [[nodiscard]] absl::StatusOr<Bytes> read_event();
  void note_version();

  std::vector<std::filesystem::path> files_;
  std::size_t current_ = 0;
  std::unique_ptr<std::FILE, FileCloser> file_;
  std::uint64_t offset_ = 0;
  std::uint64_t continue_at_ = 0;  ///< where to go on after the FORMAT_DESCRIPTION; 0 = right there
  std::vector<std::byte> buffer_;
  SourceInfo info_;
  std::atomic<bool> interrupted_{false};
};

}  // namespace rowtide::source
