// Sorting of rows or nodes by a key of 32 bits.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace trajtrack {

// Sorts `items` by key_of(item), a std::uint32_t, with a stable least-significant-digit radix sort; skips passes whose
// digit is the same in all items.
template <typename Items, typename KeyOf>
void sort_by_key(Items& items, const KeyOf& key_of) {
  constexpr int kBits = 11;
  constexpr std::uint32_t kDigits = 1u << kBits;
  if (items.empty()) return;
  Items sorted(items.size());
  for (int shift = 0; shift < 32; shift += kBits) {
    const auto digit = [&](const auto& item) { return (key_of(item) >> shift) & (kDigits - 1); };
    std::array<std::uint32_t, kDigits> begin{};
    for (const auto& item : items) ++begin[digit(item)];
    if (begin[digit(items.front())] == items.size()) continue;
    std::uint32_t total = 0;
    for (std::uint32_t& slot : begin) {
      const std::uint32_t count = slot;
      slot = total;
      total += count;
    }
    for (const auto& item : items) sorted[begin[digit(item)]++] = item;
    items.swap(sorted);
  }
}

}  // namespace trajtrack
