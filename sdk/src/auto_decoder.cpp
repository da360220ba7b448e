#include <array>
#include <utility>

#include "sdk/src/decoder.h"

namespace rowtide {
inline namespace v1 {
namespace {

/// A topic mostly holds one format, so the one that fitted last is tried first.
class AutoDecoder final : public RecordDecoder {
 public:
  Outcome decode(const Record& record, Decoded& out) override {
    for (std::size_t i = 0; i < decoders_.size(); ++i) {
      const Outcome outcome = decoders_[i]->decode(record, out);
      if (outcome == Outcome::OtherFormat) continue;
      if (i != 0) std::swap(decoders_[0], decoders_[i]);
      return outcome;
    }
    out.problem = "it is in none of debezium-json, canal-json and dts-avro";
    return Outcome::Damaged;
  }

 private:
  std::array<std::unique_ptr<RecordDecoder>, 3> decoders_{make_debezium_decoder(), make_canal_decoder(),
                                                          make_dts_decoder()};
};

}  // namespace

std::unique_ptr<RecordDecoder> make_decoder(Format format) {
  switch (format) {
    case Format::Auto:
      return std::make_unique<AutoDecoder>();
    case Format::DebeziumJson:
      return make_debezium_decoder();
    case Format::CanalJson:
      return make_canal_decoder();
    case Format::DtsAvro:
      return make_dts_decoder();
  }
  return nullptr;
}

}  // namespace v1
}  // namespace rowtide
