// The comparison with the ground truth: metrics, and a list of errors to jump to.

import { ErrorKind } from "./content.js";
import { make } from "./elements.js";

const LISTED = 60; // errors in the list at a time
const KINDS = [
  { kind: ErrorKind.MISS, name: "Misses", className: "miss" },
  { kind: ErrorKind.FALSE, name: "False", className: "false" },
  { kind: ErrorKind.SWITCH, name: "Switches", className: "switch" },
];
const METRICS = [
  ["HOTA", "hota"],
  ["DetA", "deta"],
  ["AssA", "assa"],
  ["MOTA", "mota"],
  ["IDF1", "idf1"],
  ["Precision", "precision"],
  ["Recall", "recall"],
];
const COUNTS = [
  ["Missed boxes", "false_negatives"],
  ["False boxes", "false_positives"],
  ["Switches", "switches"],
  ["Fragments", "fragments"],
];

export class ErrorList {
  /** `go` has the methods `toError(error)` and `judge()`, called when the errors of another result are listed. */
  constructor(element, content, state, go) {
    Object.assign(this, { element, content, state, go });
    this.kinds = new Set(KINDS.map(({ kind }) => kind));
    this.current = null;
    element.hidden = false;
    this.draw();
  }

  get listed() {
    const { content, kinds, state } = this;
    return content.errors.filter(({ kind, source }) => source === state.judged && kinds.has(kind));
  }

  /** Go to the next or the previous error. */
  step(direction) {
    const { listed, state } = this;
    const index = this.current !== null && this.current.first === state.frame ? listed.indexOf(this.current) : -1;
    if (index >= 0) this.show(listed[index + direction]);
    else if (direction > 0) this.show(listed.find(({ first }) => first > state.frame));
    else this.show(listed.findLast(({ first }) => first < state.frame));
  }

  show(error) {
    if (error === undefined) return;
    this.current = error;
    this.go.toError(error);
    this.drawList();
  }

  draw() {
    this.list = make("div");
    this.element.replaceChildren(
      make("h2", {}, "Against the ground truth"),
      this.table(),
      make("div", { className: "kinds", role: "group" }, ...KINDS.map((each) => this.toggle(each))),
      this.list,
    );
    this.drawList();
  }

  /** A row for each metric, and a column for each result. */
  table() {
    const { content, state } = this;
    const several = content.results.length > 1;
    const heads = content.results.map((name, source) => {
      const judge = () => {
        state.judged = source;
        this.current = null;
        this.draw();
        this.go.judge();
      };
      const text = `${"AB"[source]} ${name}`;
      const button = make("button", { type: "button", className: "link", onclick: judge, title: `List the errors of ${name}` }, text);
      button.setAttribute("aria-pressed", String(source === state.judged));
      return make("th", { scope: "col" }, button);
    });
    const row = (name, cells) => {
      const best = several && new Set(cells.map(([value]) => value)).size > 1 ? Math.max(...cells.map(([value]) => value)) : null;
      const shown = cells.map(([value, text]) => make("td", { className: value === best ? "best" : "" }, text));
      return make("tr", {}, make("th", { scope: "row" }, name), ...shown);
    };
    const ratios = METRICS.map(([name, key]) =>
      row(name, content.metrics.map((own) => [own[key], (100 * own[key]).toFixed(1)])),
    );
    const counts = COUNTS.map(([name, key]) =>
      row(name, content.metrics.map((own) => [-own[key], own[key].toLocaleString("en")])),
    );
    const head = several ? [make("thead", {}, make("tr", {}, make("td", {}), ...heads))] : [];
    return make("table", { className: "metrics" }, ...head, make("tbody", {}, ...ratios, ...counts));
  }

  toggle({ kind, name, className }) {
    const number = this.content.errors.filter((error) => error.kind === kind && error.source === this.state.judged).length;
    const press = () => {
      if (!this.kinds.delete(kind)) this.kinds.add(kind);
      button.setAttribute("aria-pressed", String(this.kinds.has(kind)));
      this.drawList();
    };
    const button = make("button", { type: "button", className, onclick: press }, `${name} `, make("b", {}, number.toLocaleString("en")));
    button.setAttribute("aria-pressed", String(this.kinds.has(kind)));
    return button;
  }

  /** List the errors around the current one. */
  drawList() {
    const { listed } = this;
    const index = Math.max(listed.indexOf(this.current), 0);
    const begin = index - (index % LISTED);
    const shown = listed.slice(begin, begin + LISTED);
    const turn = (text, to) =>
      to < 0 || to >= listed.length
        ? ""
        : make("button", { type: "button", className: "link", onclick: () => this.show(listed[to]) }, text);
    const items = shown.map((error) => {
      const button = make(
        "button",
        { type: "button", className: KINDS.find(({ kind }) => kind === error.kind).className, onclick: () => this.show(error) },
        make("span", { className: "frames" }, frames(error)),
        make("span", {}, this.sentence(error)),
      );
      if (error === this.current) button.setAttribute("aria-current", "true");
      return make("li", {}, button);
    });
    const range = listed.length > LISTED ? `${begin + 1} to ${begin + shown.length} of ${listed.length.toLocaleString("en")}` : "";
    this.list.replaceChildren(
      make("ol", { className: "errors" }, ...items),
      shown.length ? "" : make("p", { className: "hint" }, "No errors."),
      make("p", { className: "pages" }, turn("Earlier", begin - LISTED), range, turn("Later", begin + LISTED)),
    );
    // Scrolling it into view would also scroll the selection above out of view.
    const current = this.list.querySelector("[aria-current]");
    const list = this.list.firstChild;
    if (current) list.scrollTop = current.offsetTop - list.offsetTop - list.clientHeight / 2;
  }

  sentence({ kind, track, truth, before }) {
    const id = (index) => this.content.trackIds[index];
    if (kind === ErrorKind.MISS) return `object ${id(truth)} missed`;
    if (kind === ErrorKind.FALSE) return `trajectory ${id(track)} false`;
    return `object ${id(truth)}: ${id(before)} → ${id(track)}`;
  }
}

function frames({ first, last }) {
  return first === last ? String(first) : `${first}–${last}`;
}
