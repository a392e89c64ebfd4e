// Filters that decide which trajectories are shown.

import { make } from "./elements.js";

export class Filters {
  constructor(content, state, onChange) {
    Object.assign(this, { content, state, onChange });
    const byId = (id) => document.getElementById(id);
    this.count = byId("filter-count");
    this.reset = byId("filter-reset");
    this.length = byId("min-length");
    this.lengthText = byId("min-length-text");
    this.score = byId("min-score");
    this.scoreText = byId("min-score-text");
    this.prepareSliders();
    this.boxes = this.makeClasses(byId("classes"));
    this.reset.addEventListener("click", () => this.clear());
    this.apply();
  }

  /** Show all trajectories. */
  clear() {
    this.length.value = this.length.min;
    this.score.value = this.score.min;
    for (const box of this.boxes.values()) box.checked = true;
    this.apply();
  }

  prepareSliders() {
    const { content } = this;
    let [longest, low, high] = [1, Infinity, -Infinity];
    for (let track = 0; track < content.numTracks; track++) {
      if (content.isTruth(track)) continue;
      longest = Math.max(longest, content.length(track));
      low = Math.min(low, content.trackScores[track]);
      high = Math.max(high, content.trackScores[track]);
    }
    Object.assign(this.length, { min: 1, max: longest, value: 1, disabled: longest === 1 });
    // Rounded outwards to multiples of the step, so that both extremes can be reached.
    const step = high > low ? 10 ** Math.floor(Math.log10((high - low) / 50)) : 1;
    const onGrid = (count) => Number((count * step).toPrecision(12)); // a slider at its end has exactly this value
    const [least, most] = high > low ? [onGrid(Math.floor(low / step)), onGrid(Math.ceil(high / step))] : [0, 1];
    Object.assign(this.score, { step, min: least, max: most, disabled: !(high > low) });
    this.score.value = this.score.min;
    for (const slider of [this.length, this.score]) slider.addEventListener("input", () => this.apply());
  }

  makeClasses(fieldset) {
    const { content } = this;
    const tracks = new Map();
    content.trackLabels.forEach((label, track) => {
      if (!content.isTruth(track)) tracks.set(label, (tracks.get(label) ?? 0) + 1);
    });
    const boxes = new Map();
    for (const label of content.allLabels) {
      const box = make("input", { type: "checkbox", checked: true, onchange: () => this.apply() });
      boxes.set(label, box);
      const name = make("span", { className: "name" }, content.className(label));
      fieldset.append(make("label", {}, box, name, make("small", {}, String(tracks.get(label) ?? 0))));
    }
    fieldset.hidden = boxes.size < 2;
    return boxes;
  }

  /** Update `state.visible` and `state.labels` from the controls. */
  apply() {
    const { content, state } = this;
    const least = this.length.valueAsNumber;
    const score = this.score.valueAsNumber;
    const atEnd = this.score.value === this.score.min; // no filter, even if rounding put the end above the lowest score
    state.labels = new Set([...this.boxes].filter(([, box]) => box.checked).map(([label]) => label));
    let [shown, all] = [0, 0];
    for (let track = 0; track < content.numTracks; track++) {
      const passes =
        state.labels.has(content.trackLabels[track]) &&
        (content.isTruth(track) || (content.length(track) >= least && (atEnd || content.trackScores[track] >= score)));
      state.visible[track] = passes ? 1 : 0;
      if (content.isTruth(track)) continue;
      all += 1;
      shown += state.visible[track];
    }
    this.lengthText.textContent = String(least);
    this.scoreText.textContent = atEnd ? "any" : String(Number(score.toPrecision(4)));
    this.count.textContent = shown === all ? "" : `${shown} of ${all}`;
    this.reset.hidden = shown === all && state.labels.size === this.boxes.size;
    this.onChange();
  }
}
