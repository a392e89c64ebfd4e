// The images of frames, decoded on demand.

import { bytesInElement } from "./content.js";

const KEPT = 16; // decoded images of full size
const AHEAD = 6;

/** Return the element of a frame, or null if there is none or it has not arrived whole. */
function elementOf(frame) {
  const element = document.getElementById(`image-${frame}`);
  // While a page is read, its last element may lack a part of its text.
  const isWhole = element?.nextSibling || document.readyState !== "loading";
  return isWhole ? element : null;
}

/** Images by frame: a bitmap, `null` for a frame without image, `undefined` while it is being decoded. */
export class ImageCache {
  constructor(content, whenReady) {
    this.content = content;
    this.whenReady = whenReady;
    this.bitmaps = new Map();
    this.pending = new Set();
    if (content.hasImages) document.addEventListener("DOMContentLoaded", whenReady);
  }

  get(frame) {
    if (!this.content.hasImages) return null;
    if (!this.bitmaps.has(frame)) {
      this.request(frame);
      const mayCome = this.pending.has(frame) || document.readyState === "loading";
      return mayCome ? undefined : null;
    }
    const bitmap = this.bitmaps.get(frame);
    this.bitmaps.delete(frame); // the most recently used is evicted last
    this.bitmaps.set(frame, bitmap);
    return bitmap;
  }

  /** Decode the next frames ahead of playback. */
  prepare(frame) {
    for (let next = frame + 1; this.content.hasImages && next <= frame + AHEAD; next++) this.request(next);
  }

  /** Return the time of a frame. */
  secondsOf(frame) {
    return frame / this.content.rate;
  }

  /** Return the image of a frame once it is decoded, or null; it is not kept. */
  async decode(frame) {
    const element = elementOf(frame);
    if (element === null) return null;
    const type = element.type.split(";")[0];
    return createImageBitmap(new Blob([bytesInElement(element)], { type })).catch(() => null);
  }

  async request(frame) {
    if (this.bitmaps.has(frame) || this.pending.has(frame)) return;
    if (elementOf(frame) === null) return;
    this.pending.add(frame);
    const bitmap = await this.decode(frame);
    this.pending.delete(frame);
    this.bitmaps.set(frame, bitmap);
    for (const [oldest, old] of this.bitmaps) {
      if (this.bitmaps.size <= KEPT) break;
      old?.close();
      this.bitmaps.delete(oldest);
    }
    this.whenReady();
  }
}
