// Playback: the current frame, and advancing it over time.

export class Player {
  /**
   * `isReady(frame)` returns whether a frame is drawn: playback waits for its image. While `clock`, a `LinkedVideo`, is
   * advancing, it calls `follow` for each frame instead.
   */
  constructor(content, state, isReady, onChange, clock = null) {
    Object.assign(this, { content, state, isReady, onChange, clock });
    this.playing = false;
    this.speed = 1;
  }

  get lastFrame() {
    return Math.max(this.content.numFrames - 1, 0);
  }

  seek(frame) {
    this.state.frame = Math.min(Math.max(Math.round(frame), 0), this.lastFrame);
    this.restart();
    if (this.playing) this.clock?.play(this.state.frame, this.speed);
    this.onChange();
  }

  step(frames) {
    this.pause();
    this.seek(this.state.frame + frames);
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  play() {
    if (this.lastFrame === 0) return;
    if (this.state.frame === this.lastFrame) this.state.frame = 0;
    this.playing = true;
    this.restart();
    this.clock?.play(this.state.frame, this.speed);
    this.onChange();
    this.request();
  }

  pause() {
    if (!this.playing) return;
    this.playing = false;
    this.clock?.pause();
    cancelAnimationFrame(this.next);
    this.onChange();
  }

  /** Show the frame that the clock has reached. */
  follow(frame) {
    this.state.frame = Math.min(frame, this.lastFrame);
    if (frame >= this.lastFrame) this.pause();
    this.onChange();
  }

  request() {
    this.next = requestAnimationFrame((now) => this.tick(now));
  }

  setSpeed(speed) {
    this.speed = speed;
    this.clock?.setSpeed(speed);
    this.restart();
  }

  /** Measure time from the current frame again. */
  restart() {
    this.since = null;
  }

  tick(now) {
    if (!this.playing) return;
    this.request();
    const waits = this.clock?.advancing || !this.isReady(this.state.frame);
    if (this.since === null || waits) {
      this.since = now;
      this.from = this.state.frame;
      return;
    }
    const passed = Math.floor(((now - this.since) / 1000) * this.content.rate * this.speed + 1e-6);
    const frame = Math.min(this.from + passed, this.lastFrame);
    if (frame === this.state.frame) return;
    this.state.frame = frame;
    if (frame === this.lastFrame) this.playing = false;
    this.onChange();
  }
}
