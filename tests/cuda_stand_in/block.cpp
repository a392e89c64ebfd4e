#include "block.h"

#include <ucontext.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <numeric>
#include <random>
#include <vector>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

namespace stand_in {

namespace {

constexpr unsigned kWarp = 32;
constexpr std::size_t kStack = std::size_t{256} << 10;

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "CUDA stand-in: %s\n", what);
  std::abort();
}

enum class State { not_begun, ready, at_block_barrier, at_warp_exchange, done };

// A stack that runs threads of a kernel one after another, until one waits.
struct Fiber {
  std::vector<char> stack = std::vector<char>(kStack);
  ucontext_t context{};
  unsigned thread = 0;
  void* fake_stack = nullptr;  // for AddressSanitizer
};

// A thread of a kernel.
struct Thread {
  State state = State::not_begun;
  Fiber* fiber = nullptr;       // while it waits
  std::uint32_t given = 0;      // its value in the exchange of its warp
  unsigned distance = 0;        // to the thread that it exchanges with
  std::uint32_t exchanged = 0;  // copy of `given` once all threads of the warp have given theirs
};

// The state of the running kernel. Only one thread of the host runs kernels at a time.
struct Machine {
  const std::function<void()>* kernel = nullptr;
  std::vector<Thread> threads;
  std::vector<unsigned> order;
  std::size_t begun = 0;  // number of threads begun, in this order
  std::vector<std::unique_ptr<Fiber>> fibers;
  std::vector<Fiber*> idle;
  Fiber* running = nullptr;
  ucontext_t scheduler{};
  void* scheduler_fake_stack = nullptr;
  const void* scheduler_stack = nullptr;
  std::size_t scheduler_stack_size = 0;
  Index thread_index{}, block_index{};
  std::minstd_rand rng;
};

Machine& machine() {
  static Machine the_machine;
  return the_machine;
}

void start_switch([[maybe_unused]] void** fake_stack, [[maybe_unused]] const void* stack,
                  [[maybe_unused]] std::size_t size) {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(fake_stack, stack, size);
#endif
}

void finish_switch([[maybe_unused]] void* fake_stack, [[maybe_unused]] const void** stack,
                   [[maybe_unused]] std::size_t* size) {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(fake_stack, stack, size);
#endif
}

void to_scheduler(Fiber& fiber) {
  Machine& here = machine();
  start_switch(&fiber.fake_stack, here.scheduler_stack, here.scheduler_stack_size);
  swapcontext(&fiber.context, &here.scheduler);
  finish_switch(fiber.fake_stack, &here.scheduler_stack, &here.scheduler_stack_size);
}

// The body of a fiber: begins threads until none is left. While one waits, other fibers begin the rest.
void begin_threads() {
  Machine& here = machine();
  finish_switch(nullptr, &here.scheduler_stack, &here.scheduler_stack_size);
  for (;;) {
    Fiber& fiber = *here.running;
    while (here.begun < here.order.size()) {
      fiber.thread = here.order[here.begun++];
      here.thread_index = {fiber.thread};
      (*here.kernel)();
      here.threads[fiber.thread].state = State::done;
    }
    here.idle.push_back(&fiber);
    to_scheduler(fiber);
  }
}

void resume(Fiber& fiber) {
  Machine& here = machine();
  here.running = &fiber;
  here.thread_index = {fiber.thread};
  start_switch(&here.scheduler_fake_stack, fiber.stack.data(), fiber.stack.size());
  swapcontext(&here.scheduler, &fiber.context);
  finish_switch(here.scheduler_fake_stack, nullptr, nullptr);
  here.running = nullptr;
}

void prepare(Fiber& fiber) {
  getcontext(&fiber.context);
  fiber.context.uc_stack.ss_sp = fiber.stack.data();
  fiber.context.uc_stack.ss_size = fiber.stack.size();
  makecontext(&fiber.context, begin_threads, 0);
}

Fiber& idle_fiber() {
  Machine& here = machine();
  if (here.idle.empty()) {
    here.fibers.push_back(std::make_unique<Fiber>());
    prepare(*here.fibers.back());
    return *here.fibers.back();
  }
  Fiber& found = *here.idle.back();
  here.idle.pop_back();
  return found;
}

std::vector<unsigned> shuffled(unsigned count) {
  std::vector<unsigned> order(count);
  std::iota(order.begin(), order.end(), 0u);
  std::shuffle(order.begin(), order.end(), machine().rng);
  return order;
}

// Lets these threads continue if all of them wait at `state`; returns whether they do.
bool release(unsigned first, unsigned last, State state) {
  auto& threads = machine().threads;
  for (unsigned number = first; number < last; ++number) {
    if (threads[number].state != state) return false;
  }
  for (unsigned number = first; number < last; ++number) {
    if (state == State::at_warp_exchange && threads[number].distance != threads[first].distance) {
      fail("threads of one warp meet at different exchanges");
    }
    threads[number].exchanged = threads[number].given;
    threads[number].state = State::ready;
  }
  return true;
}

void run_block(unsigned count) {
  Machine& here = machine();
  here.threads.assign(count, {});
  here.order = shuffled(count);
  here.begun = 0;
  while (here.begun < count) resume(idle_fiber());
  for (;;) {
    bool any = release(0, count, State::at_block_barrier);
    for (unsigned first = 0; first < count; first += kWarp) {
      any |= release(first, std::min(first + kWarp, count), State::at_warp_exchange);
    }
    if (!any) break;
    for (const unsigned number : here.order) {
      if (here.threads[number].state == State::ready) resume(*here.threads[number].fiber);
    }
  }
  const auto is_done = [](const Thread& thread) { return thread.state == State::done; };
  if (!std::all_of(here.threads.begin(), here.threads.end(), is_done)) {
    fail("threads of one block wait at different barriers, or some wait where others have ended");
  }
}

void wait_as(State state) {
  Machine& here = machine();
  Fiber& fiber = *here.running;
  Thread& thread = here.threads[fiber.thread];
  thread.state = state;
  thread.fiber = &fiber;
  to_scheduler(fiber);
}

}  // namespace

void run_grid(unsigned blocks, unsigned threads, const std::function<void()>& kernel) {
  Machine& here = machine();
  here.kernel = &kernel;
  for (const unsigned block : shuffled(blocks)) {
    here.block_index = {block};
    run_block(threads);
  }
}

const Index& thread_index() { return machine().thread_index; }
const Index& block_index() { return machine().block_index; }

void wait_for_block() { wait_as(State::at_block_barrier); }

std::uint32_t exchange_in_warp(unsigned lanes, std::uint32_t value, unsigned distance) {
  if (lanes != 0xFFFFFFFFu) fail("a warp exchanges values without some of its threads");
  const unsigned number = machine().running->thread;
  machine().threads[number].given = value;
  machine().threads[number].distance = distance;
  wait_as(State::at_warp_exchange);
  return machine().threads[number ^ distance].exchanged;
}

}  // namespace stand_in
