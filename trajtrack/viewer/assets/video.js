// The images of frames from a video file that is beside the page, or that the user chooses.

import { make } from "./elements.js";

const MICROSECONDS = 1e-6;
const PATIENCE = 1000; // milliseconds until a browser is taken for one that does not say what it shows
export const LATEST = 100; // milliseconds

/** Images by frame, as of an `ImageCache`, and the clock of playback: a playing video sets the current frame. */
export class LinkedVideo {
  /**
   * `whenReady()` is called when another image can be drawn, `onFrame(frame)` for each frame of the playing video, and
   * `onFault()` if the browser cannot open the file.
   */
  constructor(content, { whenReady, onFrame, onFault }) {
    Object.assign(this, { rate: content.rate, whenReady, onFrame, onFault });
    let passed = 0;
    this.times = Float64Array.from(content.videoSteps, (step) => MICROSECONDS * (passed += step));
    this.open(content.video);
  }

  /** Open a file, also in place of another one. */
  open(address) {
    this.element?.pause();
    this.address = address;
    this.hasFailed = false;
    this.offset = null; // media time of the first frame, which need not be 0
    this.presented = -1; // the frame that the element shows
    this.target = -1; // the frame that it is to show
    this.isSeeking = false;
    this.advancing = false;
    this.crops = null;
    this.element = this.load();
    this.element.addEventListener("ended", () => this.pause());
    this.element.addEventListener("error", () => {
      this.hasFailed = true;
      this.onFault();
      this.whenReady();
    });
    this.begin(this.element);
  }

  load() {
    return make("video", { muted: true, playsInline: true, preload: "auto", src: this.address });
  }

  /** Wait for the first image, whose time is that of frame 0. */
  async begin(element) {
    const time = await firstTime(element);
    if (element !== this.element) return;
    this.offset = time;
    this.presented = 0;
    this.whenReady();
  }

  /** Return what can be drawn: null if a frame has no image, `undefined` until the video shows it. */
  get(frame) {
    if (this.hasFailed || frame >= this.times.length) return null;
    if (this.presented === frame || this.advancing) return this.element;
    this.seek(frame);
    return undefined;
  }

  /** Return the time of a frame; those after the last image follow at the frame rate. */
  secondsOf(frame) {
    const { times, rate } = this;
    const last = times.length - 1;
    return frame <= last ? times[frame] : (times[last] ?? 0) + (frame - Math.max(last, 0)) / rate;
  }

  /** Images of a video are not decoded ahead. */
  prepare() {}

  /** Show a frame, or go there next if another one is still awaited. */
  async seek(frame) {
    this.target = frame;
    const { element } = this;
    if (this.offset === null || this.isSeeking) return;
    this.isSeeking = true;
    this.presented = -1;
    while (this.presented !== this.target && element === this.element && !this.advancing) {
      const { target } = this;
      await shows(element, this.middleOf(target));
      this.presented = target;
    }
    this.isSeeking = false;
    this.whenReady();
  }

  /** Return a time at which a frame is shown, far from those of its neighbours. */
  middleOf(frame) {
    const { times, offset } = this;
    const step = frame + 1 < times.length ? times[frame + 1] - times[frame] : frame > 0 ? times[frame] - times[frame - 1] : 0;
    return offset + times[frame] + step / 2;
  }

  frameAt(time) {
    const { times } = this;
    let [low, high] = [0, times.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (times[middle] + this.offset <= time + 1e-4) low = middle + 1;
      else high = middle;
    }
    return Math.max(low - 1, 0);
  }

  /** Play from a frame; the video sets the pace while it has images, if the browser says which one it shows. */
  play(frame, speed) {
    const { element } = this;
    const can = this.offset !== null && !this.hasFailed && frame < this.times.length - 1;
    if (!can || !("requestVideoFrameCallback" in element)) return;
    element.playbackRate = speed;
    if (this.presented !== frame || this.advancing) element.currentTime = this.middleOf(frame);
    if (this.advancing) return;
    this.advancing = true;
    element.play().catch(() => this.pause());
    const onImage = (_, { mediaTime }) => {
      if (!this.advancing || element !== this.element) return;
      element.requestVideoFrameCallback(onImage);
      if (!element.seeking) this.onFrame(this.frameAt(mediaTime));
    };
    element.requestVideoFrameCallback(onImage);
  }

  setSpeed(speed) {
    this.element.playbackRate = speed;
  }

  pause() {
    if (!this.advancing) return;
    this.advancing = false;
    this.element.pause();
    this.presented = -1; // it may show a later frame already
  }

  /** Return the image of a frame, or null; by a second element, so that the scene stays. */
  decode(frame, isWanted) {
    this.crops ??= { element: this.load(), last: Promise.resolve() };
    const { crops } = this;
    crops.last = crops.last.then(() => (isWanted() ? this.grab(crops.element, frame) : null)).catch(() => null);
    return crops.last;
  }

  async grab(element, frame) {
    if (this.hasFailed || frame >= this.times.length) return null;
    while (this.offset === null) await pause(LATEST);
    await shows(element, this.middleOf(frame));
    return createImageBitmap(element);
  }
}

/** Go to a time, and wait until the element shows the image of it. */
async function shows(element, time) {
  const isSought = new Promise((resolve) => element.addEventListener("seeked", resolve, { once: true }));
  // Browsers may say that they have arrived before the new image can be drawn.
  const isDrawn = new Promise((resolve) => element.requestVideoFrameCallback?.(resolve));
  element.currentTime = time;
  await isSought;
  await Promise.race([isDrawn, pause(LATEST)]);
}

/** Return the media time of the first image of a video, once it is loaded. */
function firstTime(element) {
  return new Promise((resolve) => {
    element.requestVideoFrameCallback?.((_, { mediaTime }) => resolve(mediaTime));
    // Where a browser does not call back for what is in no window, or at all.
    element.addEventListener("loadeddata", () => pause(PATIENCE).then(() => resolve(element.currentTime)), { once: true });
  });
}

/** Wait for a number of milliseconds. */
export function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
