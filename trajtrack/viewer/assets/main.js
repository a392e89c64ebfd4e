// Connects the parts of the page.

import { ErrorKind, loadContent } from "./content.js";
import { ImageCache } from "./images.js";
import { LinkedVideo, pause } from "./video.js";
import { Camera, followPointers } from "./camera.js";
import { Scene } from "./scene.js";
import { Timeline } from "./timeline.js";
import { Crops } from "./crops.js";
import { Details } from "./details.js";
import { ErrorList } from "./errors.js";
import { QuestionPanel } from "./question.js";
import { Filters } from "./filters.js";
import { Player } from "./player.js";
import { Address } from "./address.js";
import { Pictures, emptyLike, savePicture } from "./picture.js";
import { ClipDialog } from "./clip.js";
import { followSplitter } from "./splitter.js";

const byId = (id) => document.getElementById(id);

async function main() {
  const content = await loadContent();
  const state = {
    frame: 0,
    track: -1,
    row: -1,
    hover: { track: -1, row: -1 },
    emphasis: null, // by trajectory, from 0 to 1, or null if no question is shown
    visible: new Uint8Array(content.numTracks),
    labels: new Set(),
    showTrails: true,
    showLabels: true,
    showUntracked: false,
    showTruth: true,
    judged: 0, // index of the result whose errors are listed
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

  const images = content.video === null ? new ImageCache(content, redraw) : linkedVideo();
  const camera = new Camera(boundsOf(content));
  const canvases = [byId("scene"), byId("scene-beside")].slice(0, content.results.length);
  const scenes = canvases.map((canvas, source) => new Scene(canvas, content, camera, images, state, source));
  const isShown = (frame) => scenes.every((scene) => scene.shown === frame);
  const player = new Player(content, state, isShown, redraw, content.video === null ? null : images);

  const select = (track, row = -1) => {
    if (track === state.track && row === state.row) return;
    Object.assign(state, { track, row });
    details.draw();
    question?.mark();
    address.write();
    timeline.invalidate();
    timeline.reveal(track);
    byId("announcement").textContent = details.sentence();
    redraw();
  };
  const clear = () => select(-1);
  const goTo = (track, frame = null) => {
    select(track);
    if (track >= 0) player.seek(frame ?? content.start(track));
  };
  /** Select what an error is about, show it in its first frame and move it into the window. */
  const toError = (error) => {
    const track = error.kind === ErrorKind.FALSE ? error.track : error.truth;
    if (!state.visible[track]) filters.clear();
    setToggle("show-truth", true);
    goTo(track, error.first);
    content.visitTrack(track, error.first, (_, row, ...box) => camera.reveal(...box));
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
    player.seek(content.frames[row]);
  };

  const toFrame = (frame) => player.seek(frame);
  const crops = new Crops(content, images, toFrame);
  const address = new Address(content, state, (frame, track, row) => {
    if (row >= 0) setToggle("show-untracked", true);
    select(track, row);
    player.seek(frame);
  });
  const details = new Details(byId("details"), content, state, crops, { toFrame, select, selectRow, clear });
  const timeline = new Timeline(
    {
      ruler: byId("ruler"),
      scroller: byId("lanes"),
      spacer: byId("lanes-height"),
      bars: byId("bars"),
      playhead: byId("playhead"),
      none: byId("no-lanes"),
    },
    content,
    state,
    { onSelect: goTo, onHover: hover, onSeek: toFrame },
  );
  timeline.onStale = redraw;
  const attend = () => {
    timeline.invalidate();
    redraw();
  };
  const question =
    content.question &&
    new QuestionPanel(byId("question"), content, state, { goTo, toFrame, attend });
  const filters = new Filters(content, state, () => {
    timeline.filter();
    if (state.track >= 0 && !state.visible[state.track]) clear();
    redraw();
  });
  const judge = () => {
    timeline.filter();
    redraw();
  };
  const errors = content.hasTruth ? new ErrorList(byId("errors"), content, state, { toError, judge }) : null;

  function askForVideo(error) {
    // Browsers let a page draw a file beside it, but read only what the user has chosen.
    if (content.video === null || error.name !== "SecurityError") throw error;
    showVideoFault("The browser saves pictures of a video only if you choose its file:");
  }

  function showVideoFault(why) {
    byId("video-fault").hidden = false;
    const name = content.video.split("/").at(-1);
    let readable = name;
    try {
      readable = decodeURIComponent(name);
    } catch {
      // A name that is not UTF-8 stays as in the address.
    }
    byId("video-why").textContent = `${why} ${readable}`;
  }

  function linkedVideo() {
    byId("video-file").addEventListener("change", ({ target }) => {
      const [file] = target.files;
      if (file === undefined) return;
      byId("video-fault").hidden = true;
      images.open(URL.createObjectURL(file));
      redraw();
    });
    byId("video-choose").addEventListener("click", () => byId("video-file").click());
    const onFrame = (frame) => player.follow(frame);
    return new LinkedVideo(content, { whenReady: redraw, onFrame, onFault: () => showVideoFault("The browser cannot open") });
  }

  function draw() {
    const drawn = scenes.map((scene) => scene.draw(theme)).every(Boolean);
    if (!player.playing) address.write();
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
    byId("position").textContent = content.numFrames ? `${frame} / ${player.lastFrame}` : "no frames";
    byId("play").setAttribute("aria-label", player.playing ? "Pause" : "Play");
    byId("play").classList.toggle("playing", player.playing);
    const missing = content.hasImages && isShown(frame) && images.get(frame) === null;
    byId("notice").hidden = !missing && content.numRows > 0;
    byId("notice").textContent = missing ? "This frame has no image" : "There are no boxes to show";
  }

  const resize = () => {
    for (const scene of scenes) scene.resize();
    timeline.resize();
    draw(); // at once: a canvas of another size is empty
  };

  for (const scene of scenes) {
    followPointers(scene.canvas, camera, {
      onMove: redraw,
      onHover: (x, y) => {
        const [first] = scene.at(x, y);
        scene.canvas.style.cursor = first ? "pointer" : "grab";
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
  }

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
  const save = async () => {
    draw();
    const pictures = scenes.map((scene) => scene.picture(theme, emptyLike(scene.canvas)));
    await savePicture(pictures, `${content.title} ${state.frame}`).catch(askForVideo);
  };
  onClick("save", save);
  /** Show a frame, and wait until its image is drawn. */
  const settle = async (frame) => {
    player.seek(frame);
    images.prepare(frame);
    do await pause(0); // lets the page answer to keys
    while (!draw());
  };
  const clip = new ClipDialog(content, {
    range: () => (state.track >= 0 ? [content.start(state.track), content.end(state.track)] : timeline.shownFrames()),
    secondsOf: (frame) => images.secondsOf(frame),
    begin: (options) => {
      const { frame } = state;
      const pictures = new Pictures(scenes, options);
      return {
        canvas: pictures.canvas,
        show: async (next) => {
          await settle(next);
          pictures.draw(theme);
        },
        end: () => player.seek(frame),
      };
    },
    colours: () => {
      const colourOf = (track) => [...content.colours.subarray(3 * track, 3 * track + 3)];
      return content.trackIds.flatMap((_, track) => (state.visible[track] ? [colourOf(track)] : []));
    },
    onFault: askForVideo,
  });
  const openClip = () => {
    if (content.numFrames === 0) return;
    player.pause();
    hover(-1);
    clip.open();
  };
  onClick("clip-open", openClip);
  byId("clip-open").disabled = content.numFrames === 0;
  onClick("timeline-in", () => timeline.zoom(2));
  onClick("timeline-out", () => timeline.zoom(1 / 2));
  onClick("timeline-whole", () => timeline.whole());
  const sources = [...content.results.map((name, k) => (content.results.length > 1 ? `${"AB"[k]} ${name}` : name)), "Ground truth"];
  const arrange = () => timeline.arrange(byId("lane-order").value, byId("lane-source").value === "" ? null : Number(byId("lane-source").value));
  sources
    .slice(0, content.results.length + (content.hasTruth ? 1 : 0))
    .forEach((name, source) => byId("lane-source").append(new Option(name, String(source))));
  byId("lane-source").parentElement.hidden = content.results.length === 1 && !content.hasTruth;
  for (const [value, fits] of [["class", content.hasClasses], ["errors", content.hasTruth]]) {
    if (!fits) byId("lane-order").querySelector(`[value=${value}]`).remove();
  }
  for (const id of ["lane-order", "lane-source"]) byId(id).addEventListener("change", arrange);
  followSplitter(byId("splitter"), byId("timeline"));
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
    ["show-truth", "showTruth"],
  ]) {
    byId(id).addEventListener("change", (event) => {
      state[name] = event.target.checked;
      if (name === "showUntracked" && !state[name] && state.row >= 0) clear();
      if (name === "showTruth" && !state[name] && state.track >= 0 && content.isTruth(state.track)) clear();
      redraw();
    });
  }
  const numUntracked = content.numRows - content.untracked;
  byId("untracked-count").textContent = String(numUntracked);
  byId("show-untracked").disabled = numUntracked === 0;

  byId("show-truth").closest("label").hidden = !content.hasTruth;

  byId("search").addEventListener("submit", (event) => {
    event.preventDefault();
    const id = byId("search-text").value.trim();
    // The same number again leads to the trajectory of another source with this number.
    const same = content.trackIds.flatMap((other, k) => (other === id ? [k] : []));
    const track = same[(same.indexOf(state.track) + 1) % same.length] ?? -1;
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
    s: save,
    c: openClip,
    z: () => timeline.zoom(2),
    Z: () => timeline.zoom(1 / 2),
    0: () => timeline.whole(),
    n: () => errors?.step(1),
    p: () => errors?.step(-1),
    g: () => content.hasTruth && setToggle("show-truth", !state.showTruth),
    t: () => setToggle("show-trails", !state.showTrails),
    l: () => setToggle("show-labels", !state.showLabels),
    u: () => numUntracked && setToggle("show-untracked", !state.showUntracked),
    "/": () => byId("search-text").select(),
    Escape: clear,
    "?": () => byId("help").showModal(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const { target } = event;
    if (target === byId("search-text")) {
      if (event.key === "Escape") target.blur();
      return;
    }
    // Keys of a focused control take precedence; the arrow keys of the scrubber do the same as those of the page.
    if (target.matches("select, button, input, summary") && [" ", "Enter"].includes(event.key)) return;
    if (target.matches("select, input:not(#scrubber, [type=checkbox])") && /^(Arrow|Home|End)/.test(event.key)) return;
    const action = Object.hasOwn(keys, event.key) ? keys[event.key] : undefined;
    if (action === undefined) return;
    event.preventDefault();
    action(event);
  });

  new ResizeObserver(resize).observe(byId("stage"));
  new ResizeObserver(resize).observe(byId("lanes"));
  byId("summary").textContent = summaryOf(content);
  if (content.results.length > 1) {
    document.body.classList.add("beside");
    content.results.forEach((name, source) => (byId(`name-${source}`).textContent = `${"AB"[source]} ${name}`));
  }
  details.draw();
  resize();
  address.read();
  document.documentElement.dataset.ready = "";

  // Interface for the console and for scripts.
  window.viewer = {
    get frame() {
      return state.frame;
    },
    get selected() {
      return state.track < 0 ? null : content.trackIds[state.track];
    },
    get playing() {
      return player.playing;
    },
    /** Whether the canvas shows the current frame. */
    get shown() {
      return isShown(state.frame);
    },
    seek: (frame) => player.seek(frame),
    timeline,
    get question() {
      return question;
    },
    select: (id) => goTo(content.trackIds.indexOf(String(id))),
    draw,
    /** Convert a position in the image to one in the canvas. */
    inWindow: (x, y) => [camera.x(x), camera.y(y)],
  };
}

/** Return the area that the scene fits to: the image if its size is known, otherwise the extent of all boxes. */
function boundsOf(content) {
  if (content.size !== null) return [0, 0, ...content.size];
  const [left, top, right, bottom] = content.extent;
  return [left, top, Math.max(right, left + 1), Math.max(bottom, top + 1)];
}

function summaryOf(content) {
  const numTruth = content.trackIds.filter((_, k) => content.isTruth(k)).length;
  const numTrueBoxes = content.trackIds.reduce((sum, _, k) => sum + (content.isTruth(k) ? content.length(k) : 0), 0);
  const count = (value, noun, plural) => `${value.toLocaleString("en")} ${value === 1 ? noun : plural}`;
  return [
    count(content.numTracks - numTruth, "trajectory", "trajectories"),
    count(content.numFrames, "frame", "frames"),
    count(content.numRows - numTrueBoxes, "box", "boxes"),
    ...(content.hasTruth ? [count(numTruth, "true object", "true objects")] : []),
  ].join(" · ");
}

/** Return the colours of the style sheet that the canvases use. */
function readTheme() {
  const style = getComputedStyle(document.documentElement);
  const names = ["scene", "paper", "line", "text", "muted", "strong", "halo", "untracked", "chosen", "hovered"];
  return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
}

main().catch((error) => {
  byId("notice").hidden = false;
  byId("notice").textContent = "This page requires a newer browser";
  throw error;
});
