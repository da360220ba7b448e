#include "tests/integration/oracle_check.h"

#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <vector>

namespace rowtide::test::check {
namespace {

using nlohmann::json;

std::optional<std::string> from_base64(const json& got) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  if (!got.is_string()) return std::nullopt;
  std::string_view text = got.get_ref<const std::string&>();
  if (text.size() % 4 != 0) return std::nullopt;
  while (text.ends_with('=')) text.remove_suffix(1);
  std::string bytes;
  std::uint32_t window = 0;
  int filled = 0;
  for (const char letter : text) {
    const std::size_t digit = kAlphabet.find(letter);
    if (digit == std::string_view::npos) return std::nullopt;
    window = window << 6U | static_cast<std::uint32_t>(digit);
    filled += 6;
    if (filled < 8) continue;
    filled -= 8;
    bytes.push_back(static_cast<char>(window >> filled & 0xffU));
  }
  return bytes;
}

std::string from_hex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  return bytes;
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar, counted from 0000-03-01.
std::int64_t days_of(std::int64_t year, std::int64_t month, std::int64_t day) {
  const std::int64_t shifted = month <= 2 ? year - 1 : year;
  const std::int64_t month_from_march = (month + 9) % 12;
  return 365 * shifted + shifted / 4 - shifted / 100 + shifted / 400 + (153 * month_from_march + 2) / 5 +
         day - 1 - 719468;
}

bool is_date(std::int64_t year, std::int64_t month, std::int64_t day) {
  constexpr std::array<std::int64_t, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (year == 0 || month < 1 || month > 12 || day < 1) return false;
  const bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return day <= kDays[static_cast<std::size_t>(month - 1)] + (month == 2 && is_leap ? 1 : 0);
}

/// "yyyy-mm-dd", nothing for what is none.
std::optional<std::int64_t> days_of(const std::string& shown) {
  const int year = std::stoi(shown.substr(0, 4));
  const int month = std::stoi(shown.substr(5, 2));
  const int day = std::stoi(shown.substr(8, 2));
  if (!is_date(year, month, day)) return std::nullopt;
  return days_of(year, month, day);
}

/// "h...h:mm:ss[.f...]" as microseconds.
std::int64_t micros_of(const std::string& clock) {
  const std::size_t colon = clock.find(':');
  std::string fraction = clock.size() > colon + 6 ? clock.substr(colon + 7) : "";
  fraction.resize(6, '0');
  return ((std::stoll(clock.substr(0, colon)) * 60 + std::stoll(clock.substr(colon + 1, 2))) * 60 +
          std::stoll(clock.substr(colon + 4, 2))) *
             1'000'000 +
         std::stoll(fraction);
}

bool is_integer(const json& got, std::int64_t expected) {
  return got.is_number_integer() && got.get<std::int64_t>() == expected;
}

bool is_no_date(bool is_nullable, const json& got) {
  return is_nullable ? got.is_null() : is_integer(got, 0);
}

/// A document as a list of its parts, numbers as they are written.
class Parts : public json::json_sax_t {
 public:
  explicit Parts(const std::string& text) { is_json_ = json::sax_parse(text, this); }

  [[nodiscard]] bool is_json() const { return is_json_; }
  struct Part {
    char kind;
    std::string text;
  };
  std::vector<Part> all;

  bool null() override { return add('n'); }
  bool boolean(bool value) override { return add(value ? 't' : 'f'); }
  bool number_integer(number_integer_t value) override { return add('i', std::to_string(value)); }
  bool number_unsigned(number_unsigned_t value) override { return add('i', std::to_string(value)); }
  bool number_float(number_float_t, const string_t& text) override { return add('d', text); }
  bool string(string_t& value) override { return add('s', value); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return add('{'); }
  bool key(string_t& value) override { return add('k', value); }
  bool end_object() override { return add('}'); }
  bool start_array(std::size_t) override { return add('['); }
  bool end_array() override { return add(']'); }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
    return false;
  }

 private:
  bool add(char kind, std::string text = {}) {
    all.push_back({kind, std::move(text)});
    return true;
  }
  bool is_json_ = false;
};

std::string_view without_zero_fraction(std::string_view number) {
  return number.ends_with(".0") ? number.substr(0, number.size() - 2) : number;
}

/// The same digits; or the same double where the server shows one with an exponent.
bool is_same_number(std::string_view shown, std::string_view got) {
  if (without_zero_fraction(shown) == without_zero_fraction(got)) return true;
  // MySQL 5.7 shows -0.0 as -0, of which a parser makes the integer 0.
  if (shown == "0" && got == "-0.0") return true;
  if (shown.find_first_of("eE") == std::string_view::npos) return false;
  return std::strtod(std::string(shown).c_str(), nullptr) == std::strtod(std::string(got).c_str(), nullptr);
}

