#include "tracker/sql/quote.h"

namespace rowtide::sql {

std::string quote_literal(std::string_view text) {
  std::string quoted = "'";
  for (const char character : text) {
    if (character == '\'' || character == '\\') quoted += '\\';
    if (character == '\0') {
      quoted += "\\0";
    } else {
      quoted += character;
    }
  }
  quoted += '\'';
  return quoted;
}

std::string quote_identifier(std::string_view name) {
  std::string quoted = "`";
  for (const char character : name) {
    if (character == '`') quoted += '`';
    quoted += character;
  }
  quoted += '`';
  return quoted;
}

}  // namespace rowtide::sql
