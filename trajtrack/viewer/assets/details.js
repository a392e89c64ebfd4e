// Details of the selected trajectory or detection.

import { Reason } from "./content.js";

/** Create an element; strings become text nodes, never HTML. */
export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

const number = (value) => Number(value.toPrecision(4)).toString();
const count = (value, noun, plural = `${noun}s`) => `${value} ${value === 1 ? noun : plural}`;

export class Details {
  /** `go` has the methods `toFrame(frame)`, `select(track)`, `selectRow(row)` and `clear()`. */
  constructor(element, content, state, go) {
    Object.assign(this, { element, content, state, go });
    this.frameText = null;
  }

  /** Show the current selection. */
  draw() {
    const { track, row } = this.state;
    this.frameText = null;
    if (track >= 0) this.element.replaceChildren(...this.trajectory(track));
    else if (row >= 0) this.element.replaceChildren(...this.detection(row));
    else {
      this.element.replaceChildren(
        make("h2", {}, "Selection"),
        make("p", { className: "hint" }, "Click a box or a bar for details."),
      );
    }
    this.drawFrame();
  }

  /** Show the selected trajectory in the current frame. */
  drawFrame() {
    if (this.frameText === null) return;
    const { content, state } = this;
    const lines = [];
    content.visitTrack(state.track, state.frame, (track, row, ...box) => lines.push(...this.presence(row, box)));
    if (lines.length === 0) lines.push("Not in this frame.");
    this.frameText.replaceChildren(...lines.map((line) => make("p", {}, line)));
  }

  presence(row, [x1, y1, x2, y2]) {
    const { content, state } = this;
    const box = `${number(x2 - x1)} × ${number(y2 - y1)} at ${number(x1)}, ${number(y1)}`;
    if (row < 0) {
      const before = content.lastRow(state.track, state.frame);
      return [`Interpolated from frame ${content.frames[before]} to ${content.frames[before + 1]}`, box];
    }
    if (content.reasons[row] === Reason.NOT_DETECTED) return ["No detection matches this box", box];
    return [`Detected, score ${number(content.scores[row])}`, box];
  }

  heading(title, colour) {
    const chip = make("span", { className: "chip" });
    chip.style.background = colour;
    const close = make("button", { type: "button", className: "icon small", title: "Clear (Esc)", onclick: this.go.clear }, "×");
    close.setAttribute("aria-label", "Clear the selection");
    return make("h2", { className: "selected" }, chip, title, close);
  }

  trajectory(track) {
    const { content, go } = this;
    const start = content.start(track);
    const end = content.end(track);
    const gaps = content.runs(track).slice(1).length;
    const missing = end - start + 1 - new Set(content.frames.subarray(content.offsets[track], content.offsets[track + 1])).size;
    this.frameText = make("div", { className: "now" });
    return [
      this.heading(`Trajectory ${content.trackIds[track]}`, content.cssColours[track]),
      facts([
        ["Class", content.className(content.trackLabels[track])],
        ["Score", number(content.trackScores[track])],
        ["Frames", `${start} to ${end}`],
        ["Detections", String(content.length(track))],
        ["Gaps", gaps === 0 ? "none" : `${gaps}, ${count(missing, "frame")} in total`],
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
    const { content } = this;
    const [x1, y1, x2, y2] = content.boxes.subarray(4 * row, 4 * row + 4);
    return [
      this.heading("Untracked detection", "var(--untracked)"),
      this.reason(row),
      facts([
        ["Class", content.className(content.labels[row])],
        ["Score", number(content.scores[row])],
        ["Frame", String(content.frames[row])],
        ["Size", `${number(x2 - x1)} × ${number(y2 - y1)}`],
        ["At", `${number(x1)}, ${number(y1)}`],
      ]),
    ];
  }

  /** Explain why a detection is in no trajectory. */
  reason(row) {
    const { content, go } = this;
    const text = (...parts) => make("p", { className: "reason" }, ...parts);
    switch (content.reasons[row]) {
      case Reason.BELOW_MIN_SCORE:
        return text("Score too low: dropped before linking.");
      case Reason.TOO_SHORT:
        return text("Path too short: the trajectory was dropped.");
      case Reason.NOT_POSITIVE:
        return text("Not positive: no path through it has a positive sum of scores.");
      case Reason.LOW_CONFIDENCE:
        return text("Low confidence: the detection, or its whole path, is probably false.");
      case Reason.SUPPRESSED: {
        const other = content.suppressedBy[row];
        const track = content.trackOfRow[other];
        const name = track >= 0 ? `trajectory ${content.trackIds[track]}` : "a detection whose path was too short";
        const show = () => (track >= 0 ? go.select(track) : go.selectRow(other));
        const link = make("button", { type: "button", className: "link", onclick: show }, name);
        return text("Suppressed by ", link, `, overlap ${content.overlap(row, other).toFixed(2)}.`);
      }
      default:
        return text("In no trajectory, for an unknown reason.");
    }
  }

  /** Describe the selection in one sentence, for screen readers. */
  sentence() {
    const { content, state } = this;
    if (state.track >= 0) {
      const { track } = state;
      return (
        `Trajectory ${content.trackIds[track]}, ${content.className(content.trackLabels[track])}, ` +
        `frames ${content.start(track)} to ${content.end(track)}, ${count(content.length(track), "detection")}`
      );
    }
    if (state.row >= 0) return `Untracked detection. ${this.reason(state.row).textContent}`;
    return "Nothing selected";
  }
}

function facts(pairs) {
  return make("dl", {}, ...pairs.map(([term, value]) => make("div", {}, make("dt", {}, term), make("dd", {}, value))));
}
