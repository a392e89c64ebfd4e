// Text tables of numbers: parsing and formatting.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace trajtrack {

// The rows of a text table, blank lines left out.
struct NumberTable {
  std::size_t columns;               // of `values`
  std::vector<double> values;        // by row; NaN where a row is shorter
  std::vector<std::int64_t> lines;   // line of each row, from 1
  std::vector<std::int32_t> widths;  // number of columns that each row has
};

// Reads decimal numbers with commas or blanks (spaces, tabs) between them, each rounded once, to nearest.
// Lines end with LF or CRLF. Throws std::invalid_argument "line L: found ..., expected ..." for what is no
// finite number, for empty fields and for rows of more than `max_columns` columns.
NumberTable parse_numbers(std::string_view text, std::size_t max_columns);

// Columns of a table that stand side by side: row r is values[r * columns] and what follows.
struct NumberBlock {
  std::span<const double> values;
  std::size_t columns;
};

// Writes the rows of blocks that stand side by side. Values are finite; each is written in digits that read
// back the same double and few of them, whole numbers below 2^53 without a point or an exponent. Zeros lose
// their sign.
std::string format_numbers(std::span<const NumberBlock> blocks, std::size_t rows, char separator);

// For each float a double that rounds to that very float and has few decimal digits.
void to_short_decimals(std::span<const float> values, std::span<double> decimals);

}  // namespace trajtrack
