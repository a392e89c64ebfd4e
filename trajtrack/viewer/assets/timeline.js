// The timeline: one bar per trajectory.

import { ErrorKind } from "./content.js";

const LANE = 22;
const BAR = 10;
const RULER = 25;
const END_MARGIN = 14;
const FEWEST = 8; // frames that a zoomed timeline shows
const WRONG_MARK = "#e5484d";
const SWITCH_MARK = "#f08c00";

/** Orders of the lanes within each source: functions that compare two trajectories. */
const ORDERS = {
  start: (content) => (a, b) => content.start(a) - content.start(b),
  length: (content) => (a, b) => content.length(b) - content.length(a),
  class: (content) => (a, b) => content.className(content.trackLabels[a]).localeCompare(content.className(content.trackLabels[b])),
  number: (content) => (a, b) => Number(BigInt(content.trackIds[a]) > BigInt(content.trackIds[b])) * 2 - 1,
  errors: (content) => {
    const wrong = content.errorsByTrack.map((errors) =>
      errors.filter(({ kind }) => kind <= ErrorKind.SWITCH).reduce((sum, { first, last }) => sum + last - first + 1, 0),
    );
    return (a, b) => wrong[b] - wrong[a];
  },
};
const FONT = '11px system-ui, -apple-system, "Segoe UI", sans-serif';

export class Timeline {
  constructor(elements, content, state, { onSelect, onHover, onSeek }) {
    Object.assign(this, elements, { content, state });
    this.lanes = [];
    this.order = "start";
    this.only = null; // index of the source whose trajectories have lanes, or null for all
    this.whole();
    this.stale = true;
    this.scroller.addEventListener("scroll", () => {
      this.invalidate();
      onHover(-1);
    });
    this.bars.addEventListener("click", (event) => {
      const x = event.clientX - this.bars.getBoundingClientRect().left;
      onSelect(this.trackAt(event), x < this.gutter ? null : this.frameAt(x));
    });
    for (const element of [this.bars, this.ruler]) {
      element.addEventListener("wheel", (event) => this.turn(event, element === this.ruler), { passive: false });
    }
    this.bars.addEventListener("pointermove", (event) => onHover(this.trackAt(event)));
    this.bars.addEventListener("pointerleave", () => onHover(-1));
    const seek = (event) => onSeek(this.frameAt(event.clientX - this.ruler.getBoundingClientRect().left));
    this.ruler.addEventListener("pointerdown", (event) => {
      this.ruler.setPointerCapture(event.pointerId);
      seek(event);
    });
    this.ruler.addEventListener("pointermove", (event) => {
      if (event.buttons === 1) seek(event);
    });
  }

  /** Request a redraw of the bars. */
  invalidate() {
    this.stale = true;
    this.onStale?.();
  }

  /** Zoom with the wheel over the frame numbers or with ctrl; move with shift or sideways. */
  turn(event, zooms) {
    const aside = event.shiftKey ? event.deltaX || event.deltaY : event.deltaX;
    if (event.ctrlKey || (zooms && !event.shiftKey && event.deltaY)) {
      const x = event.clientX - this.ruler.getBoundingClientRect().left;
      this.zoom(Math.exp(-event.deltaY * 0.002), this.positionAt(x));
    } else if (aside) this.move((aside / this.barWidth) * this.span);
    else return;
    event.preventDefault();
  }

  /** Show the whole video. */
  whole() {
    Object.assign(this, { from: 0, span: Math.max(this.content.numFrames, 1) });
    this.invalidate();
  }

  /** Zoom by a factor about a frame. */
  zoom(factor, about = this.state.frame + 0.5) {
    const all = Math.max(this.content.numFrames, 1);
    const span = Math.min(Math.max(this.span / factor, Math.min(FEWEST, all)), all);
    const from = about - ((about - this.from) * span) / this.span;
    this.span = span;
    this.from = 0;
    this.move(from);
  }

  move(frames) {
    this.from = Math.min(Math.max(this.from + frames, 0), Math.max(this.content.numFrames, 1) - this.span);
    this.invalidate();
  }

  /** Return the first and the last frame that are shown. */
  shownFrames() {
    const last = Math.max(this.content.numFrames - 1, 0);
    return [Math.floor(this.from), Math.min(Math.ceil(this.from + this.span) - 1, last)];
  }

  /** Move so that the current frame is shown. */
  follow() {
    const { frame } = this.state;
    if (frame < this.from || frame + 1 > this.from + this.span) this.move(frame - this.span / 10 - this.from);
  }

