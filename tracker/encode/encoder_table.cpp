#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "tracker/encode/canal/json.h"
#include "tracker/encode/debezium/json.h"
#include "tracker/encode/dts/avro.h"
#include "tracker/encode/encoder.h"

namespace rowtide::encode {
namespace {

struct Format {
  std::string_view name;
  std::unique_ptr<Encoder> (*make)(EncoderContext context);
  record::TimestampUnit timestamp_unit = record::TimestampUnit::Milliseconds;
};

// The one table of output formats: a new one is a file and a line here.
constexpr std::array kFormats{
    Format{"debezium-json", make_debezium_json_encoder},
    Format{"canal-json", make_canal_json_encoder},
    Format{"dts-avro", make_dts_avro_encoder, record::TimestampUnit::Seconds},
};

}  // namespace

absl::StatusOr<std::unique_ptr<Encoder>> make_encoder(std::string_view format, EncoderContext context) {
  std::string known;
  for (const Format& candidate : kFormats) {
    if (candidate.name == format) return candidate.make(std::move(context));
    known += known.empty() ? "" : ", ";
    known += candidate.name;
  }
  return absl::InvalidArgumentError(fmt::format("format '{}' is not known; use one of: {}", format, known));
}

record::TimestampUnit timestamp_unit(std::string_view format) {
  const auto* const found = std::find_if(kFormats.begin(), kFormats.end(),
                                         [format](const Format& each) { return each.name == format; });
  return found == kFormats.end() ? record::TimestampUnit::Milliseconds : found->timestamp_unit;
}

}  // namespace rowtide::encode
