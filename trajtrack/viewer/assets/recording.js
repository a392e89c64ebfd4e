// Moving pictures from a canvas: as a GIF file, and as a video that the browser encodes.

import { make } from "./elements.js";
import { GIF_COLOURS, GifFile } from "./gif.js";
import { Palette } from "./palette.js";
import { LATEST, pause } from "./video.js";

const NUM_SAMPLES = 8; // pictures that determine the colours of a GIF file
const BITS_PER_SECOND = 8_000_000;

/** The kinds of files that a clip can be; those with a `type` are videos, in order of preference. */
const GIF = { name: "GIF", suffix: "gif", type: null };
const VIDEOS = [
  { name: "MP4", suffix: "mp4", type: "video/mp4;codecs=avc1.640033" },
  { name: "WebM", suffix: "webm", type: "video/webm;codecs=vp9" },
  { name: "WebM", suffix: "webm", type: "video/webm;codecs=vp8" },
];

/** Return the kinds of files that this browser can write, one of each name. */
export function clipKinds() {
  const canRecord = "MediaRecorder" in window && "captureStream" in HTMLCanvasElement.prototype;
  const videos = VIDEOS.filter(({ type }) => canRecord && MediaRecorder.isTypeSupported(type));
  return [GIF, ...videos.filter(({ name }, k) => videos.findIndex((other) => other.name === name) === k)];
}

/**
 * Return a GIF file. `view.show(frame)` draws a frame on `view.canvas`; `colours` stay exact where they occur.
 * `onStep(done, total)` is called after each picture and may throw to stop.
 */
export async function writeGif(view, { frames, seconds }, colours, onStep) {
  const samples = [];
  const stride = Math.max(Math.ceil(frames.length / NUM_SAMPLES), 1);
  const total = frames.length + Math.ceil(frames.length / stride);
  let done = 0;
  const pixelsOf = async (frame) => {
    await view.show(frame);
    const { width, height } = view.canvas;
    const { data } = view.canvas.getContext("2d").getImageData(0, 0, width, height);
    onStep((done += 1), total);
    return data;
  };
  for (let k = 0; k < frames.length; k += stride) samples.push(await pixelsOf(frames[k]));
  const palette = new Palette(samples, colours, GIF_COLOURS);
  const file = new GifFile(view.canvas.width, view.canvas.height, palette.colours);
  for (const [k, frame] of frames.entries()) {
    const pixels = await pixelsOf(frame);
    const ticks = [seconds[k], seconds[k + 1]].map((time) => Math.round(100 * time));
    file.add(palette.indicesOf(pixels), Math.min(Math.max(ticks[1] - ticks[0], 1), 65535));
  }
  return file.blob();
}

/** Return a video that the browser records while the frames are shown one after the other, in real time. */
export async function recordVideo(view, { frames, seconds }, type, onStep) {
  await view.show(frames[0]);
  const { width, height } = view.canvas;
  const screen = make("canvas", { width, height }); // what is recorded
  const context = screen.getContext("2d", { alpha: false });
  context.drawImage(view.canvas, 0, 0);
  const stream = screen.captureStream();
  const recorder = new MediaRecorder(stream, { mimeType: type, videoBitsPerSecond: BITS_PER_SECOND });
  const parts = [];
  recorder.ondataavailable = ({ data }) => parts.push(data);
  const ended = new Promise((resolve, reject) => {
    recorder.onstop = resolve;
    recorder.onerror = ({ error }) => reject(error);
  });
  let recorded = 0; // milliseconds
  recorder.start();
  try {
    for (const [k, frame] of frames.entries()) {
      recorder.pause(); // while the frame is drawn, however long its image takes
      await view.show(frame);
      const resumed = performance.now();
      recorder.resume();
      context.drawImage(view.canvas, 0, 0);
      await Promise.race([new Promise(requestAnimationFrame), pause(LATEST)]); // the browser takes it then
      await pause(1000 * seconds[k + 1] - recorded - (performance.now() - resumed));
      recorded += performance.now() - resumed;
      onStep(k + 1, frames.length);
    }
  } finally {
    recorder.stop();
    stream.getTracks().forEach((track) => track.stop());
  }
  await ended;
  return new Blob(parts, { type });
}
