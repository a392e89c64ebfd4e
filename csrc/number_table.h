// Text tables of numbers: parsing and formatting.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace trajtrack {

// The rows of a text table, without blank lines.
struct NumberTable {
  std::size_t columns;               // number of columns of `values`
  std::vector<double> values;        // row by row; NaN where a row is shorter
  std::vector<std::int64_t> lines;   // line number of each row, from 1
  std::vector<std::int32_t> widths;  // number of columns that each row has
};

// Reads decimal numbers separated by commas or blanks (spaces, tabs), each rounded once, to nearest. Lines end with LF
// or CRLF. Throws std::invalid_argument "line L: found ..., expected ..." for a field that is empty or not a finite
// number and for a row of fewer than `min_columns` or more than `max_columns` columns. Narrow rows are refused at once:
// padded, a file of one number a line would take fifty times its size.
NumberTable parse_numbers(std::string_view text, std::size_t min_columns, std::size_t max_columns);

// Adjacent columns of a table: row r is values[r * columns:(r + 1) * columns].
struct NumberBlock {
  std::span<const double> values;
  std::size_t columns;
};

// Writes the rows of blocks placed side by side. Values must be finite. Each is written in few digits that read back as
// the same double, whole numbers below 2^53 without a point or an exponent. Zeros lose their sign.
std::string format_numbers(std::span<const NumberBlock> blocks, std::size_t rows, char separator);

// For each float, finds a double that rounds to the same float and has few decimal digits.
void to_short_decimals(std::span<const float> values, std::span<double> decimals);

}  // namespace trajtrack
