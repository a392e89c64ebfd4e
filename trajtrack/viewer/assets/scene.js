// The canvas with the image, boxes, trails and labels.

import { ErrorKind, Reason } from "./content.js";
import { shortened } from "./timeline.js";

const TRAIL_FRAMES = 60;
const TRAIL_PARTS = [0.75, 0.42, 0.2]; // opacity, from the newest third to the oldest
const TRAIL_STEP = 5; // pixels of the screen
const LABEL_HEIGHT = 16;
const LABEL_WIDTH = 150;
const LABEL_FONT = '600 11px system-ui, -apple-system, "Segoe UI", sans-serif';
const FAINTEST = 0.22; // opacity of a trajectory to which a question attends least
const DASHES = [5, 4];
const TRUTH_DASHES = [3, 3];
const WRONG = "#ff5a64"; // light and dark enough for images of any kind
const SWITCHED = "#ffb02e";
const UNDER = "rgb(0 0 0 / 0.6)"; // beneath lines of the ground truth

export class Scene {
  /** `source` is the index of the result that the scene shows. */
  constructor(canvas, content, camera, images, state, source) {
    Object.assign(this, { canvas, content, camera, images, state, source });
    this.context = canvas.getContext("2d", { alpha: false });
    this.shown = -1; // the frame that the canvas shows
    this.labels = new Map();
  }

  resize() {
    const { clientWidth, clientHeight } = this.canvas;
    this.ratio = Math.min(window.devicePixelRatio || 1, 2);
    this.canvas.width = Math.max(1, Math.round(clientWidth * this.ratio));
    this.canvas.height = Math.max(1, Math.round(clientHeight * this.ratio));
    this.camera.resize(clientWidth, clientHeight);
  }

  /** Draw the current frame; until its image is decoded, the previous frame stays, including its boxes. */
  draw(theme) {
    const image = this.images.get(this.state.frame);
    if (image === undefined) return false;
    this.theme = theme;
    this.shown = this.state.frame;
    const { context, camera } = this;
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.fillStyle = theme.scene;
    context.fillRect(0, 0, camera.width, camera.height);
    this.drawImage(image);
    if (this.state.showUntracked) this.drawUntracked();
    const boxes = this.visibleBoxes(this.source);
    const truth = this.content.hasTruth && this.state.showTruth ? this.truthBoxes() : [];
    if (this.state.showTrails) this.drawTrails(boxes);
    this.drawTruth(truth);
    this.drawBoxes(boxes);
    this.drawPath();
    if (this.state.showLabels) this.drawLabels([...boxes, ...truth.filter((box) => box.note)]);
    return true;
  }

  /**
   * Draw what the scene shows on another canvas: the own one stays unreadable once it has shown a linked file. It has
   * `ratio` pixels for each of the window, which is smaller by `share`; labels and lines keep their size.
   */
  picture(theme, canvas, ratio = this.ratio, share = 1) {
    const own = { context: this.context, camera: this.camera, ratio: this.ratio };
    const context = canvas.getContext("2d", { alpha: false });
    Object.assign(this, { context, camera: this.camera.shrunk(share), ratio });
    this.draw(theme);
    Object.assign(this, own);
    return canvas;
  }

  drawImage(image) {
    const { context, camera, content } = this;
    if (content.size === null) return;
    const [width, height] = content.size;
    const area = [camera.x(0), camera.y(0), width * camera.scale, height * camera.scale];
    if (image !== null) {
      context.imageSmoothingEnabled = camera.scale < 4;
      context.drawImage(image, ...area);
      return;
    }
    context.fillStyle = this.theme.paper;
    context.fillRect(...area);
    context.lineWidth = 1;
    context.strokeStyle = this.theme.line;
    context.strokeRect(...area);
  }

  /** Whether the scene shows a trajectory: one of its result that passes the filters, or a true object. */
  shows(track) {
    const { content, state } = this;
    if (!state.visible[track]) return false;
    return content.isTruth(track) ? state.showTruth : content.trackSources[track] === this.source;
  }

