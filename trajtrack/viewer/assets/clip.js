// The dialogue that saves a range of frames as a moving picture.

import { save } from "./picture.js";
import { clipKinds, recordVideo, writeGif } from "./recording.js";

/** The most that a clip has: images, frames that they are taken from, images per second, pixels in width. */
const GIF_LIMITS = { images: 300, frames: 1500, rate: 50, width: 800 };
const VIDEO_LIMITS = { seconds: 300, rate: 60, width: 1920 };

/**
 * Return what a clip of the frames from `first` to `last` has: its `frames`, the `seconds` from its beginning to each
 * of them and to its end, and a `note` for the user; or a `fault` if there can be no such clip.
 */
export function planClip(first, last, kind, numFrames, secondsOf) {
  if (!(Number.isInteger(first) && Number.isInteger(last) && 0 <= first && first <= last && last < numFrames)) {
    return { fault: `Expected two frames in order, from 0 to ${numFrames - 1}.` };
  }
  const isVideo = kind.type !== null;
  const count = last - first + 1;
  const duration = secondsOf(last + 1) - secondsOf(first);
  const length = `${count.toLocaleString("en")} ${count === 1 ? "frame" : "frames"}, ${duration.toFixed(1)} s`;
  if (!isVideo && count > GIF_LIMITS.frames) {
    const most = GIF_LIMITS.frames.toLocaleString("en");
    return { fault: `${length}. A GIF can have at most ${most} frames: choose a shorter range.` };
  }
  if (isVideo && duration > VIDEO_LIMITS.seconds) {
    return { fault: `${length}. A video can have at most ${VIDEO_LIMITS.seconds} s: choose a shorter range.` };
  }
  const rate = count / Math.max(duration, 1e-3); // frames of a video may have the same time
  const step = isVideo
    ? Math.ceil(rate / VIDEO_LIMITS.rate - 1e-6)
    : Math.max(Math.ceil(rate / GIF_LIMITS.rate - 1e-6), Math.ceil(count / GIF_LIMITS.images));
  const frames = Array.from({ length: Math.ceil(count / step) }, (_, k) => first + k * step);
  const seconds = [...frames, last + 1].map((frame) => secondsOf(frame) - secondsOf(first));
  const thinned = step > 1 ? ` The clip shows one in ${step} of them.` : "";
  const waits = isVideo ? " It is recorded in real time: keep this page in view." : "";
  return { frames, seconds, note: `${length}.${thinned}${waits}` };
}

export class ClipDialog {
  /**
   * `range()` returns the first and last frame to begin with, `secondsOf(frame)` when a frame is shown, and `colours()`
   * those that stay exact. `begin(options)` returns a `canvas`, `show(frame)`, which draws a frame on it, and `end()`.
   * `onFault(error)` is called with what went wrong.
   */
  constructor(content, { range, secondsOf, begin, colours, onFault }) {
    Object.assign(this, { content, range, secondsOf, begin, colours, onFault });
    const byId = (id) => document.getElementById(id);
    this.dialog = byId("clip");
    this.fields = byId("clip-fields");
    this.first = byId("clip-first");
    this.last = byId("clip-last");
    this.kind = byId("clip-kind");
    this.note = byId("clip-note");
    this.progress = byId("clip-progress");
    this.submit = byId("clip-submit");
    this.close = byId("clip-close");
    this.kinds = clipKinds();
    this.isBusy = false;
    this.kind.append(...this.kinds.map(({ name }, k) => new Option(name, String(k))));
    for (const field of [this.first, this.last]) field.max = Math.max(content.numFrames - 1, 0);
    this.fields.addEventListener("input", () => this.describe());
    byId("clip-form").addEventListener("submit", (event) => {
      event.preventDefault();
      if (!this.isBusy) this.save();
    });
    this.close.addEventListener("click", () => (this.isBusy ? this.stop() : this.dialog.close()));
    this.dialog.addEventListener("cancel", (event) => {
      if (!this.isBusy) return;
      event.preventDefault();
      this.stop();
    });
    this.dialog.addEventListener("close", () => this.stop());
  }

  open() {
    [this.first.value, this.last.value] = this.range();
    this.describe();
    this.dialog.showModal();
  }

  get chosen() {
    return this.kinds[Number(this.kind.value)];
  }

  plan() {
    const [first, last] = [this.first.valueAsNumber, this.last.valueAsNumber];
    return planClip(first, last, this.chosen, this.content.numFrames, this.secondsOf);
  }

  /** Say what the clip will have. */
  describe() {
    const { fault, note } = this.plan();
    this.note.textContent = fault ?? note;
    this.submit.disabled = fault !== undefined;
  }

  stop() {
    this.isStopped = true;
  }

  async save() {
    const plan = this.plan();
    const kind = this.chosen;
    const name = `${this.content.title} ${plan.frames[0]}-${this.last.value}.${kind.suffix}`;
    this.isStopped = false;
    this.setBusy(true);
    const isGif = kind.type === null;
    const view = this.begin({
      ratio: isGif ? 1 : Math.min(window.devicePixelRatio || 1, 2),
      widest: isGif ? GIF_LIMITS.width : VIDEO_LIMITS.width,
      isRead: isGif,
    });
    const onStep = (done, total) => this.advance(done, total);
    try {
      const blob = isGif
        ? await writeGif(view, plan, this.colours(), onStep)
        : await recordVideo(view, plan, kind.type, onStep);
      save(blob, name);
            this.note.textContent = `Saved ${name}: ${plan.frames.length} images, ${(blob.size / 1e6).toFixed(1)} MB.`;
    } catch (error) {
      if (error instanceof Stopped) this.note.textContent = "Cancelled. Nothing was saved.";
      else {
        this.dialog.close();
        this.onFault(error);
      }
    } finally {
      this.setBusy(false);
      view.end();
    }
  }

  advance(done, total) {
    if (this.isStopped) throw new Stopped();
    this.progress.value = done / total;
  }

  setBusy(isBusy) {
    this.isBusy = isBusy;
    this.fields.disabled = isBusy;
    this.submit.disabled = isBusy;
    this.progress.hidden = !isBusy;
    this.progress.value = 0;
    this.close.textContent = isBusy ? "Cancel" : "Close";
    if (!isBusy) return;
    this.note.textContent = "Saving …";
    this.close.focus(); // a disabled button has no focus
  }
}

/** The user has cancelled. */
class Stopped extends Error {}