/// The server writes the type in front of an opaque value, and breaks its lines: "base64:type15:...".
std::string without_opaque_type(std::string text) {
  constexpr std::string_view kPrefix = "base64:type";
  if (!text.starts_with(kPrefix)) return text;
  text.erase(0, text.find(':', kPrefix.size()) + 1);
  std::erase(text, '\n');
  return text;
}

}  // namespace

bool integer(const std::string& shown, const json& got) {
  return got.is_number_integer() && got.dump() == shown;
}

bool real(const std::string& shown, const json& got) {
  return got.is_number() && got.get<double>() == std::strtod(shown.c_str(), nullptr);
}

bool real32(const std::string& shown, const json& got) {
  return got.is_number() &&
         static_cast<float>(got.get<double>()) == static_cast<float>(std::strtod(shown.c_str(), nullptr));
}

bool text(const std::string& shown, const json& got) {
  return got.is_string() && got.get_ref<const std::string&>() == shown;
}

bool bytes(const std::string& shown, const json& got) {
  return from_base64(got) == from_hex(shown);
}

bool boolean(const std::string& shown, const json& got) {
  return got.is_boolean() && got.get<bool>() == (shown == "1");
}

bool bits(unsigned width, const std::string& shown, const json& got) {
  if (width == 1) return boolean(shown, got);
  const std::uint64_t number = std::strtoull(shown.c_str(), nullptr, 10);
  std::string expected;
  for (unsigned i = 0; i < (width + 7) / 8; ++i)
    expected.push_back(static_cast<char>(number >> (8 * i) & 0xffU));
  return from_base64(got) == expected;
}

bool date(bool is_nullable, const std::string& shown, const json& got) {
  const std::optional<std::int64_t> days = days_of(shown);
  return days ? is_integer(got, *days) : is_no_date(is_nullable, got);
}

bool datetime(int decimals, bool is_nullable, const std::string& shown, const json& got) {
  const std::optional<std::int64_t> days = days_of(shown);
  if (!days) return is_no_date(is_nullable, got);
  const std::int64_t micros = *days * 86'400'000'000 + micros_of(shown.substr(11));
  // What is dropped are the zeros beyond the declared decimals.
  return is_integer(got, decimals <= 3 ? micros / 1000 : micros);
}

bool time(const std::string& shown, const json& got) {
  const bool is_negative = shown.starts_with('-');
  const std::int64_t micros = micros_of(is_negative ? shown.substr(1) : shown);
  return is_integer(got, is_negative ? -micros : micros);
}

bool timestamp(const std::string& shown, const json& got) {
  std::string expected = shown + "Z";
  if (shown.starts_with("0000-00-00")) expected.replace(0, 10, "1970-01-01");
  expected[10] = 'T';
  return text(expected, got);
}

bool geometry(bool is_point, const std::string& shown, const json& got) {
  const std::string stored = from_hex(shown);
  std::uint32_t srid = 0;
  std::memcpy(&srid, stored.data(), sizeof srid);
  if (!got.is_object() || got.size() != (is_point ? 4 : 2)) return false;
  if (from_base64(got.at("wkb")) != stored.substr(4)) return false;
  if (srid == 0 ? !got.at("srid").is_null() : !is_integer(got.at("srid"), srid)) return false;
  if (!is_point) return true;
  double x = 0;
  double y = 0;
  std::memcpy(&x, stored.data() + 9, sizeof x);
  std::memcpy(&y, stored.data() + 17, sizeof y);
  return got.at("x").is_number() && got.at("x").get<double>() == x && got.at("y").get<double>() == y;
}

bool document(const std::string& shown, const json& got) {
  if (!got.is_string()) return false;
  // MySQL 5.7 breaks the lines of an opaque value without escaping the breaks.
  std::string one_line = shown;
  std::erase(one_line, '\n');
  const Parts theirs(one_line);
  const Parts ours(got.get_ref<const std::string&>());
  if (!theirs.is_json() || !ours.is_json() || theirs.all.size() != ours.all.size()) return false;
  for (std::size_t i = 0; i < ours.all.size(); ++i) {
    const Parts::Part& left = theirs.all[i];
    const Parts::Part& right = ours.all[i];
    const bool are_numbers =
        (left.kind == 'd' || left.kind == 'i') && (right.kind == 'd' || right.kind == 'i');
    if (are_numbers ? !is_same_number(left.text, right.text)
                    : left.kind != right.kind || without_opaque_type(left.text) != right.text)
      return false;
  }
  return true;
}

}  // namespace rowtide::test::check
