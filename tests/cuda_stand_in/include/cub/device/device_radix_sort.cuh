// The part of CUB that trajtrack uses, for the stand-in.
#pragma once

#include <algorithm>
#include <numeric>
#include <vector>

#include "stand_in_call.cuh"

namespace cub {

struct DeviceRadixSort {
  template <typename Key, typename Value>
  static cudaError_t SortPairs(void* storage, std::size_t& bytes, const Key* keys, Key* sorted_keys,
                               const Value* values, Value* sorted_values, int items, int begin_bit, int end_bit,
                               cudaStream_t stream) {
    if (begin_bit < 0 || end_bit > static_cast<int>(sizeof(Key) * 8) || begin_bit > end_bit) {
      return cudaErrorInvalidValue;
    }
    return stand_in::call_with_storage(storage, bytes, items, stream, [=] {
      const auto part = [=](Key key) {
        return static_cast<Key>((static_cast<std::uint64_t>(key) & ((std::uint64_t{1} << end_bit) - 1)) >> begin_bit);
      };
      std::vector<std::size_t> order(static_cast<std::size_t>(items));
      std::iota(order.begin(), order.end(), std::size_t{0});
      std::stable_sort(order.begin(), order.end(),
                       [&](std::size_t a, std::size_t b) { return part(keys[a]) < part(keys[b]); });
      for (std::size_t i = 0; i < order.size(); ++i) {
        sorted_keys[i] = keys[order[i]];
        sorted_values[i] = values[order[i]];
      }
    });
  }
};

}  // namespace cub