  /** Sort the lanes, or show those of one source alone. */
  arrange(order, only) {
    Object.assign(this, { order, only });
    this.filter();
    this.reveal(this.state.track);
  }

  /** Show the trajectories that pass the filters. */
  filter() {
    const { content } = this;
    this.lanes = [];
    for (let track = 0; track < content.numTracks; track++) {
      if (this.state.visible[track] && (this.only ?? content.trackSources[track]) === content.trackSources[track]) {
        this.lanes.push(track);
      }
    }
    const compare = ORDERS[this.order](content);
    this.lanes.sort((a, b) => content.trackSources[a] - content.trackSources[b] || compare(a, b) || a - b);
    if (content.hasTruth && this.only === null) this.lanes = withTruths(content, this.lanes, this.state.judged);
    this.spacer.style.height = `${this.lanes.length * LANE}px`;
    this.none.hidden = this.lanes.length > 0;
    this.none.textContent = this.content.numTracks ? "No trajectory matches the filter." : "There are no trajectories.";
    this.invalidate();
  }

  resize() {
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    this.width = this.scroller.clientWidth;
    this.height = this.scroller.clientHeight;
    this.gutter = Math.min(132, Math.round(this.width * 0.24));
    for (const [canvas, height] of [
      [this.ruler, RULER],
      [this.bars, this.height],
    ]) {
      canvas.width = Math.max(1, Math.round(this.width * ratio));
      canvas.height = Math.max(1, Math.round(height * ratio));
      canvas.style.width = `${this.width}px`;
      canvas.style.height = `${height}px`;
      canvas.getContext("2d").setTransform(ratio, 0, 0, ratio, 0, 0);
    }
    this.invalidate();
  }

  get barWidth() {
    return Math.max(this.width - this.gutter - END_MARGIN, 1);
  }

  x(frame) {
    return this.gutter + ((frame - this.from) / this.span) * this.barWidth;
  }

  /** Return the position in the video at x, in frames and parts of them. */
  positionAt(x) {
    return this.from + ((x - this.gutter) / this.barWidth) * this.span;
  }

  frameAt(x) {
    return Math.floor(this.positionAt(x));
  }

  trackAt(event) {
    const y = event.clientY - this.bars.getBoundingClientRect().top + this.scroller.scrollTop;
    return this.lanes[Math.floor(y / LANE)] ?? -1;
  }

  /** Scroll to the lane of a trajectory. */
  reveal(track) {
    const lane = this.lanes.indexOf(track);
    if (lane < 0) return;
    const { scroller } = this;
    const low = lane * LANE;
    if (low < scroller.scrollTop) scroller.scrollTop = low - LANE;
    else if (low + LANE > scroller.scrollTop + this.height) scroller.scrollTop = low + 2 * LANE - this.height;
  }

  draw(theme) {
    if (this.state.frame !== this.followed) this.follow();
    this.followed = this.state.frame;
    const middle = this.x(this.state.frame + 0.5);
    this.playhead.style.transform = `translate(${middle}px, ${this.ruler.offsetTop}px)`;
    this.playhead.hidden = this.content.numFrames === 0 || middle < this.gutter || middle > this.width - END_MARGIN + 1;
    if (!this.stale) return;
    this.stale = false;
    this.drawRuler(theme);
    this.drawBars(theme);
  }

  drawRuler(theme) {
    const context = this.ruler.getContext("2d");
    context.clearRect(0, 0, this.width, RULER);
    context.font = FONT;
    context.textBaseline = "middle";
    context.textAlign = "center";
    const room = this.barWidth / (14 + 7 * String(this.content.numFrames).length);
    const step = niceStep(this.span / Math.max(room, 1));
    const end = Math.min(this.from + this.span, this.content.numFrames);
    for (let frame = Math.ceil(this.from / step) * step; frame < end; frame += step) {
      const x = this.x(frame + 0.5);
      context.fillStyle = theme.line;
      context.fillRect(x - 0.5, RULER - 4, 1, 4);
      context.fillStyle = theme.muted;
      const number = String(frame);
      // A number cut off at the edge would read as another one.
      context.fillText(number, Math.min(x, this.width - context.measureText(number).width / 2 - 1), 8);
    }
    context.textAlign = "start";
    context.fillStyle = theme.muted;
    context.fillText("Trajectory", 12, 8);
  }

