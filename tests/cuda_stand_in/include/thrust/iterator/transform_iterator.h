// The part of Thrust that trajtrack uses, for the stand-in.
#pragma once

#include <cstddef>

namespace thrust {

template <typename Function, typename Iterator>
struct transform_iterator {
  Iterator values;
  Function function;

  auto operator[](std::size_t i) const { return function(values[i]); }
};

template <typename Iterator, typename Function>
transform_iterator<Function, Iterator> make_transform_iterator(Iterator values, Function function) {
  return {values, function};
}

}  // namespace thrust
