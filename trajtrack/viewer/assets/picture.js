// Pictures of what the scenes show, and saving files.

import { make } from "./elements.js";

/** Save the canvases, side by side, as a PNG file. */
export async function savePicture(canvases, name) {
  const whole = sideBySide(canvases);
  save(await new Promise((resolve) => whole.toBlob(resolve, "image/png")), `${name}.png`);
}

/** An empty canvas of the size of another one. */
export function emptyLike({ width, height }) {
  return make("canvas", { width, height });
}

/** Pictures of what the scenes show, side by side on a canvas: one after the other, for a clip. */
export class Pictures {
  /** `ratio` is the number of pixels for each of the window, fewer if the pictures would be wider than `widest`. */
  constructor(scenes, { ratio, widest, isRead }) {
    const width = scenes.reduce((sum, { camera }) => sum + camera.width, 0);
    Object.assign(this, { scenes, ratio, share: Math.min(1, widest / (ratio * width)) });
    const even = (side) => Math.max(2 * Math.floor((side * ratio * this.share) / 2), 2); // as videos require
    this.parts = scenes.map(({ camera }) => emptyLike({ width: even(camera.width), height: even(camera.height) }));
    this.canvas = make("canvas");
    this.canvas.getContext("2d", { alpha: false, willReadFrequently: isRead });
  }

  draw(theme) {
    sideBySide(this.scenes.map((scene, k) => scene.picture(theme, this.parts[k], this.ratio, this.share)), this.canvas);
  }
}

/** Draw canvases beside each other on another one, whose size is left alone if it fits: a recorded one must keep it. */
function sideBySide(canvases, whole = make("canvas")) {
  const width = canvases.reduce((sum, canvas) => sum + canvas.width, 0);
  const height = Math.max(...canvases.map((canvas) => canvas.height));
  if (whole.width !== width || whole.height !== height) Object.assign(whole, { width, height });
  let left = 0;
  for (const canvas of canvases) {
    whole.getContext("2d").drawImage(canvas, left, 0);
    left += canvas.width;
  }
  return whole;
}

export function save(blob, name) {
  const link = make("a", { href: URL.createObjectURL(blob), download: name.replace(/[^\p{L}\p{N} ._-]+/gu, "-") });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