  /** Return the boxes of trajectories of a source within the window, in window coordinates. */
  visibleBoxes(source) {
    const { content, camera, state } = this;
    const found = [];
    const visit = (track, row, x1, y1, x2, y2) => {
      const left = camera.x(x1);
      const top = camera.y(y1);
      const right = camera.x(x2);
      const bottom = camera.y(y2);
      const outside = right < 0 || bottom < 0 || left > camera.width || top > camera.height;
      if (!outside) found.push({ track, row, left, top, width: right - left, height: bottom - top });
    };
    for (let track = 0; track < content.numTracks; track++) {
      if (state.visible[track] && content.trackSources[track] === source) content.visitTrack(track, state.frame, visit);
    }
    if (content.hasTruth && source === this.source) for (const box of found) this.judge(box);
    return found;
  }

  /** Note what the ground truth says about a box. */
  judge(box) {
    const kinds = [ErrorKind.FALSE, ErrorKind.UNCOUNTED];
    const error = this.content.errorAt(box.track, this.state.frame, kinds, this.source);
    if (!this.state.showTruth || error === undefined) return;
    box.kind = error.kind;
    if (error.kind === ErrorKind.FALSE) box.note = `${this.content.shortName(box.track)} false`;
  }

  /** Return the true boxes of the frame, and whether they are missed or their identity switches. */
  truthBoxes() {
    const { content, state, source } = this;
    const boxes = this.visibleBoxes(content.results.length).filter(({ row }) => row >= 0);
    for (const box of boxes) {
      const at = (kind) => content.errorAt(box.track, state.frame, [kind], source);
      const change = at(ErrorKind.SWITCH);
      if (change) {
        box.kind = ErrorKind.SWITCH;
        box.note = `switch ${content.trackIds[change.before]} → ${content.trackIds[change.track]}`;
      } else if (at(ErrorKind.MISS)) {
        box.kind = ErrorKind.MISS;
        box.note = `missed ${content.trackIds[box.track]}`;
      } else if (box.track === state.track) box.note = content.shortName(box.track);
    }
    return boxes;
  }

  drawTruth(boxes) {
    const { context, state } = this;
    context.lineJoin = "miter";
    for (const { track, kind, left, top, width, height } of boxes) {
      const missed = kind === ErrorKind.MISS;
      const strong = kind !== undefined || track === state.track || track === state.hover.track;
      context.globalAlpha = strong || state.track < 0 ? 1 : 0.5;
      if (missed) {
        context.fillStyle = WRONG;
        context.globalAlpha = 0.18;
        context.fillRect(left, top, width, height);
        context.globalAlpha = 1;
      }
      context.lineWidth = strong ? 4 : 2.5;
      context.strokeStyle = UNDER;
      context.strokeRect(left, top, width, height);
      context.setLineDash(TRUTH_DASHES);
      context.lineWidth = strong ? 2.5 : 1.25;
      context.strokeStyle = noteColour(kind) ?? "#ffffff";
      context.strokeRect(left, top, width, height);
      context.setLineDash([]);
    }
    context.globalAlpha = 1;
  }

  drawUntracked() {
    const { context, camera, state, content } = this;
    const outline = (row, x1, y1, x2, y2) =>
      context.rect(camera.x(x1), camera.y(y1), (x2 - x1) * camera.scale, (y2 - y1) * camera.scale);
    context.beginPath();
    content.visitUntracked(state.frame, this.source, (row, ...box) => {
      if (state.labels.has(content.labels[row])) outline(row, ...box);
    });
    context.lineWidth = 1;
    context.strokeStyle = this.theme.untracked;
    context.stroke();
    for (const row of [state.hover.row, state.row]) {
      const own = content.untrackedSources[row - content.untracked] === this.source;
      if (!own || content.frames[row] !== state.frame) continue;
      context.beginPath();
      outline(row, ...content.boxes.subarray(4 * row, 4 * row + 4));
      context.lineWidth = row === state.row ? 3 : 2;
      context.strokeStyle = this.theme.strong;
      context.stroke();
    }
  }

