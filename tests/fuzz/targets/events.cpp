// A binlog file (without its magic) through stream state, pipeline and encoder. Lengths are as they are, but
// checksums are made right: else nothing after them would ever be reached.
#include <zlib.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "tests/fuzz/fuzz_input.h"
#include "tests/fuzz/valid_json.h"
#include "tracker/pipeline/pipeline.h"
#include "tracker/schema/source_catalog.h"

namespace rowtide::fuzz {
namespace {

class NullSink final : public sink::Sink {
 public:
  explicit NullSink(bool takes_json) : takes_json_(takes_json) {}
  absl::Status open() override { return absl::OkStatus(); }
  absl::Status write(const record::RecordBatch& batch, std::stop_token /*stop*/) override {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      require(!batch.record(i).topic.empty());
      if (const auto value = batch.record(i).value; value && takes_json_) note_gtid(*value);
    }
    if (takes_json_) require_valid_json(batch);
    return absl::OkStatus();
  }
  void end_transaction(const binlog::Position& position, std::int64_t /*committed_at_us*/) override {
    gtid_.reset();
    // What a checkpoint holds must be read again as what it was.
    const auto read = binlog::position_from_json(binlog::to_json(position));
    require(read.ok() && *read == position);
  }
  std::optional<binlog::Position> durable() const override { return std::nullopt; }
  absl::Status flush(std::chrono::milliseconds /*deadline*/) override { return absl::OkStatus(); }
  absl::Status error() const override { return absl::OkStatus(); }
  sink::SinkCounters counters() const override { return {}; }
  std::vector<std::string> topics(std::size_t /*known*/) const override { return {}; }

 private:
  /// What stands between two ends is one transaction's.
  void note_gtid(std::string_view value) {
    constexpr std::string_view kBegin = "\"gtid\":";
    const std::size_t at = value.find(kBegin);
    if (at == std::string_view::npos) return;
    const std::string_view rest = value.substr(at + kBegin.size());
    const std::string gtid(rest.substr(0, rest.find(',')));
    require(!gtid_ || *gtid_ == gtid);
    gtid_ = gtid;
  }

  bool takes_json_;
  std::optional<std::string> gtid_;
};

task::Objects all_objects() {
  task::ObjectRule rule;
  rule.database_pattern =
      R"(\C*)";  // any bytes: . is a character, and a damaged name need not be made of them
  return {.include = {rule}, .exclude = {}};
}

constexpr std::size_t kSizeOffset = 9;
constexpr std::size_t kFlagsOffset = 17;
constexpr std::size_t kChecksumSize = 4;

void mend_checksum(std::vector<std::byte>& event) {
  if (event.size() < binlog::kEventHeaderSize + kChecksumSize) return;
  event[kFlagsOffset] &= ~std::byte{1};  // a file in use is summed without its flag
  const std::size_t summed = event.size() - kChecksumSize;
  const auto checksum =
      static_cast<std::uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(event.data()), summed));
  for (unsigned i = 0; i < kChecksumSize; ++i) event[summed + i] = static_cast<std::byte>(checksum >> 8U * i);
}

void run(Bytes input, std::string_view format) {
  static const select::TableSelector selector = select::TableSelector::create(all_objects()).value();
  NoServer no_server;
  schema::SourceCatalog catalog(no_server);
  const auto encoder =
      encode::make_encoder(format, {.source_name = "fuzz", .connector = "mysql", .schema_topic = "fuzz"})
          .value();
  NullSink sink(format.ends_with("-json"));
  pipeline::Counters counters;
  pipeline::Pipeline pipeline({.selector = selector,
                               .catalog = catalog,
                               .encoder = *encoder,
                               .sink = sink,
                               .counters = counters,
                               .topic_for = [](const std::string&, const std::string&) { return "topic"; },
                               .images = binlog::Images::AsLogged,
                               .reads_files = true});
  pipeline.start({.gtids = {}, .file = "binlog.000001", .offset = 4});
  while (input.size() >= binlog::kEventHeaderSize && pipeline.reopen_at() == nullptr) {
    const std::size_t told = ByteReader(input.subspan(kSizeOffset)).u32();
    const std::size_t size = std::clamp(told, binlog::kEventHeaderSize, input.size());
    // Memory of its own size, so that a read after its end is found.
    std::vector<std::byte> event(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(size));
    mend_checksum(event);
    if (!pipeline.on_event(event, {}).ok()) break;
    input = input.subspan(size);
  }
}

}  // namespace
}  // namespace rowtide::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rowtide::fuzz;
  run(as_input(data, size), "debezium-json");
  run(as_input(data, size), "canal-json");
  run(as_input(data, size), "dts-avro");
  return 0;
}
