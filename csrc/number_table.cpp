#include "number_table.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <stdexcept>
#include <system_error>
#include <version>

#include "interruption.h"

namespace trajtrack {
namespace {

// Large enough for the longest text of a double, 24 characters.
using Digits = std::array<char, 32>;

constexpr double exact_integers = 9007199254740992.0;  // 2^53

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }
bool ends_field(char c) { return c == ',' || c == '\n' || is_blank(c); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Returns the text in quotes, shortened, with all but printable ASCII escaped as in \x41.
std::string quoted(std::string_view text) {
  constexpr std::size_t longest = 40;
  constexpr std::string_view digits = "0123456789abcdef";
  std::string result = "'";
  for (const char c : text.substr(0, longest)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f) {
      result += c;
    } else {
      result += {'\\', 'x', digits[byte / 16], digits[byte % 16]};
    }
  }
  return result + (text.size() > longest ? "...'" : "'");
}

[[noreturn]] void refuse(std::int64_t line, const std::string& found, const std::string& expected) {
  throw std::invalid_argument("line " + std::to_string(line) + ": found " + found + ", expected " + expected);
}

// Parses plain decimals of few digits, as nearly all fields are, by one exact division. Returns false for any other
// text.
bool parse_short(std::string_view field, double& value) {
  static_assert(std::numeric_limits<double>::is_iec559);
  static constexpr std::array powers = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                        1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  // 15 digits form an integer below 2^53, so numerator and denominator are exact and the quotient is rounded once.
  constexpr std::size_t most_digits = 15;
  const bool negative = field.front() == '-';
  if (negative) field.remove_prefix(1);
  if (field.empty() || field.size() > most_digits + 1) return false;
  std::int64_t mantissa = 0;
  std::size_t digits = 0, point = std::string_view::npos;
  for (std::size_t i = 0; i < field.size(); ++i) {
    if (is_digit(field[i])) {
      mantissa = 10 * mantissa + (field[i] - '0');
      ++digits;
    } else if (field[i] == '.' && point == std::string_view::npos) {
      point = i;
    } else {
      return false;
    }
  }
  if (digits == 0 || digits > most_digits) return false;
  value = static_cast<double>(mantissa);
  if (point != std::string_view::npos) value /= powers[field.size() - 1 - point];
  if (negative) value = -value;
  return true;
}

// Parses with the C library, which handles numbers beyond the range of a double. Returns false unless the whole of
// `field` is a number.
bool parse_by_c_library(std::string_view field, double& value) {
  // Exclude "inf", hexadecimal digits and the decimal points of other locales.
  if (field.find_first_not_of("0123456789+-.eE") != std::string_view::npos) return false;
  const std::string terminated(field);
  char* end = nullptr;
  value = std::strtod(terminated.c_str(), &end);
  return end == terminated.c_str() + terminated.size() && std::isfinite(value);
}

double parse_field(std::string_view field, std::int64_t line) {
  double value = 0.0;
  if (field.empty()) refuse(line, "an empty field", "a number");
  if (parse_short(field, value)) return value;
#if defined(__cpp_lib_to_chars)
  const std::string_view unsigned_field =
      field.front() == '+' && field.size() > 1 && field[1] != '-' ? field.substr(1) : field;
  const char* const end = unsigned_field.data() + unsigned_field.size();
  const auto [rest, error] = std::from_chars(unsigned_field.data(), end, value);
  if (error == std::errc() && rest == end && std::isfinite(value)) return value;
  if (error != std::errc::result_out_of_range) refuse(line, quoted(field), "a finite number");
#endif
  if (!parse_by_c_library(field, value)) refuse(line, quoted(field), "a finite number");
  return value;
}

// Appends the fields of one line to `values`; returns their number.
std::size_t parse_line(std::string_view text, std::int64_t line, std::size_t max_columns, std::vector<double>& values) {
  std::size_t count = 0;
  bool has_commas = false, has_blanks = false;
  const char* at = text.data();
  const char* const end = at + text.size();
  const auto skip_blanks = [&] { at = std::find_if_not(at, end, is_blank); };
  skip_blanks();
  while (at != end) {
    const char* const field_end = std::find_if(at, end, ends_field);
    const double value = parse_field({at, static_cast<std::size_t>(field_end - at)}, line);
    ++count;
    if (count <= max_columns) values.push_back(value);
    at = field_end;
    skip_blanks();
    if (at != end && *at == ',') {
      has_commas = true;
      ++at;
      skip_blanks();
      if (at == end) refuse(line, "an empty field after the last comma", "a number");
    } else if (at != end) {
      has_blanks = true;
    }
  }
  // A decimal comma would otherwise turn one number into two and shift all that follow.
  if (has_commas && has_blanks) {
    refuse(line, "commas and blanks between numbers", "columns separated by one of them and decimal points");
  }
  if (count > max_columns) {
    refuse(line, std::to_string(count) + " columns", "at most " + std::to_string(max_columns));
  }
  return count;
}

// Formats a number of at most six decimals and 15 digits, as nearly all are. Returns null for any other.
char* format_short(double value, char* begin, char* end) {
  constexpr double scale = 1e6, most = 1e15;
  const double magnitude = std::abs(value);
  if (!(magnitude * scale < most)) return nullptr;
  const auto whole = static_cast<std::int64_t>(magnitude * scale + 0.5);
  // The quotient is rounded once, so the decimals read back as the same value.
  if (static_cast<double>(whole) / scale != magnitude) return nullptr;
  if (value < 0.0) *begin++ = '-';
  begin = std::to_chars(begin, end, whole / 1'000'000).ptr;
  auto decimals = static_cast<std::int32_t>(whole % 1'000'000);
  if (decimals == 0) return begin;
  *begin++ = '.';
  for (std::int32_t place = 100'000; decimals != 0; place /= 10) {
    *begin++ = static_cast<char>('0' + decimals / place);
    decimals %= place;
  }
  return begin;
}

char* format_value(double value, char* begin, char* end) {
  if (char* const done = format_short(value, begin, end)) return done;
  if (std::abs(value) < exact_integers && std::trunc(value) == value) {
    return std::to_chars(begin, end, static_cast<std::int64_t>(value)).ptr;
  }
  return std::to_chars(begin, end, value).ptr;
}

// Returns whether `value`, rounded to three decimals, reads back as the same float.
bool to_three_decimals(float value, double& decimal) {
  const double thousands = static_cast<double>(value) * 1000.0;
  if (!(std::abs(thousands) < exact_integers)) return false;
  decimal = static_cast<double>(static_cast<std::int64_t>(thousands + std::copysign(0.5, thousands))) / 1000.0;
  return static_cast<float>(decimal) == value;
}

double to_short_decimal(float value) {
  double decimal = 0.0;
  if (to_three_decimals(value, decimal)) return decimal;
  Digits digits;
  const char* const end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  decimal = parse_field({digits.data(), static_cast<std::size_t>(end - digits.data())}, 0);
  // Rounding the text to a double and then to a float may differ from rounding it to a float directly.
  return static_cast<float>(decimal) == value ? decimal : static_cast<double>(value);
}

}  // namespace

