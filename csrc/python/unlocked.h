// Work of the core without the interpreter lock, which Ctrl-C and other signals stop.
#pragma once

#include <pybind11/pybind11.h>

#include <atomic>
#include <memory>
#include <utility>

#include "interruption.h"

namespace trajtrack {

// Stops the work of threads that the interpreter sends no signals: all but the main thread.
class StopFlag {
 public:
  void set() { *value_ = true; }

  // Makes this flag stop all further work of the calling thread.
  void watch() const { watched() = value_; }

  static bool is_set_for_this_thread() { return watched() && *watched(); }
  static bool is_watched_by_this_thread() { return watched() != nullptr; }

 private:
  using Value = std::shared_ptr<std::atomic<bool>>;

  static Value& watched() {
    thread_local Value value;
    return value;
  }

  Value value_ = std::make_shared<std::atomic<bool>>(false);
};

// Releases the interpreter lock. Unlike pybind11's, it can be taken again by the same thread in any interpreter.
class LockRelease {
 public:
  LockRelease() : state_(PyEval_SaveThread()) {}
  LockRelease(const LockRelease&) = delete;
  LockRelease& operator=(const LockRelease&) = delete;
  ~LockRelease() { PyEval_RestoreThread(state_); }

  // Runs the handlers of signals that have arrived. Returns whether one raised an exception, which is then set.
  bool signal_raises() {
    PyEval_RestoreThread(state_);
    const bool raised = PyErr_CheckSignals() != 0;
    state_ = PyEval_SaveThread();
    return raised;
  }

 private:
  PyThreadState* state_;
};

// Returns work(), called without the interpreter lock. Raises what the handler of a signal raises, KeyboardInterrupt
// for Ctrl-C, or KeyboardInterrupt if the thread's flag is set.
template <typename Work>
auto unlocked(const Work& work) {
  try {
    LockRelease released;
    Interruption interruption([&] {
      return StopFlag::is_watched_by_this_thread() ? StopFlag::is_set_for_this_thread() : released.signal_raises();
    });
    const InterruptionScope scope(&interruption);
    return work();
  } catch (const Interrupted&) {
    if (!PyErr_Occurred()) PyErr_SetNone(PyExc_KeyboardInterrupt);
    throw pybind11::error_already_set();
  }
}

}  // namespace trajtrack
