// The part of CUB that trajtrack uses, for the stand-in.
#pragma once

#include <algorithm>

#include "stand_in_call.cuh"

namespace cub {

struct DeviceReduce {
  template <typename Values, typename T, typename Join>
  static cudaError_t Reduce(void* storage, std::size_t& bytes, Values values, T* result, int items, Join join, T first,
                            cudaStream_t stream) {
    return stand_in::call_with_storage(storage, bytes, items, stream, [=] {
      T all = first;
      for (int begin = 0; begin < items; begin += stand_in::kPiece) {
        const int end = std::min(begin + stand_in::kPiece, items);
        T piece = values[static_cast<std::size_t>(begin)];
        for (int i = begin + 1; i < end; ++i) piece = join(piece, values[static_cast<std::size_t>(i)]);
        all = join(all, piece);
      }
      *result = all;
    });
  }
};

}  // namespace cub
