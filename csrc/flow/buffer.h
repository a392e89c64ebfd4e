// Vectors whose elements are set only once they are known: zeros would take time, and a single thread would touch all
// their memory first.
#pragma once

#include <memory>
#include <new>
#include <utility>
#include <vector>

namespace trajtrack::flow {

template <typename T>
struct UnsetAllocator : std::allocator<T> {
  template <typename U>
  struct rebind {
    using other = UnsetAllocator<U>;
  };

  UnsetAllocator() = default;
  template <typename U>
  UnsetAllocator(const UnsetAllocator<U>&) {}

  template <typename U>
  void construct(U* place) {
    ::new (static_cast<void*>(place)) U;
  }
  template <typename U, typename... Arguments>
  void construct(U* place, Arguments&&... arguments) {
    ::new (static_cast<void*>(place)) U(std::forward<Arguments>(arguments)...);
  }
};

template <typename T>
using Buffer = std::vector<T, UnsetAllocator<T>>;

}  // namespace trajtrack::flow