NumberTable parse_numbers(std::string_view text, std::size_t min_columns, std::size_t max_columns) {
  NumberTable table{max_columns, {}, {}, {}};
  const auto most_rows = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
  table.lines.reserve(most_rows);
  table.widths.reserve(most_rows);
  table.values.reserve(std::min(most_rows * max_columns, text.size()));
  std::int64_t line = 0;
  while (!text.empty()) {
    poll_at(static_cast<std::size_t>(++line));
    const std::size_t length = std::min(text.find('\n'), text.size());
    const std::size_t width = parse_line(text.substr(0, length), line, max_columns, table.values);
    text.remove_prefix(std::min(length + 1, text.size()));
    if (width == 0) continue;
    if (width < min_columns) {
      const std::string least = min_columns == max_columns ? "" : std::to_string(min_columns) + " to ";
      refuse(line, std::to_string(width) + " columns", least + std::to_string(max_columns) + " columns");
    }
    table.lines.push_back(line);
    table.widths.push_back(static_cast<std::int32_t>(width));
    table.values.resize(table.lines.size() * max_columns, std::numeric_limits<double>::quiet_NaN());
  }
  return table;
}

std::string format_numbers(std::span<const NumberBlock> blocks, std::size_t rows, char separator) {
  constexpr std::size_t usual_length = 6;
  std::size_t columns = 0;
  for (const NumberBlock& block : blocks) columns += block.columns;
  std::string text;
  text.reserve(rows * columns * usual_length);
  Digits digits;
  for (std::size_t row = 0; row < rows; ++row) {
    poll_at(row);
    for (const NumberBlock& block : blocks) {
      for (const double value : block.values.subspan(row * block.columns, block.columns)) {
        char* end = format_value(value, digits.data(), digits.data() + digits.size());
        *end++ = separator;
        text.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
      }
    }
    if (columns > 0) text.back() = '\n';
  }
  return text;
}

void to_short_decimals(std::span<const float> values, std::span<double> decimals) {
  std::transform(values.begin(), values.end(), decimals.begin(), to_short_decimal);
}

}  // namespace trajtrack
