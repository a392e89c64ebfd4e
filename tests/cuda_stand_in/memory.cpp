#include "memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(data, bytes) ((void)(data), (void)(bytes))
#define ASAN_UNPOISON_MEMORY_REGION(data, bytes) ((void)(data), (void)(bytes))
#endif

namespace stand_in {

namespace {

constexpr unsigned char kFill = 0xA5;
// CUDA aligns to more. This is enough, and leaves less unprotected space past the end.
constexpr std::size_t kAlignment = 16;

struct Allocation {
  char* data;
  std::size_t bytes;
  char* pages;  // the data ends in the last of them; an inaccessible page is before and after them
  std::size_t size;
  Place place;

  char* end() const { return data + bytes; }
  char* pages_end() const { return pages + size; }
};

struct Memories {
  std::map<const char*, Allocation> allocations;  // by their data
  std::size_t used[kDevices] = {};
  int opened[kDevices] = {};
};

Memories& memories() {
  static Memories the_memories;
  return the_memories;
}

std::size_t round_up(std::size_t bytes, std::size_t unit) { return (bytes + unit - 1) / unit * unit; }

std::size_t page() {
  static const auto size = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return size;
}

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "CUDA stand-in: %s\n", what);
  std::abort();
}

void allow(const Allocation& allocation, bool access) {
  if (mprotect(allocation.pages, allocation.size, access ? PROT_READ | PROT_WRITE : PROT_NONE) != 0) fail("mprotect");
}

void check_edges(const Allocation& allocation) {
  const auto untouched = [](const char* begin, const char* end) {
    return std::all_of(begin, end, [](char byte) { return static_cast<unsigned char>(byte) == kFill; });
  };
  ASAN_UNPOISON_MEMORY_REGION(allocation.pages, allocation.size);
  if (!untouched(allocation.pages, allocation.data) || !untouched(allocation.end(), allocation.pages_end())) {
    fail("found a write outside an allocation");
  }
}

}  // namespace

void* allocate(std::size_t bytes, int device, bool from_pool) {
  Memories& here = memories();
  if (bytes > kMemory - here.used[device]) return nullptr;
  const std::size_t size = round_up(bytes, page());
  void* const mapped = mmap(nullptr, size + 2 * page(), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) fail("mmap");
  Allocation made{};
  made.pages = static_cast<char*>(mapped) + page();
  made.size = size;
  made.bytes = bytes;
  made.data = made.pages_end() - round_up(bytes, kAlignment);
  made.place = {device, from_pool};
  allow(made, true);
  std::memset(made.pages, kFill, size);
  ASAN_POISON_MEMORY_REGION(made.pages, static_cast<std::size_t>(made.data - made.pages));
  ASAN_POISON_MEMORY_REGION(made.end(), static_cast<std::size_t>(made.pages_end() - made.end()));
  if (here.opened[device] == 0) allow(made, false);
  here.used[device] += bytes;
  here.allocations.emplace(made.data, made);
  return made.data;
}

void release(void* data) {
  Memories& here = memories();
  const auto found = here.allocations.find(static_cast<char*>(data));
  if (found == here.allocations.end()) fail("found a release of memory that is not allocated");
  const Allocation gone = found->second;
  allow(gone, true);
  check_edges(gone);
  munmap(gone.pages - page(), gone.size + 2 * page());
  here.used[gone.place.device] -= gone.bytes;
  here.allocations.erase(found);
}

std::size_t available(int device) { return kMemory - memories().used[device]; }

std::optional<Place> find(const void* data, std::size_t bytes) {
  const auto& allocations = memories().allocations;
  const auto* const begin = static_cast<const char*>(data);
  auto next = allocations.upper_bound(begin);
  if (next == allocations.begin()) return std::nullopt;
  const Allocation& found = (--next)->second;
  if (begin + bytes > found.end() || begin >= found.end()) return std::nullopt;
  return found.place;
}

Opened::Opened(int device) : device_(device) {
  if (memories().opened[device]++ > 0) return;
  for (const auto& [data, each] : memories().allocations) {
    if (each.place.device == device) allow(each, true);
  }
}

Opened::~Opened() {
  if (--memories().opened[device_] > 0) return;
  for (const auto& [data, each] : memories().allocations) {
    if (each.place.device == device_) allow(each, false);
  }
}

}  // namespace stand_in
