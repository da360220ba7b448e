#include "tracker/binlog/transaction_payload.h"

#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>
#include <cstring>

#include "common/status/try.h"

namespace rowtide::binlog {
namespace {

enum class PayloadField : std::uint64_t { End = 0, Size = 1, Compression = 2, UncompressedSize = 3 };
enum class Compression : std::uint64_t { Zstd = 0, None = 255 };

/// What is kept between payloads; the buffer of one large event is given back.
constexpr std::size_t kKeptBuffer = std::size_t{1} << 20U;
/// The server's limit of an event: max_allowed_packet, 1 GiB, and its header.
constexpr std::size_t kMaxEventSize = (std::size_t{1} << 30U) + 65536;

absl::Status damaged_payload(std::string_view what) {
  return absl::DataLossError(fmt::format(
      "the compressed transaction {}; the binlog is damaged here: check the file with mysqlbinlog "
      "--verify-binlog-checksum",
      what));
}

}  // namespace

void PayloadReader::ContextDeleter::operator()(ZSTD_DCtx_s* context) const noexcept {
  ZSTD_freeDCtx(context);
}

PayloadReader::PayloadReader() : context_(ZSTD_createDCtx()) {}
PayloadReader::~PayloadReader() = default;
PayloadReader::PayloadReader(PayloadReader&&) noexcept = default;
PayloadReader& PayloadReader::operator=(PayloadReader&&) noexcept = default;

absl::Status PayloadReader::start(Bytes body) {
  begin_ = 0;
  end_ = 0;
  if (buffer_.size() > kKeptBuffer) std::vector<std::byte>().swap(buffer_);
  ByteReader reader(body);
  std::uint64_t size = 0;
  auto compression = static_cast<std::uint64_t>(Compression::None);
  while (true) {
    const auto field = static_cast<PayloadField>(reader.length_encoded());
    if (!reader.ok()) return damaged_payload("ends inside its header");
    if (field == PayloadField::End) break;
    ByteReader value(reader.length_encoded_bytes());
    // Fields that are not known here say nothing that is needed to read the events.
    if (field == PayloadField::Size) size = value.length_encoded();
    if (field == PayloadField::Compression) compression = value.length_encoded();
    if (!reader.ok() || !value.ok()) return damaged_payload("ends inside its header");
  }
  if (size != reader.remaining()) {
    return damaged_payload(
        fmt::format("says that it has {} bytes, but {} are there", size, reader.remaining()));
  }
  if (compression != static_cast<std::uint64_t>(Compression::Zstd) &&
      compression != static_cast<std::uint64_t>(Compression::None)) {
    return absl::UnimplementedError(
        fmt::format("a transaction is compressed in a way (number {}) that this version of Rowtide does not "
                    "know; upgrade it, or "
                    "SET GLOBAL binlog_transaction_compression=OFF and raise spec.resetNonce with "
                    "spec.startPosition after it",
                    compression));
  }
  is_compressed_ = compression == static_cast<std::uint64_t>(Compression::Zstd);
  input_ = reader.rest();
  ZSTD_DCtx_reset(context_.get(), ZSTD_reset_session_only);
  return absl::OkStatus();
}

/// Space after end_: what was handed out makes room first, then the buffer doubles. It grows with what is
/// really there, never with what an event claims.
void PayloadReader::make_room() {
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == buffer_.size()) buffer_.resize(std::max(2 * buffer_.size(), ZSTD_DStreamOutSize()));
}

/// How many bytes came; 0 at the payload's end.
absl::StatusOr<std::size_t> PayloadReader::read_more() {
  if (end_ == buffer_.size()) make_room();
  if (!is_compressed_) {
    const std::size_t taken = std::min(input_.size(), buffer_.size() - end_);
    if (taken > 0) std::memcpy(buffer_.data() + end_, input_.data(), taken);
    input_ = input_.subspan(taken);
    end_ += taken;
    return taken;
  }
  ZSTD_inBuffer in{input_.data(), input_.size(), 0};
  ZSTD_outBuffer out{buffer_.data() + end_, buffer_.size() - end_, 0};
  // The library takes input without giving output for a while, and may hold output back when the input has
  // ended.
  while (out.pos == 0) {
    const std::size_t taken_before = in.pos;
    const std::size_t result = ZSTD_decompressStream(context_.get(), &out, &in);
    if (ZSTD_isError(result) != 0) {
      return damaged_payload(fmt::format("cannot be decompressed ({})", ZSTD_getErrorName(result)));
    }
    if (out.pos == 0 && in.pos == taken_before) break;
  }
  input_ = input_.subspan(in.pos);
  end_ += out.pos;
  return out.pos;
}

absl::Status PayloadReader::fill(std::size_t size) {
  while (end_ - begin_ < size) {
    ASSIGN_OR_RETURN(const std::size_t came, read_more());
    if (came == 0) break;
  }
  return absl::OkStatus();
}

absl::StatusOr<EventView> PayloadReader::next() {
  RETURN_IF_ERROR(fill(kEventHeaderSize));
  if (end_ == begin_) return EventView{};
  if (end_ - begin_ < kEventHeaderSize) return damaged_payload("ends inside an event's header");
  EventView event;
  event.header = parse_event_header(Bytes(buffer_).subspan(begin_, kEventHeaderSize));
  const std::size_t size = event.header.event_size;
  if (size < kEventHeaderSize || size > kMaxEventSize) {
    return damaged_payload(fmt::format("holds an event of {} bytes", size));
  }
  RETURN_IF_ERROR(fill(size));
  if (end_ - begin_ < size) return damaged_payload("ends inside an event");
  event.body = Bytes(buffer_).subspan(begin_ + kEventHeaderSize, size - kEventHeaderSize);
  begin_ += size;
  return event;
}

}  // namespace rowtide::binlog
