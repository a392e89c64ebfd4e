// The memories of the stand-in's devices. They are accessible only while a device works: an access by the host, past
// the end of an allocation or after it was freed ends the process.
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

// Returns memory filled with nonzero bytes, or null if the device has too little left.
void* allocate(std::size_t bytes, int device, bool from_pool);
void release(void* data);
std::size_t available(int device);

// The place of the allocation that contains all these bytes, if there is one.
std::optional<Place> find(const void* data, std::size_t bytes);

// Makes the memory of a device accessible during its lifetime.
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
