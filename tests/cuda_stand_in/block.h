// The threads of a kernel's blocks, run on the processor.
#pragma once

#include <cstdint>
#include <functional>

namespace stand_in {

struct Index {
  unsigned x;
};

// Runs a grid of one dimension: block after block, each thread from one barrier to the next, blocks and threads in
// an order of chance. Ends the process where the threads of a block part at a barrier.
void run_grid(unsigned blocks, unsigned threads, const std::function<void()>& kernel);

// For the thread that runs.
const Index& thread_index();
const Index& block_index();
void wait_for_block();
std::uint32_t exchange_in_warp(unsigned lanes, std::uint32_t value, unsigned distance);

}  // namespace stand_in