  drawBars(theme) {
    const { content, state, width, height, gutter } = this;
    const context = this.bars.getContext("2d");
    context.clearRect(0, 0, width, height);
    context.font = FONT;
    context.textBaseline = "middle";
    const { scrollTop } = this.scroller;
    const last = Math.min(Math.ceil((scrollTop + height) / LANE), this.lanes.length);
    for (let lane = Math.floor(scrollTop / LANE); lane < last; lane++) {
      const track = this.lanes[lane];
      const top = lane * LANE - scrollTop;
      const chosen = track === state.track;
      if (chosen || track === state.hover.track) {
        context.fillStyle = chosen ? theme.chosen : theme.hovered;
        context.fillRect(0, top, width, LANE);
      }
      context.fillStyle = content.cssColours[track];
      context.beginPath();
      context.roundRect(12, top + LANE / 2 - 4, 8, 8, 2);
      context.fill();
      context.fillStyle = chosen ? theme.text : theme.muted;
      context.fillText(shortened(context, content.shortName(track), gutter - 34), 26, top + LANE / 2 + 0.5);
      this.drawBar(context, track, top + (LANE - BAR) / 2);
    }
  }

  drawBar(context, track, top) {
    context.save();
    context.beginPath();
    context.rect(this.gutter, 0, this.barWidth + 2, this.height);
    context.clip();
    this.drawRuns(context, track, top);
    if (this.content.hasTruth) this.drawErrors(context, track, top);
    context.restore();
  }

  /** Mark errors: a line below the frames that are missed or false, and an upright line at a switch. */
  drawErrors(context, track, top) {
    const { content } = this;
    for (const { kind, source, first, last } of content.errorsByTrack[track]) {
      if (kind > ErrorKind.SWITCH || (content.isTruth(track) && source !== this.state.judged)) continue;
      const left = this.x(first);
      context.fillStyle = kind === ErrorKind.SWITCH ? SWITCH_MARK : WRONG_MARK;
      if (kind === ErrorKind.SWITCH) context.fillRect(this.x(first + 0.5) - 1, top - 4, 2.5, BAR + 8);
      else context.fillRect(left, top + BAR + 1, Math.max(this.x(last + 1) - left, 2), 3);
    }
  }

  drawRuns(context, track, top) {
    const { content } = this;
    const runs = content.runs(track);
    const left = this.x(content.start(track));
    const strength = this.state.emphasis === null ? 1 : 0.25 + 0.75 * this.state.emphasis[track];
    context.fillStyle = content.cssColours[track];
    context.globalAlpha = 0.3 * strength;
    context.fillRect(left, top, Math.max(this.x(content.end(track) + 1) - left, 2), BAR);
    context.globalAlpha = strength;
    context.beginPath();
    for (const [first, last] of runs) {
      const begin = this.x(first);
      context.rect(begin, top, Math.max(this.x(last + 1) - begin, 2), BAR);
    }
    context.fill();
    context.globalAlpha = 1;
  }
}

/** Move each true object below the trajectory of a result that finds it in most frames; the others stay at the end. */
function withTruths(content, lanes, source) {
  const frames = new Map(); // of each true object, by trajectory
  for (const { kind, source: own, first, last, track, truth } of content.errors) {
    if (kind !== ErrorKind.MATCH || own !== source) continue;
    if (!frames.has(truth)) frames.set(truth, new Map());
    frames.get(truth).set(track, (frames.get(truth).get(track) ?? 0) + last - first + 1);
  }
  const shown = new Set(lanes);
  const below = new Map();
  const found = new Set();
  for (const truth of lanes.filter((track) => content.isTruth(track))) {
    const finders = [...(frames.get(truth) ?? [])].filter(([track]) => shown.has(track));
    if (finders.length === 0) continue;
    const [finder] = finders.reduce((best, each) => (each[1] > best[1] ? each : best));
    below.set(finder, [...(below.get(finder) ?? []), truth]);
    found.add(truth);
  }
  return lanes.filter((track) => !found.has(track)).flatMap((track) => [track, ...(below.get(track) ?? [])]);
}

function niceStep(least) {
  const power = 10 ** Math.floor(Math.log10(Math.max(least, 1)));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= least);
}

/** Return a text, cut with an ellipsis if it is wider than `width`. */
export function shortened(context, text, width) {
  if (context.measureText(text).width <= width) return text;
  let kept = text.length;
  while (kept > 1 && context.measureText(`${text.slice(0, kept)}…`).width > width) kept--;
  return `${text.slice(0, kept)}…`;
}
