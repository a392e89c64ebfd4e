// The visible part of the image, and moving it by mouse and touch.

const MARGIN = 16;
const MAX_SCALE = 64;

export class Camera {
  /** `bounds` are left, top, right and bottom of the area that `fit` makes visible, in pixels of the image. */
  constructor(bounds) {
    this.bounds = bounds;
    this.scale = 1;
    this.left = 0;
    this.top = 0;
    this.fits = true;
    this.width = 1;
    this.height = 1;
  }

  resize(width, height) {
    this.width = width;
    this.height = height;
    if (this.fits) this.fit();
  }

  /** Return a camera that shows the same in a window that is smaller by a factor. */
  shrunk(share) {
    const { scale, width, height } = this;
    const small = { scale: scale * share, width: width * share, height: height * share };
    return Object.assign(Object.create(Camera.prototype), this, small);
  }

  fit() {
    const [left, top, right, bottom] = this.bounds;
    const margin = Math.min(MARGIN, this.width / 20, this.height / 20);
    this.fits = true;
    this.scale = Math.min((this.width - 2 * margin) / (right - left), (this.height - 2 * margin) / (bottom - top));
    this.left = (left + right - this.width / this.scale) / 2;
    this.top = (top + bottom - this.height / this.scale) / 2;
  }

  /** Zoom by a factor about the point (x, y) of the window. */
  zoom(factor, x = this.width / 2, y = this.height / 2) {
    const { scale } = this;
    const least = Math.min(this.width / (this.bounds[2] - this.bounds[0]), this.height / (this.bounds[3] - this.bounds[1])) / 8;
    this.scale = Math.min(Math.max(scale * factor, least), MAX_SCALE);
    this.left += x / scale - x / this.scale;
    this.top += y / scale - y / this.scale;
    this.fits = false;
  }

  move(dx, dy) {
    this.left -= dx / this.scale;
    this.top -= dy / this.scale;
    this.fits = false;
  }

  /** Move so that a box is in the window, unless the window shows the whole image. */
  reveal(x1, y1, x2, y2) {
    if (this.fits) return;
    const [left, top, right, bottom] = [this.x(x1), this.y(y1), this.x(x2), this.y(y2)];
    if (left >= 0 && top >= 0 && right <= this.width && bottom <= this.height) return;
    this.move((this.width - left - right) / 2, (this.height - top - bottom) / 2);
  }

  x(pixel) {
    return (pixel - this.left) * this.scale;
  }

  y(pixel) {
    return (pixel - this.top) * this.scale;
  }

  /** Convert a position in the window to one in the image. */
  inImage(x, y) {
    return [this.left + x / this.scale, this.top + y / this.scale];
  }
}

/** Move and zoom by wheel, drag and pinch; call `onClick(x, y)` and `onHover(x, y)` for other pointer events. */
export function followPointers(element, camera, { onMove, onClick, onHover, onLeave }) {
  const pointers = new Map();
  let travelled = 0;
  const position = (event) => {
    const box = element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  element.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
      camera.zoom(Math.exp(-event.deltaY * lines * 0.0016), ...position(event));
      onMove();
    },
    { passive: false },
  );
  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    if (pointers.size === 0) travelled = 0;
    pointers.set(event.pointerId, position(event));
    element.setPointerCapture(event.pointerId);
  });
  element.addEventListener("pointermove", (event) => {
    const now = position(event);
    const before = pointers.get(event.pointerId);
    if (before === undefined) {
      onHover(...now);
      return;
    }
    travelled += Math.hypot(now[0] - before[0], now[1] - before[1]);
    if (pointers.size === 2) {
      const [other] = [...pointers].filter(([id]) => id !== event.pointerId).map(([, point]) => point);
      const distance = (point) => Math.max(Math.hypot(point[0] - other[0], point[1] - other[1]), 1);
      camera.zoom(distance(now) / distance(before), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
    } else if (travelled > 4) {
      camera.move(now[0] - before[0], now[1] - before[1]);
    }
    pointers.set(event.pointerId, now);
    if (travelled > 4) onMove();
  });
  element.addEventListener("pointerup", (event) => {
    if (pointers.delete(event.pointerId) && travelled <= 4) onClick(...position(event));
  });
  element.addEventListener("pointercancel", (event) => pointers.delete(event.pointerId));
  element.addEventListener("pointerleave", onLeave);
}
