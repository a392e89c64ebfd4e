// Crops of the selected trajectory: what its boxes show over time.

import { make } from "./elements.js";

const MOST = 6;
const HEIGHT = 76; // pixels of the screen
const WIDEST = 80;

export class Crops {
  /** `toFrame(frame)` is called for a click on a crop. */
  constructor(content, images, toFrame) {
    Object.assign(this, { content, images, toFrame });
  }

  /** Return the elements with crops at equal intervals; none if the page has no images. */
  of(track) {
    const { content } = this;
    if (!content.hasImages) return [];
    const begin = content.offsets[track];
    const last = content.offsets[track + 1] - 1 - begin;
    const steps = Math.min(MOST - 1, last);
    const rows = Array.from({ length: steps + 1 }, (_, i) => begin + Math.round((i * last) / Math.max(steps, 1)));
    return [make("h3", {}, "Crops"), make("div", { className: "crops" }, ...rows.map((row) => this.crop(row)))];
  }

  crop(row) {
    const { content } = this;
    const frame = content.frames[row];
    const canvas = make("canvas");
    const button = make("button", { type: "button", title: `Go to frame ${frame}`, onclick: () => this.toFrame(frame) }, canvas);
    button.setAttribute("aria-label", `Go to frame ${frame}`);
    this.paint(canvas, row).then((painted) => (button.hidden = !painted));
    return button;
  }

  async paint(canvas, row) {
    const { content } = this;
    const bitmap = await this.images.decode(content.frames[row], () => canvas.isConnected);
    if (bitmap === null) return false;
    const scale = bitmap.width / content.size[0]; // images may be scaled down
    const [x1, y1, x2, y2] = [...content.boxes.subarray(4 * row, 4 * row + 4)].map((side) => side * scale);
    const [width, height] = [Math.max(x2 - x1, 1), Math.max(y2 - y1, 1)];
    const shrink = Math.min(HEIGHT / height, WIDEST / width);
    canvas.width = Math.max(1, Math.round(width * shrink));
    canvas.height = Math.max(1, Math.round(height * shrink));
    canvas.getContext("2d").drawImage(bitmap, x1, y1, width, height, 0, 0, canvas.width, canvas.height);
    bitmap.close();
    return true;
  }
}
