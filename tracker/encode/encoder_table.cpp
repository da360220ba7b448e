#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "tracker/encode/canal_json.h"
#include "tracker/encode/debezium_json.h"
#include "tracker/encode/dts_avro.h"
#include "tracker/encode/encoder.h"

namespace rowtide::encode {
namespace {

struct Format {
  std::string_view name;
  std::unique_ptr<Encoder> (*make)(EncoderContext context);
  bool has_timestamps_in_seconds = false;
};

// The one table of output formats: a new one is a file and a line here.
constexpr std::array kFormats{
    Format{"debezium-json", make_debezium_json_encoder},
    Format{"canal-json", make_canal_json_encoder},
    Format{"dts-avro", make_dts_avro_encoder, true},
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

bool has_timestamps_in_seconds(std::string_view format) {
  return std::any_of(kFormats.begin(), kFormats.end(), [format](const Format& candidate) {
    return candidate.name == format && candidate.has_timestamps_in_seconds;
  });
}

}  // namespace rowtide::encode
