// The only definition of when two boxes overlap, for host and device.
#pragma once

#include <cstdint>

#if defined(__FAST_MATH__) || defined(_M_FP_FAST)
#error "trajtrack promises results to the last bit: compile without fast-math"
#endif

#ifdef __CUDACC__
#define TRAJTRACK_HOST_DEVICE __host__ __device__
#else
#define TRAJTRACK_HOST_DEVICE
#endif

namespace trajtrack {

struct Box {
  float x1, y1, x2, y2;
};

TRAJTRACK_HOST_DEVICE inline float minimum(float a, float b) { return a < b ? a : b; }
TRAJTRACK_HOST_DEVICE inline float maximum(float a, float b) { return a < b ? b : a; }

TRAJTRACK_HOST_DEVICE inline float area(Box box) { return (box.x2 - box.x1) * (box.y2 - box.y1); }

// Returns the box with `buffer` times its width and height added on each side.
TRAJTRACK_HOST_DEVICE inline Box grown(Box box, float buffer) {
  const float dx = buffer * (box.x2 - box.x1);
  const float dy = buffer * (box.y2 - box.y1);
  return {box.x1 - dx, box.y1 - dy, box.x2 + dx, box.y2 + dy};
}

// Returns the box moved by `ahead` frames at the mean velocity of its centre from `origin` to `here`, `steps` frames
// apart.
TRAJTRACK_HOST_DEVICE inline Box moved(Box box, Box origin, Box here, std::int64_t steps, std::int64_t ahead) {
  const float share = static_cast<float>(ahead) / static_cast<float>(steps);
  const float dx = ((here.x1 + here.x2) * 0.5f - (origin.x1 + origin.x2) * 0.5f) * share;
  const float dy = ((here.y1 + here.y2) * 0.5f - (origin.y1 + origin.y2) * 0.5f) * share;
  return {box.x1 + dx, box.y1 + dy, box.x2 + dx, box.y2 + dy};
}

// Returns whether the boxes have a positive intersection and an intersection over union of at least `threshold`. Each
// operation is rounded once, in this order. Free of branches, so that loops over it vectorise.
TRAJTRACK_HOST_DEVICE inline bool overlaps(Box a, float area_a, Box b, float area_b, float threshold) {
  const float width = maximum(minimum(a.x2, b.x2) - maximum(a.x1, b.x1), 0.0f);
  const float height = maximum(minimum(a.y2, b.y2) - maximum(a.y1, b.y1), 0.0f);
  const float intersection = width * height;
  const float iou = intersection / ((area_a + area_b) - intersection);
  return (intersection > 0.0f) & (iou >= threshold);
}

// Returns whether two boxes differ by at most a factor of `max_change` in area and in aspect ratio.
TRAJTRACK_HOST_DEVICE inline bool similar_shape(Box a, Box b, float max_change) {
  const float area_a = area(a), area_b = area(b);
  const float aspect_a = (a.x2 - a.x1) * (b.y2 - b.y1);
  const float aspect_b = (b.x2 - b.x1) * (a.y2 - a.y1);
  return (maximum(area_a, area_b) <= max_change * minimum(area_a, area_b)) &
         (maximum(aspect_a, aspect_b) <= max_change * minimum(aspect_a, aspect_b));
}

}  // namespace trajtrack
