// A question about the video: candidates with their scores, and the trajectories that decided.

import { make } from "./elements.js";

const MOST_COLUMNS = 8; // trajectories in the map of words by trajectories
const MOST_LISTED = 8;

export class QuestionPanel {
  /** `go` has the methods `goTo(track)`, `toFrame(frame)` and `attend()`, called when other weights are shown. */
  constructor(element, content, state, go) {
    Object.assign(this, { element, content, state, go, question: content.question });
    this.tracks = this.question.trajectories.map(({ track }) => (track === null ? -1 : content.trackIds.indexOf(track)));
    this.model = Math.max(this.question.answers.length - 1, 0);
    this.candidate = this.chosen(this.model);
    this.showsAll = false;
    element.hidden = false;
    document.body.classList.add("asking");
    this.draw();
  }

  /** Show the weights of a model for a candidate. */
  show(model, candidate) {
    Object.assign(this, { model, candidate });
    this.draw();
    this.go.attend();
  }

  chosen(model) {
    const scores = this.question.answers[model]?.scores ?? [];
    return scores.indexOf(Math.max(...scores));
  }

  get answer() {
    return this.question.answers[this.model];
  }

  get weights() {
    return this.answer?.weights?.[this.candidate] ?? null;
  }

  /** Return the indices of the trajectories, by descending weight. */
  ranking() {
    const { weights } = this;
    return weights.map((_, index) => index).sort((a, b) => weights[b] - weights[a] || a - b);
  }

  draw() {
    const { question, weights } = this;
    this.emphasize();
    const parts = [make("h2", {}, "Question"), make("p", { className: "asked" }, question.text), this.candidates()];
    if (weights !== null && weights.length > 0) {
      const ranking = this.ranking();
      parts.push(make("h3", {}, "Attended trajectories", ...this.whose()), this.list(ranking));
      if (this.answer.attention !== null) parts.push(this.map(ranking.slice(0, MOST_COLUMNS)));
    } else if (weights !== null) parts.push(make("p", { className: "hint" }, "The video has no trajectories."));
    else parts.push(make("p", { className: "hint" }, `${this.answer?.model ?? "The model"} has no weights of trajectories.`));
    parts.push(...question.notes.map((note) => make("p", { className: "hint note" }, note)));
    this.element.replaceChildren(...parts);
    this.mark();
  }

  emphasize() {
    const { content, tracks, weights, state } = this;
    state.emphasis = null;
    if (weights === null || weights.length === 0) return;
    state.emphasis = new Float32Array(content.numTracks);
    const highest = Math.max(...weights) || 1;
    tracks.forEach((track, index) => {
      if (track >= 0) state.emphasis[track] = weights[index] / highest;
    });
  }

  /** A row for each candidate, and a column for each model. */
  candidates() {
    const { question } = this;
    const several = question.answers.length > 1;
    const shares = question.answers.map(({ scores }) => softmax(scores));
    const rows = question.candidates.map((text, row) => {
      const name = make("button", { type: "button", className: "candidate", onclick: () => this.show(this.model, row) }, text);
      name.setAttribute("aria-pressed", String(row === this.candidate));
      const mark = row === question.correct ? make("span", { className: "correct", title: "correct" }, "✓") : "";
      const cells = question.answers.map(({ scores, model }, column) => {
        const bar = make("span", { className: "share" });
        bar.style.width = `${100 * shares[column][row]}%`;
        const share = make("span", { className: "meter" }, bar);
        const cell = make("td", {}, make("b", {}, percent(shares[column][row])), share, make("small", {}, scores[row].toFixed(3)));
        cell.title = `${model}: score ${scores[row]}, ${percent(shares[column][row])} of the softmax`;
        if (row === this.chosen(column)) cell.classList.add("chosen");
        cell.addEventListener("click", () => this.show(column, row));
        return cell;
      });
      const line = make("tr", {}, make("th", { scope: "row" }, name, mark), ...cells);
      if (row === this.candidate) line.classList.add("shown");
      return line;
    });
    const heads = question.answers.map(({ model }, column) => this.head(model, column, several));
    const table = make("table", { className: "candidates" }, make("thead", {}, make("tr", {}, make("td", {}), ...heads)));
    table.append(make("tbody", {}, ...rows));
    return make("div", { className: "scrolling" }, table);
  }

