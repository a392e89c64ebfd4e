// The part of Thrust that trajtrack uses, for the stand-in.
#pragma once

#include <cstddef>

namespace thrust {

template <typename T>
struct counting_iterator {
  T first;

  explicit counting_iterator(T value) : first(value) {}
  T operator[](std::size_t i) const { return static_cast<T>(first + i); }
};

}  // namespace thrust
