// Details of the selected trajectory or detection.

import { ErrorKind, Reason } from "./content.js";
import { make } from "./elements.js";

const number = (value) => Number(value.toPrecision(4)).toString();
const count = (value, noun, plural = `${noun}s`) => `${value} ${value === 1 ? noun : plural}`;

export class Details {
  /** `go` has the methods `toFrame(frame)`, `select(track)`, `selectRow(row)` and `clear()`. */
  constructor(element, content, state, crops, go) {
    Object.assign(this, { element, content, state, crops, go });
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
    if (content.isTruth(state.track)) return row < 0 ? ["Not annotated in this frame."] : [...this.verdicts(), box];
    return [...this.verdicts(), ...this.origin(row), box];
  }

  /** Say what the comparison with the ground truth says about the selected trajectory in the current frame. */
  verdicts() {
    const { content, state } = this;
    const { track, frame } = state;
    const found = content.errorsByTrack[track].filter(({ first, last }) => first <= frame && frame <= last);
    const id = (other) => content.trackIds[other];
    const by = (source) => (content.results.length > 1 ? ` by ${content.results[source]}` : "");
    const isTruth = content.isTruth(track);
    return found.map(({ kind, source, track: other, truth, before }) => {
      if (kind === ErrorKind.MISS) return `Missed${by(source)}`;
      if (kind === ErrorKind.FALSE) return "False: on no true object";
      if (kind === ErrorKind.UNCOUNTED) return "Does not count: on what the benchmark leaves out";
      if (kind === ErrorKind.SWITCH) return `Identity of true object ${id(truth)} switches from ${id(before)} to ${id(other)}`;
      return isTruth ? `Found${by(source)}, trajectory ${id(other)}` : `On true object ${id(truth)}`;
    });
  }

  /** Say where a box of the selected trajectory comes from. */
  origin(row) {
    const { content, state } = this;
    if (row < 0) {
      const before = content.lastRow(state.track, state.frame);
      return [`Interpolated from frame ${content.frames[before]} to ${content.frames[before + 1]}`];
    }
    if (content.reasons[row] === Reason.NOT_DETECTED) return ["No detection matches this box"];
    return [`Detected, score ${number(content.scores[row])}`];
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
    const isTruth = content.isTruth(track);
    return [
      this.heading(content.fullName(track), content.cssColours[track]),
      facts([
        ...this.classOf(content.trackLabels[track]),
        ...(isTruth ? [] : [["Score", number(content.trackScores[track])]]),
        ["Frames", `${start} to ${end}`],
        [isTruth ? "Boxes" : "Detections", String(content.length(track))],
        ["Gaps", gaps === 0 ? "none" : `${gaps}, ${count(missing, "frame")} in total`],
        ...this.verdictsOf(track),
      ]),
      make(
        "div",
        { className: "actions" },
        make("button", { type: "button", onclick: () => go.toFrame(start) }, "Go to start"),
        make("button", { type: "button", onclick: () => go.toFrame(end) }, "Go to end"),
      ),
      make("h3", {}, "In this frame"),
      this.frameText,
      ...this.crops.of(track),
    ];
  }

  classOf(label) {
    return this.content.hasClasses ? [["Class", this.content.className(label)]] : [];
  }

  /** Count the frames of a trajectory by what the ground truth says. */
  verdictsOf(track) {
    const { content } = this;
    if (!content.hasTruth) return [];
    const sum = (kind, source) =>
      content.errorsByTrack[track]
        .filter((error) => error.kind === kind && error.source === source)
        .reduce((total, { first, last }) => total + last - first + 1, 0);
    if (!content.isTruth(track)) {
      const [found, wrong] = [ErrorKind.MATCH, ErrorKind.FALSE].map((kind) => sum(kind, content.trackSources[track]));
      return [["On true objects", count(found, "frame")], ["False", count(wrong, "frame")]];
    }
    return content.results.flatMap((name, source) => {
      const whose = content.results.length > 1 ? ` by ${name}` : "";
      const switches = sum(ErrorKind.SWITCH, source);
      return [[`Found${whose}`, count(sum(ErrorKind.MATCH, source), "frame") + (switches ? `, ${count(switches, "switch", "switches")}` : "")]];
    });
  }

  detection(row) {
    const { content } = this;
    const [x1, y1, x2, y2] = content.boxes.subarray(4 * row, 4 * row + 4);
    return [
      this.heading("Untracked detection", "var(--untracked)"),
      this.reason(row),
      facts([
        ...this.classOf(content.labels[row]),
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
        const name = track >= 0 ? content.fullName(track).replace("T", "t") : "a detection whose path was too short";
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
      const name = content.hasClasses ? `, ${content.className(content.trackLabels[track])}` : "";
      return (
        `${content.fullName(track)}${name}, frames ${content.start(track)} to ${content.end(track)}, ` +
        count(content.length(track), content.isTruth(track) ? "box" : "detection", content.isTruth(track) ? "boxes" : undefined)
      );
    }
    if (state.row >= 0) return `Untracked detection. ${this.reason(state.row).textContent}`;
    return "Nothing selected";
  }
}

function facts(pairs) {
  return make("dl", {}, ...pairs.map(([term, value]) => make("div", {}, make("dt", {}, term), make("dd", {}, value))));
}
