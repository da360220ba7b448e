#include "tracker/source/file_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "common/status/try.h"
#include "tracker/binlog/event.h"
#include "tracker/binlog/transaction_events.h"
#include "tracker/source/server_info.h"

namespace rowtide::source {
namespace {

constexpr std::array<unsigned char, 4> kMagic{0xfe, 'b', 'i', 'n'};
constexpr std::array<unsigned char, 4> kEncryptedMagic{0xfd, 'b', 'i', 'n'};

}  // namespace

absl::Status FileSource::open(const binlog::Position& from) {
  const auto found =
      from.file.empty() ? files_.begin() : std::find_if(files_.begin(), files_.end(), [&](const auto& path) {
        return path.filename() == from.file;
      });
  if (found == files_.end()) {
    return absl::OutOfRangeError(
        fmt::format("the binlog file '{}' is not among the {} files given", from.file, files_.size()));
  }
  RETURN_IF_ERROR(open_file(static_cast<std::size_t>(found - files_.begin())));
  continue_at_ = from.offset > binlog::kFirstOffset ? from.offset : 0;
  return absl::OkStatus();
}

absl::Status FileSource::open_file(std::size_t index) {
  current_ = index;
  const std::string path = files_[index].string();
  file_.reset(std::fopen(path.c_str(), "rb"));
  if (file_ == nullptr) {
    return absl::NotFoundError(
        fmt::format("the binlog file {} cannot be opened: {}", path, std::strerror(errno)));
  }
  std::array<unsigned char, 4> magic{};
  const std::size_t size = std::fread(magic.data(), 1, magic.size(), file_.get());
  if (size == magic.size() && magic == kEncryptedMagic) {
    return absl::FailedPreconditionError(
        fmt::format("the binlog file {} is encrypted; read it from its server", path));
  }
  if (size != magic.size() || magic != kMagic) {
    return absl::FailedPreconditionError(fmt::format("{} is not a binlog file", path));
  }
  offset_ = binlog::kFirstOffset;
  continue_at_ = 0;
  return absl::OkStatus();
}

absl::StatusOr<Bytes> FileSource::next() {
  if (interrupted_) return absl::CancelledError("reading the binlog files was interrupted");
  if (file_ == nullptr) return absl::FailedPreconditionError("the file source is not open");
  absl::StatusOr<Bytes> event = read_event();
  while (event.ok() && event->empty()) {
    if (current_ + 1 == files_.size()) {
      return absl::OutOfRangeError(fmt::format("end of the last binlog file, {}", files_.back().string()));
    }
    RETURN_IF_ERROR(open_file(current_ + 1));
    event = read_event();
  }
  return event;
}

/// Empty at the end of the file.
absl::StatusOr<Bytes> FileSource::read_event() {
  const auto cut_off = [this] {
    return absl::DataLossError(
        fmt::format("the binlog file {} ends inside the event at {}", files_[current_].string(), offset_));
  };
  buffer_.resize(binlog::kEventHeaderSize);
  const std::size_t header = std::fread(buffer_.data(), 1, binlog::kEventHeaderSize, file_.get());
  if (header == 0) return Bytes{};
  if (header != binlog::kEventHeaderSize) return cut_off();
  constexpr std::size_t kSizeOffset = 9;
  const std::uint32_t size = ByteReader(Bytes(buffer_).subspan(kSizeOffset)).u32();
  if (size < binlog::kEventHeaderSize) return cut_off();
  // By and by: a damaged length must not ask for gigabytes at once.
  constexpr std::size_t kStep = std::size_t{1} << 20U;
  while (buffer_.size() < size) {
    const std::size_t begin = buffer_.size();
    buffer_.resize(std::min<std::size_t>(size, begin + kStep));
    if (std::fread(buffer_.data() + begin, 1, buffer_.size() - begin, file_.get()) !=
        buffer_.size() - begin) {
      return cut_off();
    }
  }
  if (offset_ == binlog::kFirstOffset) note_version();
  offset_ += size;
  if (continue_at_ != 0) {
    if (fseeko(file_.get(), static_cast<off_t>(continue_at_), SEEK_SET) != 0) return cut_off();
    offset_ = std::exchange(continue_at_, 0);
  }
  return Bytes(buffer_);
}

void FileSource::note_version() {
  const auto format = binlog::parse_format_description(Bytes(buffer_).subspan(binlog::kEventHeaderSize));
  if (!format.ok()) return;  // the stream says what is wrong with it
  info_.version = format->server_version;
  info_.is_mariadb = format->is_mariadb;
}

void FileSource::close() {
  file_.reset();
  interrupted_ = false;
}

}  // namespace rowtide::source
