// Logarithm, exponential, rounding and order statistics, each made of operations that are rounded in the same way
// everywhere, so that trajtrack/flow_reference.py computes the same.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "block_search.h"

namespace trajtrack::flow {

// Gains are multiples of 1 / kOne, so that their sums are exact.
inline constexpr double kOne = 1048576.0;

inline constexpr double kShift =
    6755399441055744.0;  // 1.5 * 2^52: sums with small numbers have no bits after the point

// Rounds to the nearest integer, ties to even, for absolute values below 2^51.
TRAJTRACK_INLINE double nearest(double x) { return (x + kShift) - kShift; }

TRAJTRACK_INLINE std::int64_t rounded_gain(double gain) {
  return static_cast<std::int64_t>(nearest(std::min(std::max(gain, -1e6), 1e6) * kOne));
}

// The natural logarithm of a positive normal number, by 2 artanh((x - 1) / (x + 1)).
TRAJTRACK_INLINE double log(double x) {
  constexpr int kTerms = 11;
  const auto bits = std::bit_cast<std::uint64_t>(x);
  // No branches and no conversions, so that it vectorises: the exponent becomes the low bits of a number above 2^52.
  constexpr double kLarge = 4503599627370496.0;
  double exponent = std::bit_cast<double>((bits >> 52) | std::bit_cast<std::uint64_t>(kLarge)) - (kLarge + 1022.0);
  double mantissa = std::bit_cast<double>((bits & 0x000fffffffffffffu) | 0x3fe0000000000000u);
  const bool small = mantissa < 0.7071067811865476;
  mantissa = small ? mantissa * 2.0 : mantissa;
  exponent = small ? exponent - 1.0 : exponent;
  const double f = (mantissa - 1.0) / (mantissa + 1.0);
  const double square = f * f;
  double total = 1.0 / (2 * kTerms - 1);
  for (int k = kTerms - 2; k >= 0; --k) total = total * square + 1.0 / (2 * k + 1);
  return exponent * 0.6931471805599453 + 2.0 * f * total;
}

inline constexpr std::array<double, 14> kExpTerms = [] {
  std::array<double, 14> terms{1.0};
  for (std::size_t n = 1; n < terms.size(); ++n) terms[n] = terms[n - 1] / static_cast<double>(n);
  return terms;
}();

// The exponential of a number in [-700, 700]; numbers outside are moved to its ends.
TRAJTRACK_INLINE double exp(double x) {
  x = std::min(std::max(x, -700.0), 700.0);
  const double shifted = x * 1.4426950408889634 + kShift;
  const double k = shifted - kShift;
  const double r = (x - k * 0.6931471803691238) - k * 1.9082149292705877e-10;
  double total = kExpTerms.back();
  for (std::size_t n = kExpTerms.size() - 1; n-- > 0;) total = total * r + kExpTerms[n];
  // The low bits of `shifted` are those of the integer k: its power of two without a conversion, which vectorises.
  const std::uint64_t power = (std::bit_cast<std::uint64_t>(shifted) + 1023) << 52;
  return total * std::bit_cast<double>(power);
}

// As std::nth_element, but without branches that depend on the values while there are many.
template <typename T>
void select(std::span<T> values, std::size_t rank) {
  constexpr std::size_t kFew = 16;
  constexpr int kTries = 64;  // until std::nth_element bounds the time
  for (int tries = 0; values.size() > kFew && tries < kTries; ++tries) {
    const T a = values.front(), b = values[values.size() / 2], c = values.back();
    const T pivot = std::max(std::min(a, b), std::min(std::max(a, b), c));
    const auto move_first = [&](const auto& first) {
      std::size_t count = 0;
      for (T& value : values) {
        const T moved = value;
        value = values[count];
        values[count] = moved;
        count += first(moved);
      }
      return count;
    };
    if (const std::size_t less = move_first([&](T value) { return value < pivot; }); rank < less) {
      values = values.first(less);
      continue;
    } else {
      values = values.subspan(less);
      rank -= less;
    }
    const std::size_t equal = move_first([&](T value) { return !(pivot < value); });
    if (rank < equal) return;
    values = values.subspan(equal);
    rank -= equal;
  }
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(rank), values.end());
}

// The order statistic at rank (n - 1) * numerator / denominator; reorders the values, of which there must be some.
template <typename T>
T quantile(std::vector<T>& values, std::size_t numerator, std::size_t denominator) {
  const std::size_t rank = (values.size() - 1) * numerator / denominator;
  select(std::span<T>(values), rank);
  return values[rank];
}

struct Quartiles {
  double first, second, third;
};

// The quantiles at 1/4, 1/2 and 3/4; reorders the values, of which there must be some.
inline Quartiles quartiles(std::vector<double>& values) {
  // Once a quartile has been selected, nothing before it is greater.
  std::span<double> rest(values);
  const auto take = [&](std::size_t quarters) {
    const std::size_t rank = (values.size() - 1) * quarters / 4;
    select(rest, rank);
    rest = rest.first(rank + 1);
    return rest.back();
  };
  const double third = take(3), second = take(2), first = take(1);
  return {first, second, third};
}

}  // namespace trajtrack::flow
