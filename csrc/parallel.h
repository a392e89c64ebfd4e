// The only place that starts threads.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "interruption.h"

namespace trajtrack {

// The number of threads for this many boxes: below a limit, threads take longer to start than to work.
inline int useful_threads(std::size_t num_boxes, int num_threads) { return num_boxes < 20'000 ? 1 : num_threads; }

// The number of parts into which work is split: enough that all threads end at about the same time.
inline std::size_t num_parts(int num_threads) {
  return num_threads <= 1 ? 1 : 8 * static_cast<std::size_t>(num_threads);
}

// Threads that are joined on destruction, also when an exception is thrown.
class JoiningThreads {
 public:
  JoiningThreads() = default;
  JoiningThreads(const JoiningThreads&) = delete;
  JoiningThreads& operator=(const JoiningThreads&) = delete;
  ~JoiningThreads() {
    for (std::thread& thread : threads_) thread.join();
  }

  // Returns whether the system had a thread to give.
  template <typename Run>
  bool start(const Run& run) {
    try {
      threads_.emplace_back(run);
    } catch (const std::system_error&) {
      return false;
    }
    return true;
  }

 private:
  std::vector<std::thread> threads_;
};

// Calls work(task) once for every task below `num_tasks`, on at most `num_threads` threads, in no particular order.
// Rethrows the first exception of a task, or Interrupted, after all threads have ended.
template <typename Work>
void parallel_for(std::size_t num_tasks, int num_threads, const Work& work) {
  const std::size_t threads = num_threads < 1 ? 1 : static_cast<std::size_t>(num_threads);
  if (threads == 1 || num_tasks < 2) {
    for (std::size_t task = 0; task < num_tasks; ++task) {
      poll();
      work(task);
    }
    return;
  }
  Interruption* const interruption = InterruptionScope::current();
  std::atomic<std::size_t> next{0};
  std::mutex lock;
  std::condition_variable ended;
  std::size_t num_running = 0;  // of the other threads
  std::exception_ptr failure;
  const auto fail = [&] {
    const std::lock_guard guard(lock);
    if (!failure) failure = std::current_exception();
    next = num_tasks;
  };
  const auto run = [&] {
    try {
      for (std::size_t task = next++; task < num_tasks; task = next++) {
        poll();
        work(task);
      }
    } catch (...) {
      fail();
    }
  };
  const auto run_beside = [&] {
    const InterruptionScope scope(interruption);
    run();
    const std::lock_guard guard(lock);
    --num_running;
    ended.notify_one();
  };
  {
    JoiningThreads others;
    // The threads that there are do all tasks.
    for (std::size_t i = 1; i < threads && i < num_tasks; ++i) {
      {
        const std::lock_guard guard(lock);
        ++num_running;
      }
      if (others.start(run_beside)) continue;
      const std::lock_guard guard(lock);
      --num_running;
      break;
    }
    run();
    // Only this thread can learn that the others are to stop.
    std::unique_lock guard(lock);
    while (!ended.wait_for(guard, Interruption::kInterval, [&] { return num_running == 0; })) {
      guard.unlock();
      try {
        poll();
      } catch (...) {
        fail();
      }
      guard.lock();
    }
  }
  if (failure) std::rethrow_exception(failure);
}

// Splits [0, count) into ranges for the threads and calls work(begin, end) for each.
template <typename Work>
void parallel_ranges(std::size_t count, int num_threads, const Work& work) {
  const std::size_t parts = num_threads <= 1 ? 1 : 4 * static_cast<std::size_t>(num_threads);
  parallel_for(parts, num_threads, [&](std::size_t part) { work(count * part / parts, count * (part + 1) / parts); });
}

}  // namespace trajtrack
