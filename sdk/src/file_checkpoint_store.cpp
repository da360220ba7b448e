#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <map>
#include <string>
#include <system_error>
#include <utility>

#include "rowtide/checkpoint_store.h"
#include "rowtide/error.h"

namespace rowtide {
inline namespace v1 {
namespace {

constexpr const char* kFirstLine = "rowtide-sdk checkpoint 2";
constexpr const char* kFirstLineWithoutOrigins = "rowtide-sdk checkpoint 1";
constexpr const char* kNoOrigin = "-";

[[noreturn]] void fail(const std::string& what, const std::filesystem::path& path) {
  throw Error(ErrorCode::Checkpoint, what + " " + path.string() + ": " + std::strerror(errno));
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  [[nodiscard]] int get() const { return number_; }

 private:
  int number_;
};

void write_durably(const std::filesystem::path& path, const std::string& text) {
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (file.get() < 0) fail("cannot write", path);
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t count = ::write(file.get(), text.data() + done, text.size() - done);
    if (count < 0 && errno != EINTR) fail("cannot write", path);
    if (count > 0) done += static_cast<std::size_t>(count);
  }
  if (::fsync(file.get()) != 0) fail("cannot fsync", path);
}

/// A rename is durable when its folder is.
void sync_folder_of(const std::filesystem::path& path) {
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  const Descriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (descriptor.get() < 0 || ::fsync(descriptor.get()) != 0) fail("cannot fsync", folder);
}

/// Lines "offset partition topic origin" behind a first line that says what it is.
class FileCheckpointStore final : public CheckpointStore {
 public:
  explicit FileCheckpointStore(std::filesystem::path path) : path_(std::move(path)) {
    std::error_code why;
    const std::filesystem::file_status status = std::filesystem::status(path_, why);
    if (status.type() == std::filesystem::file_type::not_found) return;
    if (why) fail_to_read(why.message());
    errno = 0;
    std::ifstream stream(path_);
    std::string line;
    if (!std::getline(stream, line)) fail_to_read(errno == 0 ? "it is empty" : std::strerror(errno));
    const bool has_origins = line == kFirstLine;
    if (!has_origins && line != kFirstLineWithoutOrigins) {
      throw Error(ErrorCode::Checkpoint, path_.string() + " is no checkpoint of the SDK; name another file");
    }
    std::int64_t offset = 0;
    std::int32_t partition = 0;
    std::string topic;
    std::string origin = kNoOrigin;
    while (stream >> offset >> partition >> topic && (!has_origins || stream >> origin))
      saved_[{topic, partition}] = {offset, origin == kNoOrigin ? "" : origin};
    if (!stream.eof())
      throw Error(ErrorCode::Checkpoint, path_.string() + " is damaged; remove it to begin anew");
  }

  std::optional<std::int64_t> load(const std::string& topic, std::int32_t partition) override {
    const auto found = saved_.find({topic, partition});
    return found == saved_.end() ? std::nullopt : std::optional(found->second.offset);
  }

  std::string load_origin(const std::string& topic, std::int32_t partition) override {
    const auto found = saved_.find({topic, partition});
    return found == saved_.end() ? "" : found->second.origin;
  }

  void save(std::span<const PartitionOffset> offsets) override {
    for (const PartitionOffset& each : offsets)
      saved_[{each.topic, each.partition}] = {each.offset, each.origin};
    std::string text = kFirstLine;
    text += '\n';
    for (const auto& [place, saved] : saved_) {
      text += std::to_string(saved.offset) + ' ' + std::to_string(place.second) + ' ' + place.first + ' ' +
              (saved.origin.empty() ? kNoOrigin : saved.origin) + '\n';
    }
    std::filesystem::path fresh = path_;
    fresh += ".new";
    write_durably(fresh, text);
    if (::rename(fresh.c_str(), path_.c_str()) != 0) fail("cannot replace", path_);
    sync_folder_of(path_);
  }

 private:
  struct Saved {
    std::int64_t offset = 0;
    std::string origin{};
  };

  [[noreturn]] void fail_to_read(const std::string& why) const {
    throw Error(ErrorCode::Checkpoint, "the checkpoint file " + path_.string() + " cannot be read: " + why +
                                           "; let this user read it and its folders, or name another file");
  }

  std::filesystem::path path_;
  std::map<std::pair<std::string, std::int32_t>, Saved> saved_;
};

}  // namespace

CheckpointStore::~CheckpointStore() = default;

std::string CheckpointStore::load_origin(const std::string& /*topic*/, std::int32_t /*partition*/) {
  return "";
}

std::shared_ptr<CheckpointStore> file_checkpoint_store(std::filesystem::path path) {
  return std::make_shared<FileCheckpointStore>(std::move(path));
}

}  // namespace v1
}  // namespace rowtide
