// Saving what the scene shows as a file.

/** Save the canvases, side by side, as a PNG file. */
export async function savePicture(canvases, name) {
  const whole = document.createElement("canvas");
  whole.width = canvases.reduce((sum, { width }) => sum + width, 0);
  whole.height = Math.max(...canvases.map(({ height }) => height));
  let left = 0;
  for (const canvas of canvases) {
    whole.getContext("2d").drawImage(canvas, left, 0);
    left += canvas.width;
  }
  const blob = await new Promise((resolve) => whole.toBlob(resolve, "image/png"));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = `${name.replace(/[^\p{L}\p{N} ._-]+/gu, "-")}.png`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
