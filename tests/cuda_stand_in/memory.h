// The memories of the stand-in's devices. Nobody can read or write them but while a device works: what the host does
// with them, and what goes past the end of an allocation or comes after it was freed, ends the process.
#pragma once

#include <cstddef>
#include <optional>

namespace stand_in {

inline constexpr int kDevices = 2;
inline constexpr std::size_t kMemory = std::size_t{256} << 20;  // of each device

struct Place {
  int device;
  bool from_pool;
};

// Null where the device has no such memory left. Filled with what is no zero.
void* allocate(std::size_t bytes, int device, bool from_pool);
void release(void* data);
std::size_t available(int device);

// Where the allocation is that holds all these bytes, if there is one.
std::optional<Place> find(const void* data, std::size_t bytes);

// Lets the memory of a device be used for as long as this lives.
class Opened {
 public:
  explicit Opened(int device);
  ~Opened();
  Opened(const Opened&) = delete;
  Opened& operator=(const Opened&) = delete;

 private:
  int device_;
};

}  // namespace stand_in