  head(model, column, several) {
    const right = this.question.correct !== null && this.chosen(column) === this.question.correct;
    const verdict = this.question.correct === null ? "" : make("small", { className: right ? "right" : "wrong" }, right ? "right" : "wrong");
    const head = make("th", { scope: "col" });
    if (!several) head.append(make("span", {}, model), verdict);
    else {
      const show = () => this.show(column, this.chosen(column));
      const button = make("button", { type: "button", className: "link", onclick: show, title: `Show ${model}'s weights` }, model);
      button.setAttribute("aria-pressed", String(column === this.model));
      head.append(button, verdict);
    }
    return head;
  }

  whose() {
    const text = ` of ${this.question.answers.length > 1 ? `${this.answer.model}, ` : ""}“${this.question.candidates[this.candidate]}”`;
    return [make("small", {}, text)];
  }

  /** The identity of a trajectory; without boxes, its index. */
  number(index) {
    return this.question.trajectories[index].track ?? String(index);
  }

  name(index) {
    return `${this.question.trajectories[index].name} ${this.number(index)}`;
  }

  chip(index) {
    const chip = make("span", { className: "chip" });
    const track = this.tracks[index];
    chip.style.background = track < 0 ? "var(--untracked)" : this.content.cssColours[track];
    return chip;
  }

  select(index) {
    const track = this.tracks[index];
    if (track >= 0) this.go.goTo(track);
    else this.go.toFrame(this.question.trajectories[index].span[0] * this.content.numFrames);
  }

  list(ranking) {
    const { weights, question } = this;
    const shown = this.showsAll ? ranking : ranking.slice(0, MOST_LISTED);
    const items = shown.map((index) => {
      const [start, end] = question.trajectories[index].span;
      const bar = make("span", { className: "share" });
      bar.style.width = `${Math.min(100 * weights[index], 100)}%`;
      const button = make(
        "button",
        { type: "button", onclick: () => this.select(index) },
        make("span", { className: "name" }, this.chip(index), this.name(index)),
        make("small", {}, `${percent(start)} to ${percent(end)}`),
        make("span", { className: "meter" }, bar),
        make("b", {}, percent(weights[index], 1)),
      );
      button.dataset.track = String(this.tracks[index]);
      button.title = `${this.name(index)}, ${percent(start)} to ${percent(end)} of the video: weight ${weights[index]}`;
      return make("li", {}, button);
    });
    const list = make("ol", { className: "attended" }, ...items);
    if (ranking.length <= MOST_LISTED) return list;
    const toggle = () => {
      this.showsAll = !this.showsAll;
      this.draw();
    };
    const text = this.showsAll ? `Only ${MOST_LISTED}` : `All ${ranking.length}`;
    return make("div", {}, list, make("button", { type: "button", className: "link", onclick: toggle }, text));
  }

  /** A heat map with a row for each word and a column for each of some trajectories. */
  map(columns) {
    const values = this.answer.attention[this.candidate];
    const words = this.answer.words[this.candidate];
    const highest = Math.max(...values.flatMap((row) => columns.map((index) => row[index]))) || 1;
    const heads = columns.map((index) => {
      const button = make("button", { type: "button", title: this.name(index), onclick: () => this.select(index) }, this.chip(index));
      button.setAttribute("aria-label", this.name(index));
      button.append(make("span", {}, this.number(index)));
      return make("th", { scope: "col" }, button);
    });
    const rows = words.map((word, row) => {
      const cells = columns.map((index) => {
        const value = values[row][index];
        const cell = make("td", { title: `${word} → ${this.name(index)}: ${percent(value, 1)}` }, String(Math.round(100 * value)));
        cell.style.setProperty("--heat", `${Math.round((100 * value) / highest)}%`);
        if (value / highest > 0.25) cell.classList.add(value / highest > 0.6 ? "hot" : "warm");
        return cell;
      });
      return make("tr", {}, make("th", { scope: "row" }, word), ...cells);
    });
    const table = make("table", { className: "map" }, make("thead", {}, make("tr", {}, make("td", {}), ...heads)), make("tbody", {}, ...rows));
    const title = make("h3", {}, "Words by trajectories ", make("small", {}, "attention in %"));
    return make("div", {}, title, make("div", { className: "scrolling" }, table));
  }

  /** Mark the selected trajectory in the list. */
  mark() {
    for (const button of this.element.querySelectorAll(".attended button")) {
      const selected = this.state.track >= 0 && Number(button.dataset.track) === this.state.track;
      button.classList.toggle("selected", selected);
    }
  }
}

function softmax(scores) {
  const highest = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - highest));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}

function percent(share, digits = 0) {
  return `${(100 * share).toFixed(digits)} %`;
}
