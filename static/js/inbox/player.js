// A voice note or another sound: its length is known before anything is loaded, one plays at a time,
// and the speed chosen once is everybody's. Inside: [data-play], [data-seek], [data-time], [data-speed]
// and the <audio>, which brings what each browser can play.

const SPEEDS = [1, 1.5, 2];
const KEPT = "wa:speed";
let playing = null;

const kept = () => { try { return Number(localStorage.getItem(KEPT)) || 1; } catch { return 1; } };

class Player extends HTMLElement {
  connectedCallback() {
    this.audio = this.querySelector("audio");
    this.seeker = this.querySelector("[data-seek]");
    this.button = this.querySelector("[data-play]");
    this.speed = this.querySelector("[data-speed]");
    this.wanted = 0; // seconds: where to begin, chosen before it was loaded
    this.button.addEventListener("click", () => this.#toggle());
    this.speed.addEventListener("click", () => this.#faster());
    this.seeker.addEventListener("input", () => this.#seek());
    for (const name of ["timeupdate", "durationchange", "play", "pause", "ended"]) {
      this.audio.addEventListener(name, () => this.#show());
    }
    this.audio.addEventListener("loadedmetadata", () => { if (this.wanted) this.audio.currentTime = this.wanted; });
    this.audio.addEventListener("ended", () => { this.wanted = 0; this.audio.currentTime = 0; });
    this.audio.addEventListener("error", () => this.#fail());
    this.audio.querySelector("source:last-of-type")?.addEventListener("error", () => this.#fail());
    this.#setSpeed(kept());
    this.#show();
  }

  /** What the file says once it is loaded; till then, what the server measured. A stream that was
   *  never finished says Infinity. */
  get duration() {
    const { duration } = this.audio;
    return Number.isFinite(duration) && duration > 0 ? duration : Number(this.dataset.seconds) || 0;
  }

  get position() { return this.audio.readyState ? this.audio.currentTime : this.wanted; }

  #toggle() {
    if (!this.audio.paused) { this.audio.pause(); return; }
    if (playing && playing !== this.audio) playing.pause();
    playing = this.audio;
    this.audio.playbackRate = kept();
    this.audio.play().catch(() => { if (this.audio.error) this.#fail(); });
  }

  #seek() {
    this.wanted = (Number(this.seeker.value) / Number(this.seeker.max)) * this.duration;
    if (this.audio.readyState) this.audio.currentTime = this.wanted;
    this.#show();
  }

  #faster() {
    const next = SPEEDS[(SPEEDS.indexOf(kept()) + 1) % SPEEDS.length];
    try { localStorage.setItem(KEPT, String(next)); } catch { /* for now */ }
    for (const player of document.querySelectorAll("wa-player")) player.#setSpeed(next);
  }

  #setSpeed(speed) {
    this.audio.playbackRate = speed;
    this.audio.defaultPlaybackRate = speed; // loading sets the other one back
    this.speed.querySelector("[data-words]").textContent = `${String(speed).replace(".", ",")}×`;
  }

  #show() {
    const { position, duration } = this;
    const isPlaying = !this.audio.paused;
    this.seeker.value = duration ? Math.round((position / duration) * Number(this.seeker.max)) : 0;
    this.seeker.setAttribute("aria-valuetext", `${clock(position)} / ${clock(duration)}`);
    this.querySelector("[data-time]").textContent = clock(position > 0 ? position : duration);
    this.classList.toggle("is-playing", isPlaying);
    this.button.setAttribute("aria-label", isPlaying ? this.dataset.pauseLabel : this.dataset.playLabel);
  }

  #fail() { this.querySelector("[data-failed]").hidden = false; }
}

function clock(seconds) {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

customElements.define("wa-player", Player);
