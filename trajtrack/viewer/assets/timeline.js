// The timeline: one bar per trajectory.

const LANE = 22;
const BAR = 10;
const RULER = 25;
const END_MARGIN = 14;
const FONT = '11px system-ui, -apple-system, "Segoe UI", sans-serif';

export class Timeline {
  constructor(elements, content, state, { onSelect, onHover, onSeek }) {
    Object.assign(this, elements, { content, state });
    this.lanes = [];
    this.stale = true;
    this.scroller.addEventListener("scroll", () => {
      this.invalidate();
      onHover(-1);
    });
    this.bars.addEventListener("click", (event) => onSelect(this.trackAt(event)));
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

  /** Show the trajectories that pass the filters. */
  filter() {
    this.lanes = [];
    for (let track = 0; track < this.content.numTracks; track++) if (this.state.visible[track]) this.lanes.push(track);
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

  x(frame) {
    return this.gutter + (frame / Math.max(this.content.numFrames, 1)) * (this.width - this.gutter - END_MARGIN);
  }

  frameAt(x) {
    const share = (x - this.gutter) / (this.width - this.gutter - END_MARGIN);
    return Math.floor(share * this.content.numFrames);
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
    const middle = this.x(this.state.frame + 0.5);
    this.playhead.style.transform = `translateX(${middle}px)`;
    this.playhead.hidden = this.content.numFrames === 0;
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
    const room = (this.width - this.gutter - END_MARGIN) / (14 + 7 * String(this.content.numFrames).length);
    const step = niceStep(this.content.numFrames / Math.max(room, 1));
    for (let frame = 0; frame < this.content.numFrames; frame += step) {
      const x = this.x(frame + 0.5);
      context.fillStyle = theme.line;
      context.fillRect(x - 0.5, RULER - 4, 1, 4);
      context.fillStyle = theme.muted;
      context.fillText(String(frame), x, 8);
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