  opacity(track) {
    const { state } = this;
    if (track === state.track || track === state.hover.track) return 1;
    const { emphasis } = state;
    return (state.track < 0 ? 1 : 0.5) * (emphasis === null ? 1 : FAINTEST + (1 - FAINTEST) * emphasis[track]);
  }

  lineWidth(track) {
    const { emphasis } = this.state;
    return emphasis === null ? 2 : 1 + 4 * emphasis[track];
  }

  /** Draw the recent paths of boxes, newest first; points that are very close on the screen are skipped. */
  drawTrails(boxes) {
    const { context, camera, content, state } = this;
    const part = TRAIL_FRAMES / TRAIL_PARTS.length;
    context.lineWidth = 1.6;
    context.lineJoin = "bevel"; // the fastest to draw
    for (const { track, left, top, width, height } of boxes) {
      if (track === state.track) continue; // its whole path is drawn
      context.strokeStyle = content.cssColours[track];
      let row = content.lastRow(track, state.frame);
      const first = content.firstRowFrom(state.frame - TRAIL_FRAMES, content.offsets[track], row + 1);
      let [x, y] = [left + width / 2, top + height / 2];
      for (const [index, opacity] of TRAIL_PARTS.entries()) {
        const until = Math.max(content.firstRowFrom(state.frame - part * (index + 1), first, row + 1), first);
        context.beginPath();
        context.moveTo(x, y);
        for (; row >= until; row--) {
          const nextX = camera.x(this.middle(row, 0));
          const nextY = camera.y(this.middle(row, 1));
          if (row > first && Math.abs(nextX - x) + Math.abs(nextY - y) < TRAIL_STEP) continue;
          context.lineTo((x = nextX), (y = nextY));
        }
        context.globalAlpha = opacity * this.opacity(track);
        context.stroke();
      }
    }
    context.globalAlpha = 1;
  }

  /** Draw the whole path of the selected trajectory, dotted across gaps. */
  drawPath() {
    const { context, content, state } = this;
    const { track } = state;
    if (track < 0 || !this.shows(track)) return;
    const begin = content.offsets[track];
    const end = content.offsets[track + 1];
    context.lineWidth = 2;
    context.lineJoin = "round";
    context.strokeStyle = content.cssColours[track];
    for (const gaps of [false, true]) {
      context.setLineDash(gaps ? [2, 4] : []);
      context.beginPath();
      for (let row = begin + 1; row < end; row++) {
        if (content.frames[row] - content.frames[row - 1] > 1 !== gaps) continue;
        this.centre(row - 1, "moveTo");
        this.centre(row, "lineTo");
      }
      context.stroke();
    }
    context.setLineDash([]);
    context.fillStyle = content.cssColours[track];
    context.beginPath();
    context.arc(this.camera.x(this.middle(begin, 0)), this.camera.y(this.middle(begin, 1)), 4, 0, 2 * Math.PI);
    context.fill();
  }

  middle(row, axis) {
    return (this.content.boxes[4 * row + axis] + this.content.boxes[4 * row + 2 + axis]) / 2;
  }

  centre(row, operation) {
    this.context[operation](this.camera.x(this.middle(row, 0)), this.camera.y(this.middle(row, 1)));
  }

