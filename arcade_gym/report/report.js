
"use strict";
/* Steps through recorded episodes, and draws over them what each decision looks at. */
(() => {
  const ACTIONS = ["up", "down", "left", "right", "fire"];
  const DIMMED = "#737373"; // what is left of a frame's own light below heat
  const PAUSE = 200; // ms between two frames
  const BARS = 100; // height of the timeline, in its own unit
  const SVG = "http://www.w3.org/2000/svg";

  const percent = (share) => `${(share / 10).toFixed(share < 100 ? 1 : 0)} %`;
  const rounded = (value) => value.toFixed(3).replace("-", "\u2212");

  async function picture(sheet) {
    const image = new Image();
    image.src = sheet.uri;
    await image.decode();
    return { ...sheet, image };
  }

  /* Copies one picture of a sheet onto a canvas. */
  function copy(context, sheet, number) {
    const column = number % sheet.columns;
    const row = Math.floor(number / sheet.columns);
    const { side } = sheet;
    const { width, height } = context.canvas;
    context.imageSmoothingEnabled = false;
    context.drawImage(
      sheet.image, column * side, row * side, side, side, 0, 0, width, height,
    );
  }

  function fill(context, mode, color) {
    context.globalCompositeOperation = mode;
    context.fillStyle = color;
    context.fillRect(0, 0, context.canvas.width, context.canvas.height);
  }

  /* A frame, or the same in dim gray below heat, as in the films. */
  function paint(canvas, frames, frame, heat, tile) {
    canvas.width = canvas.height = frames.side;
    const context = canvas.getContext("2d");
    copy(context, frames, frame);
    if (heat) {
      fill(context, "saturation", "#808080");
      fill(context, "multiply", DIMMED);
      context.globalCompositeOperation = "lighten";
      copy(context, heat, tile);
    }
  }

  class Player {
    constructor(root, run) {
      this.root = root;
      this.run = run;
      this.frame = 0;
      this.timer = null;
      this.loaded = new Map();
      for (const name of ["slider", "play", "where", "seen", "twin", "timeline", "told"]) {
        this[name] = root.querySelector(`.${name}`);
      }
      this.choice = root.querySelector("select");
      this.overlays = [...root.querySelectorAll(".overlay input")];
      this.tiles = [...root.querySelectorAll(".strip li")];
      this.rows = [...root.querySelectorAll(".scores tbody tr")];
      this.listen();
      this.open(0);
    }

    listen() {
      this.slider.addEventListener("input", () => this.show(Number(this.slider.value)));
      this.play.addEventListener("click", () => this.toggle());
      this.choice.addEventListener("change", () => this.open(Number(this.choice.value)));
      for (const input of this.overlays) {
        input.addEventListener("change", () => this.show(this.frame));
      }
      this.root.addEventListener("keydown", (event) => this.key(event));
      this.root.addEventListener("pointerdown", (event) => {
        if (!event.target.closest("button, input, select, label")) this.root.focus();
      });
    }

    /* Arrow keys step and space plays, but where a control has a use for them. */
    key(event) {
      const moves = { ArrowLeft: -1, ArrowRight: 1 };
      const other = event.target !== this.slider && event.target.closest("input, select");
      if (other || event.altKey || event.ctrlKey || event.metaKey) return;
      if (event.key in moves) {
        this.pause();
        this.show(this.frame + moves[event.key]);
      } else if (event.key === " " && event.target !== this.play) {
        this.toggle();
      } else return;
      event.preventDefault();
    }

    async open(number) {
      this.pause();
      this.wanted = number;
      const wanted = this.run.episodes[number];
      if (!this.loaded.has(number)) {
        const [frames, twin, exchange, gradient] = await Promise.all(
          [wanted.frames, wanted.twin, wanted.looks.exchange.heat, wanted.looks.gradient.heat]
            .map(picture),
        );
        this.loaded.set(number, { ...wanted, frames, twin, heat: { exchange, gradient } });
      }
      if (this.wanted !== number) return; // another one was chosen meanwhile
      this.episode = this.loaded.get(number);
      this.slider.max = this.episode.action.length;
      const all = this.episode.scores.flat();
      this.range = this.run.isPolicy ? [0, 1] : [Math.min(0, ...all), Math.max(...all)];
      this.drawBars();
      this.show(0);
      this.root.dataset.ready = "true";
    }

    toggle() {
      if (this.timer !== null) return this.pause();
      if (this.frame >= this.episode.action.length) this.show(0);
      this.timer = setInterval(() => {
        if (this.frame >= this.episode.action.length) this.pause();
        else this.show(this.frame + 1);
      }, PAUSE);
      this.name("Pause", true);
    }

    pause() {
      clearInterval(this.timer);
      this.timer = null;
      this.name("Play", false);
    }

    name(text, pressed) {
      this.play.textContent = text;
      this.play.setAttribute("aria-pressed", String(pressed));
    }

    get overlay() {
      return this.overlays.find((input) => input.checked).value;
    }

    show(frame) {
      const last = this.episode.action.length;
      this.frame = Math.max(0, Math.min(frame, last));
      this.slider.value = this.frame;
      this.root.dataset.frame = this.frame;
      /* The final frame is decided on by nobody. */
      const by = this.frame < last ? this.overlay : "off";
      this.showPictures(by === "off" ? null : this.episode.heat[by], by);
      this.showScores();
      this.showTimeline(by);
      this.showText();
    }

    showPictures(heat, by) {
      const { frames, twin } = this.episode;
      const window = this.tiles.length;
      const row = this.frame * window;
      paint(this.seen, frames, this.frame, heat, row + window - 1);
      paint(this.twin, twin, this.frame, null, 0);
      const share = by === "off" ? null : this.episode.looks[by].share[this.frame];
      this.tiles.forEach((tile, index) => {
        const frame = this.frame - window + 1 + index;
        tile.classList.toggle("absent", frame < 0);
        if (frame < 0) return;
        paint(tile.querySelector("canvas"), frames, frame, heat, row + index);
        const age = this.frame - frame;
        const name = age ? `\u2212${age}` : "now";
        const weight = share ? percent(share[frame]) : "\u00a0";
        tile.querySelector(".share").replaceChildren(
          name, document.createElement("br"), weight,
        );
      });
    }

    showScores() {
      const scores = this.episode.scores[this.frame];
      const taken = this.episode.action[this.frame];
      const [low, high] = this.range;
      this.rows.forEach((row, action) => {
        row.classList.toggle("taken", action === taken);
        const share = (scores[action] - low) / (high - low || 1);
        row.querySelector("rect").setAttribute("width", `${(100 * share).toFixed(1)}%`);
        row.querySelector(".number").textContent = rounded(scores[action]);
      });
    }

    drawBars() {
      const count = this.episode.action.length;
      this.timeline.setAttribute("viewBox", `0 0 ${count} ${BARS}`);
      this.timeline.setAttribute("preserveAspectRatio", "none");
      this.bars = Array.from({ length: count }, (_, frame) => {
        const bar = document.createElementNS(SVG, "rect");
        bar.setAttribute("x", frame + 0.1);
        bar.setAttribute("width", 0.8);
        return bar;
      });
      this.now = document.createElementNS(SVG, "path");
      this.now.setAttribute("class", "now");
      this.timeline.replaceChildren(...this.bars, this.now);
    }

    showTimeline(by) {
      const looks = this.episode.looks[by];
      const share = looks ? looks.share[this.frame] : [];
      const flips = new Set(looks && looks.flips.length ? looks.flips[this.frame] : []);
      const most = Math.max(1, ...share);
      this.bars.forEach((bar, frame) => {
        const height = (BARS * 0.96 * (share[frame] || 0)) / most;
        bar.setAttribute("y", BARS - height);
        bar.setAttribute("height", height);
        bar.classList.toggle("flips", flips.has(frame));
      });
      this.now.setAttribute("d", `M${this.frame + 0.5} 0V${BARS}`);
      this.told.textContent = this.summary(by, share, flips);
    }

    summary(by, share, flips) {
      if (by === "off") return "Weights of all frames are shown with an overlay.";
      const measure = by === "exchange" ? "By exchange" : "By gradient";
      if (!share.some((one) => one)) return `${measure}: no frame changes this decision.`;
      const order = share.map((one, frame) => [one, frame]).sort((a, b) => b[0] - a[0]);
      const named = order.slice(0, 3).filter(([one]) => one).map(
        ([one, frame]) => `${frame} (${percent(one)})`,
      );
      const most = `${measure}, of all frames so far this decision looks most at frame `
        + `${named.join(", ")}.`;
      if (by === "gradient") return most;
      const count = flips.size;
      const which = count ? [...flips].slice(-6).join(", ") : "none of them";
      const more = count > 6 ? `${count} frames, lately ` : "";
      return `${most} Strong bars: another episode's frame would change the action `
        + `(${more}${which}).`;
    }

    showText() {
      const { action, reward, ended, value } = this.episode;
      const count = action.length;
      const sum = reward.slice(0, this.frame).reduce((a, b) => a + b, 0);
      const parts = [`Frame ${this.frame} of ${count}`];
      if (this.frame < count) parts.push(`action ${ACTIONS[action[this.frame]]}`);
      else parts.push(ended ? `the episode has ${ended}` : "recording stops here");
      parts.push(`return so far ${rounded(sum)}`, `value ${rounded(value[this.frame])}`);
      this.where.textContent = parts.join(" \u00b7 ");
      this.slider.setAttribute("aria-valuetext", parts.join(", "));
    }
  }

  /* The button names the theme that it brings. */
  function themes() {
    const button = document.getElementById("theme");
    const root = document.documentElement;
    const dark = window.matchMedia("(prefers-color-scheme: dark)");
    const present = () => root.dataset.theme || (dark.matches ? "dark" : "light");
    const name = () => {
      button.textContent = present() === "dark" ? "Light" : "Dark";
      button.setAttribute("aria-label", `${button.textContent} colors`);
    };
    button.addEventListener("click", () => {
      root.dataset.theme = present() === "dark" ? "light" : "dark";
      name();
    });
    dark.addEventListener("change", name);
    name();
    button.hidden = false;
  }

  themes();
  const runs = JSON.parse(document.getElementById("players-data").textContent);
  document.querySelectorAll(".player").forEach((root, number) => {
    new Player(root, runs[number]);
  });
})();
