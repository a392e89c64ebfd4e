// The frame and the selection in the address of the page, so that a link leads to them.

const DELAY = 250; // milliseconds; browsers limit how often an address changes

export class Address {
  /** `go(frame, track, row)` is called for each link, with -1 for what it does not select. */
  constructor(content, state, go) {
    Object.assign(this, { content, state, go });
    window.addEventListener("hashchange", () => this.read());
  }

  /** Go to where the address leads. */
  read() {
    const { content } = this;
    const asked = new URLSearchParams(location.hash.slice(1));
    const whole = (name) => (/^\d{1,10}$/.test(asked.get(name) ?? "") ? Number(asked.get(name)) : null);
    const source = whole("source") ?? 0;
    const track = content.trackIds.findIndex((id, k) => id === asked.get("track") && content.trackSources[k] === source);
    const row = whole("row") ?? -1;
    const frame = whole("frame");
    if (frame === null && track < 0) return;
    this.go(frame ?? content.start(track), track, row >= content.untracked && row < content.numRows ? row : -1);
  }

  /** Write where the page is, once it stays there. */
  write() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      const address = `#${this.text()}`;
      if (address !== location.hash) history.replaceState(null, "", address);
    }, DELAY);
  }

  text() {
    const { content, state } = this;
    const words = new URLSearchParams({ frame: String(state.frame) });
    if (state.track >= 0) {
      words.set("track", content.trackIds[state.track]);
      if (content.trackSources[state.track] > 0) words.set("source", String(content.trackSources[state.track]));
    } else if (state.row >= 0) words.set("row", String(state.row));
    return words.toString();
  }
}
