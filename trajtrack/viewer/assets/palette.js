// The few colours of a GIF file.

const CELLS = 1 << 15; // colours of 5 bits per channel
const MOST_KEPT = 96;

const cellOf = (red, green, blue) => ((red >> 3) << 10) | ((green >> 3) << 5) | (blue >> 3);

/** Colours that stand for those of images, and the nearest of them to each pixel. */
export class Palette {
  /**
   * `samples` are images as red, green, blue and alpha of each pixel, `kept` are colours that stay exact if the samples
   * have them, and `most` is the number of colours.
   */
  constructor(samples, kept, most) {
    const histogram = new Histogram(samples);
    const exact = kept
      .filter((colour) => histogram.counts[cellOf(...colour)] > 0)
      .sort((a, b) => histogram.counts[cellOf(...b)] - histogram.counts[cellOf(...a)])
      .slice(0, MOST_KEPT);
    this.nearest = new Int16Array(CELLS).fill(-1);
    exact.forEach((colour, index) => {
      this.nearest[cellOf(...colour)] = index;
      histogram.counts[cellOf(...colour)] = 0;
    });
    this.colours = [...exact, ...histogram.split(most - exact.length)];
    this.histogram = histogram;
  }

  /** Return the index of the nearest colour to each pixel. */
  indicesOf(image) {
    const indices = new Uint8Array(image.length / 4);
    for (let i = 0, k = 0; k < indices.length; k++, i += 4) {
      const cell = cellOf(image[i], image[i + 1], image[i + 2]);
      if (this.nearest[cell] < 0) this.nearest[cell] = this.find(this.histogram.mean(cell));
      indices[k] = this.nearest[cell];
    }
    return indices;
  }

  find([red, green, blue]) {
    let [index, least] = [0, Infinity];
    this.colours.forEach((colour, k) => {
      const distance = (colour[0] - red) ** 2 + (colour[1] - green) ** 2 + (colour[2] - blue) ** 2;
      if (distance < least) [index, least] = [k, distance];
    });
    return index;
  }
}

/** How often colours occur, by cell. */
class Histogram {
  constructor(images) {
    this.counts = new Float64Array(CELLS);
    this.sums = new Float64Array(3 * CELLS);
    for (const image of images) {
      for (let i = 0; i < image.length; i += 4) {
        const cell = cellOf(image[i], image[i + 1], image[i + 2]);
        this.counts[cell] += 1;
        for (let axis = 0; axis < 3; axis++) this.sums[3 * cell + axis] += image[i + axis];
      }
    }
  }

  /** Return the mean colour of a cell, or its middle if no image has a colour in it. */
  mean(cell) {
    const count = this.counts[cell];
    if (count > 0) return [0, 1, 2].map((axis) => this.sums[3 * cell + axis] / count);
    return [10, 5, 0].map((shift) => 8 * ((cell >> shift) & 31) + 4);
  }

  /** Return at most a number of colours: halve the group of cells whose squared error is the largest, at its mean. */
  split(most) {
    const cells = [...this.counts.keys()].filter((cell) => this.counts[cell] > 0);
    const groups = [this.group(cells.map((cell) => ({ colour: this.mean(cell), count: this.counts[cell] })))];
    while (groups.length < most) {
      const worst = groups.reduce((a, b) => (b.error > a.error ? b : a));
      if (!(worst.error > 0)) break;
      const { cells, axis, mean } = worst;
      const low = cells.filter(({ colour }) => colour[axis] <= mean[axis]);
      const high = cells.filter(({ colour }) => colour[axis] > mean[axis]);
      if (low.length === 0 || high.length === 0) break; // equal up to rounding
      groups.splice(groups.indexOf(worst), 1, this.group(low), this.group(high));
    }
    return groups.map(({ mean }) => mean.map(Math.round));
  }

  /** Return cells with their mean colour, and the axis with the largest squared error. */
  group(cells) {
    const total = cells.reduce((sum, { count }) => sum + count, 0) || 1;
    const sumOf = (value) =>
      [0, 1, 2].map((axis) => cells.reduce((sum, cell) => sum + cell.count * value(cell, axis), 0));
    const mean = sumOf(({ colour }, axis) => colour[axis]).map((sum) => sum / total);
    const errors = sumOf(({ colour }, axis) => (colour[axis] - mean[axis]) ** 2);
    const axis = errors.indexOf(Math.max(...errors));
    return { cells, mean, axis, error: errors[axis] };
  }
}
