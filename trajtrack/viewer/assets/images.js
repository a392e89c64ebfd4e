// The images of frames, decoded when they are needed.

import { bytesInElement } from "./story.js";

const KEPT = 16; // decoded, of full size each
const AHEAD = 6;

/** Images by frame: a bitmap, `null` where there is none, `undefined` while it is on its way. */
export class ImageCache {
  constructor(story, whenReady) {
    this.story = story;
    this.whenReady = whenReady;
    this.bitmaps = new Map();
    this.pending = new Set();
    if (story.hasImages) document.addEventListener("DOMContentLoaded", whenReady);
  }

  get(frame) {
    if (!this.story.hasImages) return null;
    if (!this.bitmaps.has(frame)) {
      this.request(frame);
      const mayCome = this.pending.has(frame) || document.readyState === "loading";
      return mayCome ? undefined : null;
    }
    const bitmap = this.bitmaps.get(frame);
    this.bitmaps.delete(frame); // the last asked for is the last to go
    this.bitmaps.set(frame, bitmap);
    return bitmap;
  }

  /** Decode the frames that playing comes to next. */
  prepare(frame) {
    for (let next = frame + 1; this.story.hasImages && next <= frame + AHEAD; next++) this.request(next);
  }

  async request(frame) {
    if (this.bitmaps.has(frame) || this.pending.has(frame)) return;
    const element = document.getElementById(`image-${frame}`);
    if (element === null) return;
    this.pending.add(frame);
    const type = element.type.split(";")[0];
    const bitmap = await createImageBitmap(new Blob([bytesInElement(element)], { type })).catch(() => null);
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
