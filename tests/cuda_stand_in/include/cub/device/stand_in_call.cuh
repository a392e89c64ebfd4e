// The calling convention of CUB: the first call returns the size of the storage, the second one uses it.
#pragma once

#include <cstddef>
#include <cstring>
#include <utility>

#include "cuda_runtime.h"

namespace stand_in {

// An odd number of bytes that grows with the number of items.
inline std::size_t storage_for(int items) { return 257 + static_cast<std::size_t>(items) / 8; }

template <typename Work>
cudaError_t call_with_storage(void* storage, std::size_t& bytes, int items, cudaStream_t stream, Work work) {
  if (items < 0) return cudaErrorInvalidValue;
  if (storage == nullptr) {
    bytes = storage_for(items);
    return cudaSuccess;
  }
  if (bytes < storage_for(items) || !on_current_device(storage, bytes)) return cudaErrorInvalidValue;
  return enqueue(stream, [storage, bytes, work = std::move(work)] {
    std::memset(storage, 0x5A, bytes);
    work();
  });
}

// Values are joined in pieces of this many: joins must be associative, but need not be commutative.
inline constexpr int kPiece = 7;

}  // namespace stand_in
