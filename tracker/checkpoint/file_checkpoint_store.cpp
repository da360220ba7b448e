#include "tracker/checkpoint/file_checkpoint_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <map>
#include <sstream>
#include <system_error>
#include <utility>

#include "common/status/reason.h"
#include "common/status/text.h"
#include "tracker/checkpoint/checkpoint_json.h"

namespace rowtide::checkpoint {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }
  /// A close that fails can be the first to tell of a failed write.
  [[nodiscard]] bool close() { return ::close(std::exchange(fd_, -1)) == 0; }

 private:
  int fd_;
};

/// A disk that is full is waited for; all else wants another folder.
absl::Status system_error(std::string_view what, const std::filesystem::path& path) {
  const int error = errno;
  const bool is_full = error == ENOSPC || error == EDQUOT;
  return failure(
      is_full ? absl::StatusCode::kUnavailable : absl::StatusCode::kFailedPrecondition, "CheckpointNotSaved",
      fmt::format(
          "checkpoint: {} {} failed: {}; {} (--checkpoint FILE, with the stream sink --state FOLDER)", what,
          path.string(), std::generic_category().message(error),
          is_full ? "make room there, or choose another disk" : "choose a folder that can be written to"));
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

class FileCheckpointStore final : public CheckpointStore {
 public:
  FileCheckpointStore(std::filesystem::path file, Owner owner)
      : file_(std::move(file)), owner_(std::move(owner)) {}

  absl::StatusOr<std::optional<Checkpoint>> load() override {
    std::error_code error;
    if (!std::filesystem::exists(file_, error)) {
      if (error) {
        errno = error.value();
        return system_error("looking for", file_);
      }
      return std::nullopt;
    }
    std::ifstream stream(file_, std::ios::binary);
    std::ostringstream content;
    content << stream.rdbuf();
    if (!stream.good()) {
      return absl::DataLossError(
          fmt::format("the checkpoint in {} cannot be read, or is empty; {}", file_.string(), repair()));
    }
    const Owner their = owner_from_json(content.view());
    const bool is_adopted = is_former(their);
    absl::StatusOr<Checkpoint> checkpoint =
        checkpoint_from_json(content.view(), is_adopted ? their.identity : owner_.identity);
    if (checkpoint.ok()) {
      if (is_adopted) {
        remark_ = fmt::format(
            "Goes on where the former task {} ({}) has been, at {}; to begin at spec.startPosition instead, remove {}",
            owner_.name, their.identity, binlog::to_string(checkpoint->position), file_.string());
        spdlog::warn("{}", remark_);
      }
      return *std::move(checkpoint);
    }
    return absl::Status(checkpoint.status().code(),
                        fmt::format("the checkpoint in {} cannot be used: {}; {}", file_.string(),
                                    text(checkpoint.status()), repair()));
  }

  [[nodiscard]] std::string remark() const override { return remark_; }

  absl::Status save(const Checkpoint& checkpoint) override {
    return replace(file_, to_json(checkpoint, owner_) + "\n");
  }

  absl::StatusOr<std::vector<SchemaEntry>> load_schemas() override {
    schemas_.clear();
    std::error_code error;
    if (!std::filesystem::exists(schemas_file(), error)) return std::vector<SchemaEntry>{};
    std::ifstream stream(schemas_file(), std::ios::binary);
    std::vector<SchemaEntry> entries;
    for (std::string line; std::getline(stream, line);) {
      absl::StatusOr<SchemaEntry> entry = schema_entry_from_json(line);
      if (!entry.ok()) {
        return absl::DataLossError(fmt::format("the table definitions in {} cannot be used: {}; {}",
                                               schemas_file().string(), text(entry.status()), repair()));
      }
      schemas_[entry->key] = entry->value;
      entries.push_back(*std::move(entry));
    }
    return entries;
  }

  absl::Status save_schemas(const std::vector<SchemaEntry>& entries) override {
    for (const SchemaEntry& entry : entries) {
      if (entry.value.empty()) {
        schemas_.erase(entry.key);
      } else {
        schemas_[entry.key] = entry.value;
      }
    }
    std::string content;
    for (const auto& [key, value] : schemas_) content += to_json(SchemaEntry{key, value}) + "\n";
    return replace(schemas_file(), content);
  }

 private:
  /// A task of this name that was deleted and made again.
  [[nodiscard]] bool is_former(const Owner& their) const {
    return their.identity != owner_.identity && !their.name.empty() && their.name == owner_.name &&
           their.moved_to.empty() && why_not_continued(their, owner_).empty();
  }
  [[nodiscard]] std::filesystem::path schemas_file() const {
    std::filesystem::path file = file_;
    file += ".schemas";
    return file;
  }

  absl::Status replace(const std::filesystem::path& file, std::string_view content) const {
    std::filesystem::path temporary = file;
    temporary += ".new";
    Descriptor descriptor(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640));
    if (descriptor.get() < 0) return system_error("creating", temporary);
    const bool is_written =
        write_all(descriptor.get(), content) && ::fsync(descriptor.get()) == 0 && descriptor.close();
    if (!is_written) return system_error("writing", temporary);
    if (::rename(temporary.c_str(), file.c_str()) != 0) return system_error("replacing", file);
    return sync_folder();
  }

  /// The rename itself must survive a crash.
  absl::Status sync_folder() const {
    const std::filesystem::path parent = file_.parent_path();
    const std::filesystem::path folder = parent.empty() ? std::filesystem::path(".") : parent;
    const Descriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (descriptor.get() < 0 || ::fsync(descriptor.get()) != 0) return system_error("syncing", folder);
    return absl::OkStatus();
  }

  static std::string_view repair() {
    return "restore the file, or remove it (of a reader of the stream sink: DELETE /readers?reader=NAME) to begin at "
           "spec.startPosition";
  }

  std::filesystem::path file_;
  Owner owner_;
  std::string remark_;
  std::map<std::string, std::string> schemas_;
};

}  // namespace

std::unique_ptr<CheckpointStore> make_file_checkpoint_store(std::filesystem::path file,
                                                            const task::Task& task) {
  return std::make_unique<FileCheckpointStore>(std::move(file), owner_of(task));
}

}  // namespace rowtide::checkpoint
