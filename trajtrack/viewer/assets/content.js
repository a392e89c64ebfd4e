// What the page shows: the columns of boxes, and queries by trajectory and frame.

const TRUTH = "rgb(128 138 150)"; // grey, which no trajectory has
const ARRAYS = { i4: Int32Array, f4: Float32Array, f8: Float64Array, i1: Int8Array, u1: Uint8Array };

/** What happened to a detection: the values of `trajtrack.Reason`, and two more. */
export const Reason = {
  LINKED: 0,
  BELOW_MIN_SCORE: 1,
  SUPPRESSED: 2,
  TOO_SHORT: 3,
  NOT_POSITIVE: 4,
  LOW_CONFIDENCE: 5,
  UNKNOWN: 6,
  NOT_DETECTED: 7,
};

/** What the comparison with the ground truth says: the values of `trajtrack.viewer.errors.ErrorKind`. */
export const ErrorKind = { MISS: 0, FALSE: 1, SWITCH: 2, UNCOUNTED: 3, MATCH: 4 };

/** Decode the base64 text of an element. */
export function bytesInElement(element) {
  const text = atob(element.textContent);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

export async function loadContent() {
  const about = JSON.parse(document.getElementById("description").textContent);
  const packed = new Blob([bytesInElement(document.getElementById("columns"))]);
  const stream = packed.stream().pipeThrough(new DecompressionStream("gzip"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const columns = {};
  let offset = 0;
  for (const [name, [type, size]] of Object.entries(about.columns)) {
    const column = new ARRAYS[type](size);
    const own = new Uint8Array(column.buffer);
    const width = column.BYTES_PER_ELEMENT;
    for (let byte = 0; byte < width; byte++) {
      for (let i = byte; i < own.length; i += width) own[i] = bytes[offset++];
    }
    columns[name] = column;
  }
  return new Content(about, columns);
}

/**
 * The boxes of a video. A trajectory is identified by its index, a box by its row. Trajectories come from sources: one
 * or two results, and then the ground truth, whose trajectories are the true objects.
 */
export class Content {
  constructor(about, columns) {
    Object.assign(this, columns);
    this.title = about.title;
    this.rate = about.rate;
    this.size = about.size;
    this.extent = about.extent;
    this.hasImages = about.images;
    this.video = about.video; // address of a file with the images, or null if the page holds them
    this.question = about.question;
    this.results = about.results;
    this.metrics = about.metrics;
    this.hasTruth = about.metrics.length > 0;
    this.numFrames = about.numFrames;
    this.numTracks = about.trackIds.length;
    this.numRows = this.frames.length;
    this.trackIds = about.trackIds;
    this.untracked = this.offsets[this.numTracks];
    this.cssColours = about.trackIds.map((_, k) =>
      this.isTruth(k) ? TRUTH : `rgb(${this.colours[3 * k]} ${this.colours[3 * k + 1]} ${this.colours[3 * k + 2]})`,
    );
    this.labelNames = new Map(Object.entries(about.labelNames).map(([label, name]) => [Number(label), name]));
    this.allLabels = [...new Set([...this.trackLabels, ...this.labels])].sort((a, b) => a - b);
    this.hasClasses = this.labelNames.size > 0 || this.allLabels.length > 1;
    this.collectErrors();
    this.trackOfRow = new Int32Array(this.numRows).fill(-1);
    for (let k = 0; k < this.numTracks; k++) this.trackOfRow.fill(k, this.offsets[k], this.offsets[k + 1]);
  }

  /** Arrange the columns of errors as a list, and by trajectory and true object. */
  collectErrors() {
    const columns = ["Kinds", "Sources", "Firsts", "Lasts", "Tracks", "Truths", "Befores"].map((name) => this[`error${name}`]);
    this.errors = Array.from(columns[0], (_, i) => {
      const [kind, source, first, last, track, truth, before] = columns.map((column) => column[i]);
      return { kind, source, first, last, track, truth, before };
    });
    this.errorsByTrack = Array.from({ length: this.numTracks }, () => []);
    for (const error of this.errors) {
      if (error.track >= 0) this.errorsByTrack[error.track].push(error);
      if (error.truth >= 0) this.errorsByTrack[error.truth].push(error);
    }
  }

  /** Whether a trajectory is a true object. */
  isTruth(track) {
    return this.trackSources[track] === this.results.length;
  }

  /** Return the error or match of a kind, of a trajectory or true object in a frame of a result. */
  errorAt(track, frame, kinds, source) {
    return this.errorsByTrack[track].find(
      (error) => error.first <= frame && frame <= error.last && error.source === source && kinds.includes(error.kind),
    );
  }

  start(track) {
    return this.frames[this.offsets[track]];
  }

  end(track) {
    return this.frames[this.offsets[track + 1] - 1];
  }

  length(track) {
    return this.offsets[track + 1] - this.offsets[track];
  }

  className(label) {
    return this.labelNames.get(label) ?? `class ${label}`;
  }

  /** The label of a trajectory on boxes and bars: its ID, and its class if there are several. */
  shortName(track) {
    const mark = this.isTruth(track) ? "GT " : this.results.length > 1 ? `${this.letter(track)} ` : "";
    const id = mark + this.trackIds[track];
    return this.allLabels.length > 1 ? `${id} ${this.className(this.trackLabels[track])}` : id;
  }

  /** The letter of the result of a trajectory, if there are several results. */
  letter(track) {
    return "AB"[this.trackSources[track]];
  }

  /** What a trajectory is called in a sentence. */
  fullName(track) {
    if (this.isTruth(track)) return `True object ${this.trackIds[track]}`;
    return `Trajectory ${this.results.length > 1 ? `${this.letter(track)} ` : ""}${this.trackIds[track]}`;
  }

  /** Return the first row from `begin` to `end` with a frame of at least `frame`, or `end`. */
  firstRowFrom(frame, begin, end) {
    while (begin < end) {
      const middle = (begin + end) >>> 1;
      if (this.frames[middle] < frame) begin = middle + 1;
      else end = middle;
    }
    return begin;
  }

  /** Return the last row of a trajectory in `frame` or earlier, or -1. */
  lastRow(track, frame) {
    const row = this.firstRowFrom(frame + 1, this.offsets[track], this.offsets[track + 1]) - 1;
    return row < this.offsets[track] ? -1 : row;
  }

  /** Call `visit(track, row, x1, y1, x2, y2)` for each box of a trajectory in a frame; row -1 is interpolated. */
  visitTrack(track, frame, visit) {
    if (frame < this.start(track) || frame > this.end(track)) return;
    let row = this.lastRow(track, frame);
    const { frames, boxes } = this;
    if (frames[row] === frame) {
      for (; row >= this.offsets[track] && frames[row] === frame; row--) {
        visit(track, row, boxes[4 * row], boxes[4 * row + 1], boxes[4 * row + 2], boxes[4 * row + 3]);
      }
      return;
    }
    const share = (frame - frames[row]) / (frames[row + 1] - frames[row]);
    const at = (side) => boxes[4 * row + side] + (boxes[4 * row + 4 + side] - boxes[4 * row + side]) * share;
    visit(track, -1, at(0), at(1), at(2), at(3));
  }

  /** Call `visit(row, x1, y1, x2, y2)` for each untracked detection of a result in a frame. */
  visitUntracked(frame, source, visit) {
    const { frames, boxes } = this;
    for (let row = this.firstRowFrom(frame, this.untracked, this.numRows); frames[row] === frame; row++) {
      if (this.untrackedSources[row - this.untracked] !== source) continue;
      visit(row, boxes[4 * row], boxes[4 * row + 1], boxes[4 * row + 2], boxes[4 * row + 3]);
    }
  }

  /** Return the runs of a trajectory without missing frames, as pairs of first and last frame. */
  runs(track) {
    const { frames } = this;
    const runs = [];
    let begin = this.offsets[track];
    for (let row = begin + 1; row <= this.offsets[track + 1]; row++) {
      if (row === this.offsets[track + 1] || frames[row] - frames[row - 1] > 1) {
        runs.push([frames[begin], frames[row - 1]]);
        begin = row;
      }
    }
    return runs;
  }

  /** Return the intersection over union of two rows. */
  overlap(a, b) {
    const { boxes } = this;
    const [left, top, right, bottom] = [0, 1, 2, 3].map((side) =>
      Math[side < 2 ? "max" : "min"](boxes[4 * a + side], boxes[4 * b + side]),
    );
    const area = (row) => (boxes[4 * row + 2] - boxes[4 * row]) * (boxes[4 * row + 3] - boxes[4 * row + 1]);
    const shared = Math.max(right - left, 0) * Math.max(bottom - top, 0);
    return shared > 0 ? shared / (area(a) + area(b) - shared) : 0;
  }
}
