#include "common/names/name_case.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>

namespace rowtide::names {
namespace {

/// Every `step`-th letter from `first` to `last` has its small one `distance` further on.
struct Capitals {
  char16_t first;
  char16_t last;
  std::uint8_t step;
  std::int32_t distance;
};

/// The servers' my_unicase_default (strings/ctype-utf8.c), which is older than today's Unicode; as LOWER()
/// with utf8_general_ci tells it.
constexpr std::array kCapitals = std::to_array<Capitals>({
    {0x0041, 0x005a, 1, 32},    {0x00c0, 0x00d6, 1, 32},    {0x00d8, 0x00de, 1, 32},
    {0x0100, 0x012e, 2, 1},     {0x0130, 0x0130, 1, -199},  {0x0132, 0x0136, 2, 1},
    {0x0139, 0x0147, 2, 1},     {0x014a, 0x0176, 2, 1},     {0x0178, 0x0178, 1, -121},
    {0x0179, 0x017d, 2, 1},     {0x0181, 0x0181, 1, 210},   {0x0182, 0x0184, 2, 1},
    {0x0186, 0x0186, 1, 206},   {0x0187, 0x0187, 1, 1},     {0x0189, 0x018a, 1, 205},
    {0x018b, 0x018b, 1, 1},     {0x018e, 0x018e, 1, 79},    {0x018f, 0x018f, 1, 202},
    {0x0190, 0x0190, 1, 203},   {0x0191, 0x0191, 1, 1},     {0x0193, 0x0193, 1, 205},
    {0x0194, 0x0194, 1, 207},   {0x0196, 0x0196, 1, 211},   {0x0197, 0x0197, 1, 209},
    {0x0198, 0x0198, 1, 1},     {0x019c, 0x019c, 1, 211},   {0x019d, 0x019d, 1, 213},
    {0x019f, 0x019f, 1, 214},   {0x01a0, 0x01a4, 2, 1},     {0x01a6, 0x01a6, 1, 218},
    {0x01a7, 0x01a7, 1, 1},     {0x01a9, 0x01a9, 1, 218},   {0x01ac, 0x01ac, 1, 1},
    {0x01ae, 0x01ae, 1, 218},   {0x01af, 0x01af, 1, 1},     {0x01b1, 0x01b2, 1, 217},
    {0x01b3, 0x01b5, 2, 1},     {0x01b7, 0x01b7, 1, 219},   {0x01b8, 0x01b8, 1, 1},
    {0x01bc, 0x01bc, 1, 1},     {0x01c4, 0x01c4, 1, 2},     {0x01c5, 0x01c5, 1, 1},
    {0x01c7, 0x01c7, 1, 2},     {0x01c8, 0x01c8, 1, 1},     {0x01ca, 0x01ca, 1, 2},
    {0x01cb, 0x01db, 2, 1},     {0x01de, 0x01ee, 2, 1},     {0x01f1, 0x01f1, 1, 2},
    {0x01f2, 0x01f4, 2, 1},     {0x01f6, 0x01f6, 1, -97},   {0x01f7, 0x01f7, 1, -56},
    {0x01f8, 0x021e, 2, 1},     {0x0222, 0x0232, 2, 1},     {0x0386, 0x0386, 1, 38},
    {0x0388, 0x038a, 1, 37},    {0x038c, 0x038c, 1, 64},    {0x038e, 0x038f, 1, 63},
    {0x0391, 0x03a1, 1, 32},    {0x03a3, 0x03ab, 1, 32},    {0x03da, 0x03ee, 2, 1},
    {0x0400, 0x040f, 1, 80},    {0x0410, 0x042f, 1, 32},    {0x0460, 0x0480, 2, 1},
    {0x048c, 0x04be, 2, 1},     {0x04c1, 0x04c3, 2, 1},     {0x04c7, 0x04c7, 1, 1},
    {0x04cb, 0x04cb, 1, 1},     {0x04d0, 0x04f4, 2, 1},     {0x04f8, 0x04f8, 1, 1},
    {0x0531, 0x0556, 1, 48},    {0x1e00, 0x1e94, 2, 1},     {0x1ea0, 0x1ef8, 2, 1},
    {0x1f08, 0x1f0f, 1, -8},    {0x1f18, 0x1f1d, 1, -8},    {0x1f28, 0x1f2f, 1, -8},
    {0x1f38, 0x1f3f, 1, -8},    {0x1f48, 0x1f4d, 1, -8},    {0x1f59, 0x1f5f, 2, -8},
    {0x1f68, 0x1f6f, 1, -8},    {0x1f88, 0x1f8f, 1, -8},    {0x1f98, 0x1f9f, 1, -8},
    {0x1fa8, 0x1faf, 1, -8},    {0x1fb8, 0x1fb9, 1, -8},    {0x1fba, 0x1fbb, 1, -74},
    {0x1fbc, 0x1fbc, 1, -9},    {0x1fc8, 0x1fcb, 1, -86},   {0x1fcc, 0x1fcc, 1, -9},
    {0x1fd8, 0x1fd9, 1, -8},    {0x1fda, 0x1fdb, 1, -100},  {0x1fe8, 0x1fe9, 1, -8},
    {0x1fea, 0x1feb, 1, -112},  {0x1fec, 0x1fec, 1, -7},    {0x1ff8, 0x1ff9, 1, -128},
    {0x1ffa, 0x1ffb, 1, -126},  {0x1ffc, 0x1ffc, 1, -9},    {0x2126, 0x2126, 1, -7517},
    {0x212a, 0x212a, 1, -8383}, {0x212b, 0x212b, 1, -8262}, {0x2160, 0x216f, 1, 16},
    {0x24b6, 0x24cf, 1, 26},    {0xff21, 0xff3a, 1, 32},
});

char16_t small(char16_t letter) noexcept {
  const auto* const found = std::lower_bound(kCapitals.begin(), kCapitals.end(), letter,
                                             [](const Capitals& run, char16_t c) { return run.last < c; });
  if (found == kCapitals.end() || letter < found->first || (letter - found->first) % found->step != 0)
    return letter;
  return static_cast<char16_t>(letter + found->distance);
}

unsigned byte_of(std::string_view text, std::size_t index) noexcept {
  return static_cast<unsigned char>(text[index]);
}

bool continues(std::string_view text, std::size_t index) noexcept {
  return index < text.size() && (byte_of(text, index) & 0xc0U) == 0x80U;
}

/// Takes the letter at the front of `text` off and appends the small one. Small and capital ones can have
/// different lengths. What is no UTF-8, and letters above U+FFFF, stay as they are.
void take_lowered(std::string_view& text, std::string& lowered) {
  const unsigned lead = byte_of(text, 0);
  std::size_t length = 1;
  char16_t letter = static_cast<char16_t>(lead);
  if (lead >= 0xc2U && lead < 0xe0U && continues(text, 1)) {
    length = 2;
    letter = static_cast<char16_t>((lead & 0x1fU) << 6U | (byte_of(text, 1) & 0x3fU));
  } else if (lead >= 0xe0U && lead < 0xf0U && continues(text, 1) && continues(text, 2)) {
    length = 3;
    letter = static_cast<char16_t>((lead & 0x0fU) << 12U | (byte_of(text, 1) & 0x3fU) << 6U |
                                   (byte_of(text, 2) & 0x3fU));
  }
  const bool is_letter = length > 1 || lead < 0x80U;
  const char16_t after = is_letter ? small(letter) : letter;
  if (after == letter) {
    lowered += text.substr(0, length);
  } else if (after < 0x80U) {
    lowered += static_cast<char>(after);
  } else if (after < 0x800U) {
    lowered += static_cast<char>(0xc0U | after >> 6U);
    lowered += static_cast<char>(0x80U | (after & 0x3fU));
  } else {
    lowered += static_cast<char>(0xe0U | after >> 12U);
    lowered += static_cast<char>(0x80U | (after >> 6U & 0x3fU));
    lowered += static_cast<char>(0x80U | (after & 0x3fU));
  }
  text.remove_prefix(length);
}

}  // namespace

std::string to_lower(std::string_view name) {
  std::string lowered;
  lowered.reserve(name.size());
  while (!name.empty()) take_lowered(name, lowered);
  return lowered;
}

bool is_same_name(std::string_view a, std::string_view b) {
  return a == b || to_lower(a) == to_lower(b);
}

bool holds_name(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::any_of(names, [name](const std::string& each) { return is_same_name(each, name); });
}

}  // namespace rowtide::names
