// The bar between scene and timeline, which makes either of them larger.

const SPLITTER_STEP = 24;
const LEAST = 90; // pixels of the timeline
const KEPT_FOR_REST = 220; // pixels of the rest of the page

/** Let a separator set the height of the timeline, by dragging and with the arrow keys. */
export function followSplitter(separator, timeline) {
  const set = (height) => {
    const most = Math.max(timeline.parentElement.clientHeight - KEPT_FOR_REST, LEAST);
    const rounded = Math.round(Math.min(Math.max(height, LEAST), most));
    document.documentElement.style.setProperty("--timeline", `${rounded}px`);
    separator.setAttribute("aria-valuemin", String(LEAST));
    separator.setAttribute("aria-valuemax", String(most));
    separator.setAttribute("aria-valuenow", String(rounded));
  };
  separator.addEventListener("pointerdown", (event) => separator.setPointerCapture(event.pointerId));
  separator.addEventListener("pointermove", (event) => {
    if (event.buttons === 1) set(timeline.getBoundingClientRect().bottom - event.clientY - separator.clientHeight / 2);
  });
  separator.addEventListener("keydown", (event) => {
    const change = { ArrowUp: SPLITTER_STEP, ArrowDown: -SPLITTER_STEP, Home: Infinity, End: -Infinity }[event.key];
    if (change === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    set(timeline.clientHeight + change);
  });
}
