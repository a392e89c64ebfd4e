// Saving what the scene shows as a file.

import { make } from "./elements.js";

/** Save the canvases, side by side, as a PNG file. */
export async function savePicture(canvases, name) {
  const whole = sideBySide(canvases);
  save(await new Promise((resolve) => whole.toBlob(resolve, "image/png")), `${name}.png`);
}

/** Draw canvases beside each other, on another one if there is one. */
function sideBySide(canvases, whole = document.createElement("canvas")) {
  whole.width = canvases.reduce((sum, { width }) => sum + width, 0);
  whole.height = Math.max(...canvases.map(({ height }) => height));
  let left = 0;
  for (const canvas of canvases) {
    whole.getContext("2d").drawImage(canvas, left, 0);
    left += canvas.width;
  }
  return whole;
}

function save(blob, name) {
  const link = make("a", { href: URL.createObjectURL(blob), download: name.replace(/[^\p{L}\p{N} ._-]+/gu, "-") });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
