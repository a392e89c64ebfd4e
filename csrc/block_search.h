// Searches of boxes in blocks, whose tests the compiler vectorises.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

// The compiler clones a function for each instruction set, and the loader picks one.
#ifdef TRAJTRACK_HAS_TARGET_CLONES
#define TRAJTRACK_CLONES __attribute__((target_clones("arch=x86-64-v4", "avx2", "default")))
#else
#define TRAJTRACK_CLONES
#endif

// What is called in a vectorised loop has to be inlined, however large it is.
#if defined(__GNUC__)
#define TRAJTRACK_INLINE inline __attribute__((always_inline))
#else
#define TRAJTRACK_INLINE inline
#endif

namespace trajtrack {

inline constexpr std::size_t kBlock = 16;

// A flag, 0 or 1, for each element of a block.
using BlockFlags = std::array<std::uint8_t, kBlock>;

// Appends the positions before `end` whose flag is 1 to the `count` positions in `found`; `flags` are those of the
// block that begins at `block`. Returns the new count. May write one element past what it appends.
inline std::size_t append_flagged(const BlockFlags& flags, std::size_t block, std::size_t end,
                                  std::uint32_t* __restrict found, std::size_t count) {
  for (std::size_t part = 0; part < kBlock; part += sizeof(std::uint64_t)) {
    std::uint64_t any;
    std::memcpy(&any, flags.data() + part, sizeof any);
    if (any == 0) continue;
    for (std::size_t k = part; k < part + sizeof any && block + k < end; ++k) {
      found[count] = static_cast<std::uint32_t>(block + k);
      count += flags[k];
    }
  }
  return count;
}

}  // namespace trajtrack
