// Runs the threads of a kernel's blocks on the CPU.
#pragma once

#include <cstdint>
#include <functional>

namespace stand_in {

struct Index {
  unsigned x;
};

// Runs a one-dimensional grid block by block, each thread from one barrier to the next, blocks and threads in random
// order. Aborts the process if the threads of a block wait at different barriers.
void run_grid(unsigned blocks, unsigned threads, const std::function<void()>& kernel);

// For the running thread.
const Index& thread_index();
const Index& block_index();
void wait_for_block();
std::uint32_t exchange_in_warp(unsigned lanes, std::uint32_t value, unsigned distance);

}  // namespace stand_in
