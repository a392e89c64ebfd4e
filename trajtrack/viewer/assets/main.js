// Puts the page together.

import { loadStory } from "./story.js";
import { ImageCache } from "./images.js";
import { Camera, followPointers } from "./camera.js";
import { Scene } from "./scene.js";
import { Timeline } from "./timeline.js";
import { Details } from "./details.js";
import { Filters } from "./filters.js";
import { Player } from "./player.js";

const byId = (id) => document.getElementById(id);

async function main() {
  const story = await loadStory();
  const state = {
    frame: 0,
    track: -1,
    row: -1,
    hover: { track: -1, row: -1 },
    visible: new Uint8Array(story.numTracks),
    labels: new Set(),
    showTrails: true,
    showLabels: true,
    showUntracked: false,
  };

  let scheduled = false;
  let theme = readTheme();
  const redraw = () => {
    if (scheduled) return;
    scheduled = true;
    requestAnimationFrame(() => {
      scheduled = false;
      draw();
    });
  };

  const images = new ImageCache(story, redraw);
  const camera = new Camera(boundsOf(story));
  const scene = new Scene(byId("scene"), story, camera, images, state);
  const player = new Player(story, state, (frame) => scene.shown === frame, redraw);

  const select = (track, row = -1) => {
    if (track === state.track && row === state.row) return;
    Object.assign(state, { track, row });
    details.draw();
    timeline.invalidate();
    timeline.reveal(track);
    byId("announcement").textContent = details.sentence();
    redraw();
  };
  const clear = () => select(-1);
  const goTo = (track) => {
    select(track);
    if (track >= 0) player.seek(story.start(track));
  };
  const hover = (track, row = -1) => {
    if (track === state.hover.track && row === state.hover.row) return;
    state.hover = { track, row };
    timeline.invalidate();
    redraw();
  };
  const selectRow = (row) => {
    setToggle("show-untracked", true);
    select(-1, row);
    player.seek(story.frames[row]);
  };

  const details = new Details(byId("details"), story, state, { toFrame: (frame) => player.seek(frame), select, selectRow, clear });
  const timeline = new Timeline(
    {
      ruler: byId("ruler"),
      scroller: byId("lanes"),
      spacer: byId("lanes-height"),
      bars: byId("bars"),
      playhead: byId("playhead"),
      none: byId("no-lanes"),
    },
    story,
    state,
    { onSelect: goTo, onHover: hover, onSeek: (frame) => player.seek(frame) },
  );
  timeline.onStale = redraw;
  new Filters(story, state, () => {
    timeline.filter();
    if (state.track >= 0 && !state.visible[state.track]) clear();
    redraw();
  });

  function draw() {
    const drawn = scene.draw(theme);
    if (player.playing) images.prepare(state.frame);
    timeline.draw(theme);
    drawTransport();
    details.drawFrame();
    return drawn;
  }

  function drawTransport() {
    const { frame } = state;
    byId("scrubber").value = frame;
    byId("scrubber").setAttribute("aria-valuetext", `frame ${frame}`);
    byId("position").textContent = story.numFrames ? `${frame} / ${player.lastFrame}` : "no frames";
    byId("play").setAttribute("aria-label", player.playing ? "Pause" : "Play");
    byId("play").classList.toggle("playing", player.playing);
    const missing = story.hasImages && scene.shown === frame && images.get(frame) === null;
    byId("notice").hidden = !missing && story.numRows > 0;
    byId("notice").textContent = missing ? "This frame has no image" : "There are no boxes to show";
  }

  const resize = () => {
    scene.resize();
    timeline.resize();
    redraw();
  };

  followPointers(byId("scene"), camera, {
    onMove: redraw,
    onHover: (x, y) => {
      const [first] = scene.at(x, y);
      byId("scene").style.cursor = first ? "pointer" : "grab";
      if (first) hover(first.track, first.track < 0 ? first.row : -1);
      else hover(-1);
    },
    onLeave: () => hover(-1),
    onClick: (x, y) => {
      const found = scene.at(x, y);
      const isSelected = ({ track, row }) => (track >= 0 ? track === state.track : row === state.row);
      const next = found[(found.findIndex(isSelected) + 1) % found.length];
      if (next === undefined) clear();
      else select(next.track, next.track < 0 ? next.row : -1);
    },
  });

  const onClick = (id, action) => byId(id).addEventListener("click", action);
  const zoom = (factor) => {
    camera.zoom(factor);
    redraw();
  };
  const fit = () => {
    camera.fit();
    redraw();
  };
  onClick("zoom-in", () => zoom(1.4));
  onClick("zoom-out", () => zoom(1 / 1.4));
  onClick("zoom-fit", fit);
  onClick("play", () => player.toggle());
  onClick("to-start", () => player.step(-Infinity));
  onClick("to-end", () => player.step(Infinity));
  onClick("step-back", () => player.step(-1));
  onClick("step-on", () => player.step(1));
  byId("scrubber").max = player.lastFrame;
  byId("scrubber").disabled = player.lastFrame === 0;
  byId("play").disabled = player.lastFrame === 0;
  byId("scrubber").addEventListener("input", (event) => player.seek(event.target.valueAsNumber));
  byId("speed").addEventListener("change", (event) => player.setSpeed(Number(event.target.value)));

  const setToggle = (id, checked) => {
    byId(id).checked = checked;
    byId(id).dispatchEvent(new Event("change"));
  };
  for (const [id, name] of [
    ["show-trails", "showTrails"],
    ["show-labels", "showLabels"],
    ["show-untracked", "showUntracked"],
  ]) {
    byId(id).addEventListener("change", (event) => {
      state[name] = event.target.checked;
      if (name === "showUntracked" && !state[name] && state.row >= 0) clear();
      redraw();
    });
  }
  const numUntracked = story.numRows - story.untracked;
  byId("untracked-count").textContent = String(numUntracked);
  byId("show-untracked").disabled = numUntracked === 0;

  byId("search").addEventListener("submit", (event) => {
    event.preventDefault();
    const id = byId("search-text").value.trim();
    const track = story.trackIds.indexOf(id);
    const hidden = track >= 0 && !state.visible[track];
    byId("search-answer").textContent =
      id === "" || (track >= 0 && !hidden) ? "" : hidden ? `${id} is filtered out` : `no trajectory ${id}`;
    if (track < 0 || hidden) return;
    goTo(track);
    byId("search-text").blur();
  });
  byId("search-text").addEventListener("input", () => (byId("search-answer").textContent = ""));

  onClick("theme", () => {
    const { dataset } = document.documentElement;
    const dark = (dataset.theme ?? (prefersDark.matches ? "dark" : "light")) === "dark";
    dataset.theme = dark ? "light" : "dark";
    retheme();
  });
  const prefersDark = window.matchMedia("(prefers-color-scheme: dark)");
  const retheme = () => {
    theme = readTheme();
    timeline.invalidate();
  };
  prefersDark.addEventListener("change", retheme);
  onClick("help-open", () => byId("help").showModal());

  const nextTrack = (step) => {
    const { lanes } = timeline;
    if (lanes.length === 0) return;
    const lane = lanes.indexOf(state.track);
    const next = lane < 0 ? (step > 0 ? 0 : lanes.length - 1) : Math.min(Math.max(lane + step, 0), lanes.length - 1);
    goTo(lanes[next]);
  };
  const keys = {
    " ": () => player.toggle(),
    ArrowLeft: (event) => player.step(event.shiftKey ? -10 : -1),
    ArrowRight: (event) => player.step(event.shiftKey ? 10 : 1),
    Home: () => player.step(-Infinity),
    End: () => player.step(Infinity),
    ArrowUp: () => nextTrack(-1),
    ArrowDown: () => nextTrack(1),
    Enter: () => state.track >= 0 && goTo(state.track),
    "+": () => zoom(1.4),
    "=": () => zoom(1.4),
    "-": () => zoom(1 / 1.4),
    f: fit,
    t: () => setToggle("show-trails", !state.showTrails),
    l: () => setToggle("show-labels", !state.showLabels),
    u: () => numUntracked && setToggle("show-untracked", !state.showUntracked),
    "/": () => byId("search-text").select(),
    Escape: clear,
    "?": () => byId("help").showModal(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || byId("help").open) return;
    const { target } = event;
    if (target === byId("search-text")) {
      if (event.key === "Escape") target.blur();
      return;
    }
    // What a focused control does with a key goes first; the scrubber does with arrows what the page does.
    if (target.matches("select, button, input, summary") && [" ", "Enter"].includes(event.key)) return;
    if (target.matches("select, input:not(#scrubber, [type=checkbox])") && /^(Arrow|Home|End)/.test(event.key)) return;
    const action = Object.hasOwn(keys, event.key) ? keys[event.key] : undefined;
    if (action === undefined) return;
    event.preventDefault();
    action(event);
  });

  new ResizeObserver(resize).observe(byId("stage"));
  new ResizeObserver(resize).observe(byId("lanes"));
  byId("summary").textContent = summaryOf(story);
  details.draw();
  resize();
  draw();
  document.documentElement.dataset.ready = "";

  // A handle for the console and for scripts.
  window.viewer = {
    get frame() {
      return state.frame;
    },
    get selected() {
      return state.track < 0 ? null : story.trackIds[state.track];
    },
    get playing() {
      return player.playing;
    },
    /** Whether the canvas shows the present frame. */
    get shown() {
      return scene.shown === state.frame;
    },
    seek: (frame) => player.seek(frame),
    select: (id) => goTo(story.trackIds.indexOf(String(id))),
    draw,
    /** Where a place in the image is in the canvas. */
    inWindow: (x, y) => [camera.x(x), camera.y(y)],
  };
}

/** What the scene fits to: the image where its size is known, else what holds all boxes. */
function boundsOf(story) {
  if (story.size !== null) return [0, 0, ...story.size];
  const [left, top, right, bottom] = story.extent;
  return [left, top, Math.max(right, left + 1), Math.max(bottom, top + 1)];
}

function summaryOf(story) {
  const count = (value, noun, plural) => `${value.toLocaleString("en")} ${value === 1 ? noun : plural}`;
  return [
    count(story.numTracks, "trajectory", "trajectories"),
    count(story.numFrames, "frame", "frames"),
    count(story.numRows, "box", "boxes"),
  ].join(" · ");
}

/** The colours of the style sheet that canvases use. */
function readTheme() {
  const style = getComputedStyle(document.documentElement);
  const names = ["scene", "paper", "line", "text", "muted", "strong", "halo", "untracked", "chosen", "hovered"];
  return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
}

main().catch((error) => {
  byId("notice").hidden = false;
  byId("notice").textContent = "This page needs a newer browser";
  throw error;
});
