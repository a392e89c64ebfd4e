// Stops long work from outside, such as when the user presses Ctrl-C.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <thread>
#include <utility>

namespace trajtrack {

// Thrown by `poll`. Not an error: no handler of errors may swallow it.
struct Interrupted {};

// The thread that makes this object asks `requested` now and then whether to stop; other threads learn the answer from
// this object.
class Interruption {
 public:
  static constexpr std::chrono::milliseconds kInterval{50};

  explicit Interruption(std::function<bool()> requested)
      : requested_(std::move(requested)), owner_(std::this_thread::get_id()) {}

  // Throws Interrupted if there was a request.
  void poll() {
    if (stopped_.load(std::memory_order_relaxed)) throw Interrupted();
    if (std::this_thread::get_id() != owner_) return;
    const auto now = std::chrono::steady_clock::now();
    if (now - last_ < kInterval) return;
    last_ = now;
    if (!requested_()) return;
    stopped_.store(true, std::memory_order_relaxed);
    throw Interrupted();
  }

 private:
  std::function<bool()> requested_;
  std::thread::id owner_;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
  std::atomic<bool> stopped_{false};
};

// Makes `poll` on this thread ask an interruption, which may be null, until the end of the scope. Like an exception, a
// request concerns whatever the thread is doing, so it is no argument of each function on the way.
class InterruptionScope {
 public:
  explicit InterruptionScope(Interruption* interruption) : outer_(current()) { current() = interruption; }
  InterruptionScope(const InterruptionScope&) = delete;
  InterruptionScope& operator=(const InterruptionScope&) = delete;
  ~InterruptionScope() { current() = outer_; }

  static Interruption*& current() {
    thread_local Interruption* interruption = nullptr;
    return interruption;
  }

 private:
  Interruption* outer_;
};

// Throws Interrupted if this thread's work is to stop. Loops over all nodes or frames call it for each frame or for
// about a thousand nodes.
inline void poll() {
  if (Interruption* const interruption = InterruptionScope::current()) interruption->poll();
}

// The same, in the k-th step of a loop with short steps.
inline void poll_at(std::size_t k) {
  if (k % 1024 == 0) poll();
}

}  // namespace trajtrack
