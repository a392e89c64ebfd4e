// The part of CUB that trajtrack uses, for the stand-in.
#pragma once

#include "stand_in_call.cuh"

namespace cub {

struct DeviceSelect {
  template <typename Values, typename T, typename Number, typename Wanted>
  static cudaError_t If(void* storage, std::size_t& bytes, Values values, T* found, Number* number, int items,
                        Wanted wanted, cudaStream_t stream) {
    return stand_in::call_with_storage(storage, bytes, items, stream, [=] {
      Number count = 0;
      for (int i = 0; i < items; ++i) {
        const T value = values[static_cast<std::size_t>(i)];
        if (wanted(value)) found[count++] = value;
      }
      *number = count;
    });
  }
};

}  // namespace cub