  drawBoxes(boxes) {
    const { context, content, state } = this;
    context.lineJoin = "miter";
    for (const { track, row, kind, left, top, width, height } of boxes) {
      const selected = track === state.track;
      const colour = content.cssColours[track];
      context.globalAlpha = this.opacity(track) * (kind === ErrorKind.UNCOUNTED ? 0.45 : 1);
      if (kind === ErrorKind.FALSE) {
        context.strokeStyle = WRONG;
        context.lineWidth = 1.5;
        context.strokeRect(left - 3.5, top - 3.5, width + 7, height + 7);
      }
      if (selected) {
        context.strokeStyle = this.theme.halo;
        context.lineWidth = 5.5;
        context.strokeRect(left, top, width, height);
      }
      if (selected || track === state.hover.track) {
        context.fillStyle = colour;
        context.globalAlpha = 0.16;
        context.fillRect(left, top, width, height);
        context.globalAlpha = 1;
      }
      const given = row >= 0 && content.reasons[row] !== Reason.NOT_DETECTED;
      if (!given) context.setLineDash(DASHES);
      context.strokeStyle = colour;
      context.lineWidth = Math.max(selected ? 3 : 0, this.lineWidth(track));
      context.strokeRect(left, top, width, height);
      if (!given) context.setLineDash([]);
    }
    context.globalAlpha = 1;
  }

  /** Label boxes, nearest objects first; labels that would overlap another are omitted. */
  drawLabels(boxes) {
    const { context, content, state, camera } = this;
    context.font = LABEL_FONT;
    context.textBaseline = "middle";
    const urgency = ({ track, note }) =>
      track === state.track ? 3 : track === state.hover.track ? 2 : note ? 1.5 : (state.emphasis?.[track] ?? 0);
    const order = [...boxes].sort((a, b) => urgency(b) - urgency(a) || b.top + b.height - (a.top + a.height));
    const placed = [];
    for (const box of order) {
      const { track, kind } = box;
      const { text, width } = this.label(box.note ?? content.shortName(track));
      const left = Math.min(Math.max(box.left - 1, 0), camera.width - width);
      const above = box.top - LABEL_HEIGHT >= 0;
      const top = above ? box.top - LABEL_HEIGHT : Math.max(box.top, 0);
      const covers = placed.some(
        (other) => Math.abs(other.top - top) < LABEL_HEIGHT && left < other.right + 2 && other.left < left + width + 2,
      );
      if (covers) continue;
      placed.push({ left, right: left + width, top });
      context.globalAlpha = (1 + this.opacity(track)) / 2; // legible even if boxes are faint
      context.fillStyle = noteColour(kind) ?? content.cssColours[track];
      context.fillRect(left, top, width, LABEL_HEIGHT);
      context.fillStyle = "#0b0e12";
      context.fillText(text, left + 4.5, top + LABEL_HEIGHT / 2 + 0.5);
    }
    context.globalAlpha = 1;
  }

  /** Return a text as it fits a label, and the width of the label. */
  label(text) {
    if (!this.labels.has(text)) {
      const short = shortened(this.context, text, LABEL_WIDTH);
      this.labels.set(text, { text: short, width: this.context.measureText(short).width + 9 });
    }
    return this.labels.get(text);
  }

  /** Return the boxes at a position in the window: trajectories before untracked detections, small before large. */
  at(x, y) {
    const { content, camera, state } = this;
    const [px, py] = camera.inImage(x, y);
    const margin = 3 / camera.scale;
    const found = [];
    const visit = (track, row, x1, y1, x2, y2) => {
      if (px < x1 - margin || px > x2 + margin || py < y1 - margin || py > y2 + margin) return;
      found.push({ track, row, area: (x2 - x1) * (y2 - y1) });
    };
    for (let track = 0; track < content.numTracks; track++) {
      if (this.shows(track)) content.visitTrack(track, this.shown, visit);
    }
    const tracked = found.splice(0).sort((a, b) => a.area - b.area);
    if (state.showUntracked) {
      content.visitUntracked(this.shown, this.source, (row, ...box) => {
        if (state.labels.has(content.labels[row])) visit(-1, row, ...box);
      });
    }
    return [...tracked, ...found.sort((a, b) => a.area - b.area)];
  }
}

/** Return the colour of a box with an error, or undefined. */
function noteColour(kind) {
  return { [ErrorKind.MISS]: WRONG, [ErrorKind.FALSE]: WRONG, [ErrorKind.SWITCH]: SWITCHED }[kind];
}
