// The part of CUB that trajtrack uses, for the stand-in.
#pragma once

#include <algorithm>

#include "stand_in_call.cuh"

namespace cub {

struct DeviceScan {
  template <typename Values, typename T, typename Join>
  static cudaError_t InclusiveScan(void* storage, std::size_t& bytes, Values values, T* results, Join join, int items,
                                   cudaStream_t stream) {
    return InclusiveScanByKey(storage, bytes, Nothing{}, values, results, join, items, Equal{}, stream);
  }

  template <typename Values, typename T, typename Join>
  static cudaError_t ExclusiveScan(void* storage, std::size_t& bytes, Values values, T* results, Join join, T first,
                                   int items, cudaStream_t stream) {
    return stand_in::call_with_storage(storage, bytes, items, stream, [=] {
      T before = first;
      for (int i = 0; i < items; ++i) {
        const T value = values[static_cast<std::size_t>(i)];
        results[i] = before;
        before = join(before, value);
      }
    });
  }

  template <typename Keys, typename Values, typename T, typename Join, typename Same>
  static cudaError_t InclusiveScanByKey(void* storage, std::size_t& bytes, Keys keys, Values values, T* results,
                                        Join join, int items, Same same, cudaStream_t stream) {
    return stand_in::call_with_storage(storage, bytes, items, stream, [=] {
      for (int begin = 0; begin < items; begin += stand_in::kPiece) {
        const int end = std::min(begin + stand_in::kPiece, items);
        T piece{};
        bool joined = begin > 0;  // whether the values before the piece belong to the same group
        for (int i = begin; i < end; ++i) {
          const auto place = static_cast<std::size_t>(i);
          const bool follows = i > 0 && same(keys[place], keys[place - 1]);
          joined = joined && follows;
          piece = i > begin && follows ? join(piece, values[place]) : T{values[place]};
          results[i] = joined ? join(results[begin - 1], piece) : piece;
        }
      }
    });
  }

 private:
  struct Nothing {
    int operator[](std::size_t) const { return 0; }
  };
  struct Equal {
    bool operator()(int, int) const { return true; }
  };
};

}  // namespace cub
