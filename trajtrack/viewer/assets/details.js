// What is known of the selected trajectory, or of the selected detection.

import { Reason } from "./story.js";

/** Make an element; texts are inserted as text. */
export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

const number = (value) => Number(value.toPrecision(4)).toString();
const count = (value, noun, plural = `${noun}s`) => `${value} ${value === 1 ? noun : plural}`;

export class Details {
  /** `go` has `toFrame(frame)`, `select(track)`, `selectRow(row)` and `clear()`. */
  constructor(element, story, state, go) {
    Object.assign(this, { element, story, state, go });
    this.frameText = null;
  }

  /** Show another selection. */
  draw() {
    const { track, row } = this.state;
    this.frameText = null;
    if (track >= 0) this.element.replaceChildren(...this.trajectory(track));
    else if (row >= 0) this.element.replaceChildren(...this.detection(row));
    else {
      this.element.replaceChildren(
        make("h2", {}, "Selection"),
        make("p", { className: "hint" }, "Click a box or a bar to see what it is."),
      );
    }
    this.drawFrame();
  }

  /** Show what the selected trajectory is in the present frame. */
  drawFrame() {
    if (this.frameText === null) return;
    const { story, state } = this;
    const lines = [];
    story.visitTrack(state.track, state.frame, (track, row, ...box) => lines.push(...this.presence(row, box)));
    if (lines.length === 0) lines.push("Not in this frame.");
    this.frameText.replaceChildren(...lines.map((line) => make("p", {}, line)));
  }

  presence(row, [x1, y1, x2, y2]) {
    const { story, state } = this;
    const place = `${number(x2 - x1)} × ${number(y2 - y1)} at ${number(x1)}, ${number(y1)}`;
    if (row < 0) {
      const before = story.lastRow(state.track, state.frame);
      return [`Interpolated from frame ${story.frames[before]} to ${story.frames[before + 1]}`, place];
    }
    if (story.reasons[row] === Reason.NOT_DETECTED) return ["No detection has this box", place];
    return [`Detected, score ${number(story.scores[row])}`, place];
  }

  heading(title, colour) {
    const chip = make("span", { className: "chip" });
    chip.style.background = colour;
    const close = make("button", { type: "button", className: "icon small", title: "Clear (Esc)", onclick: this.go.clear }, "×");
    close.setAttribute("aria-label", "Clear the selection");
    return make("h2", { className: "selected" }, chip, title, close);
  }

  trajectory(track) {
    const { story, go } = this;
    const start = story.start(track);
    const end = story.end(track);
    const gaps = story.runs(track).slice(1).length;
    const missing = end - start + 1 - new Set(story.frames.subarray(story.offsets[track], story.offsets[track + 1])).size;
    this.frameText = make("div", { className: "now" });
    return [
      this.heading(`Trajectory ${story.trackIds[track]}`, story.cssColours[track]),
      facts([
        ["Class", story.className(story.trackLabels[track])],
        ["Score", number(story.trackScores[track])],
        ["Frames", `${start} to ${end}`],
        ["Detections", String(story.length(track))],
        ["Gaps", gaps === 0 ? "none" : `${gaps}, ${count(missing, "frame")} in all`],
      ]),
      make(
        "div",
        { className: "actions" },
        make("button", { type: "button", onclick: () => go.toFrame(start) }, "Go to start"),
        make("button", { type: "button", onclick: () => go.toFrame(end) }, "Go to end"),
      ),
      make("h3", {}, "In this frame"),
      this.frameText,
    ];
  }

  detection(row) {
    const { story } = this;
    const [x1, y1, x2, y2] = story.boxes.subarray(4 * row, 4 * row + 4);
    return [
      this.heading("Detection without trajectory", "var(--untracked)"),
      this.fate(row),
      facts([
        ["Class", story.className(story.labels[row])],
        ["Score", number(story.scores[row])],
        ["Frame", String(story.frames[row])],
        ["Size", `${number(x2 - x1)} × ${number(y2 - y1)}`],
        ["At", `${number(x1)}, ${number(y1)}`],
      ]),
    ];
  }

  /** Say what became of a detection. */
  fate(row) {
    const { story, go } = this;
    const text = (...parts) => make("p", { className: "fate" }, ...parts);
    switch (story.reasons[row]) {
      case Reason.BELOW_MIN_SCORE:
        return text("Score too low: it took part in nothing.");
      case Reason.TOO_SHORT:
        return text("Path too short: its trajectory was dropped.");
      case Reason.NOT_POSITIVE:
        return text("Not positive: no path through it had a positive sum of scores.");
      case Reason.SUPPRESSED: {
        const other = story.suppressedBy[row];
        const track = story.trackOfRow[other];
        const name = track >= 0 ? `trajectory ${story.trackIds[track]}` : "a detection whose path was too short";
        const show = () => (track >= 0 ? go.select(track) : go.selectRow(other));
        const link = make("button", { type: "button", className: "link", onclick: show }, name);
        return text("Suppressed by ", link, `, overlap ${story.overlap(row, other).toFixed(2)}.`);
      }
      default:
        return text("In no trajectory; why is not known.");
    }
  }

  /** The selection in one sentence. */
  sentence() {
    const { story, state } = this;
    if (state.track >= 0) {
      const { track } = state;
      return (
        `Trajectory ${story.trackIds[track]}, ${story.className(story.trackLabels[track])}, ` +
        `frames ${story.start(track)} to ${story.end(track)}, ${count(story.length(track), "detection")}`
      );
    }
    if (state.row >= 0) return `Detection without trajectory. ${this.fate(state.row).textContent}`;
    return "Nothing selected";
  }
}

function facts(pairs) {
  return make("dl", {}, ...pairs.map(([term, value]) => make("div", {}, make("dt", {}, term), make("dd", {}, value))));
}
