// Voice notes recorded here: timer, level, pause, listen, send. Leaving the chat keeps what was
// recorded in its tray. The server makes the Ogg/Opus that WhatsApp takes.

const TYPES = ["audio/ogg;codecs=opus", "audio/webm;codecs=opus", "audio/mp4"];
const LONGEST_SECONDS = 15 * 60;

export class Recorder {
  /** `take(file)` gets the recording when it is to be sent; `keep(file)` when the chat is left. */
  constructor(bar, { take, keep, fail }) {
    Object.assign(this, { bar, take, keep, fail });
    bar.addEventListener("click", (event) => this.#onClick(event.target.closest("[data-rec]")?.dataset.rec));
  }

  get isOpen() { return !this.bar.hidden; }

  async start() {
    if (this.isOpen) return;
    if (!navigator.mediaDevices || typeof MediaRecorder === "undefined") { this.fail("nomic"); return; }
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    } catch { this.fail("mic"); return; }
    this.chunks = [];
    this.seconds = 0;
    const type = TYPES.find((one) => MediaRecorder.isTypeSupported(one));
    this.recorder = new MediaRecorder(this.stream, type ? { mimeType: type } : {});
    this.recorder.addEventListener("dataavailable", (event) => { if (event.data.size) this.chunks.push(event.data); });
    this.recorder.start(1000);
    this.#watchLevel();
    this.timer = setInterval(() => this.#tick(), 250);
    this.bar.hidden = false;
    this.#show("recording");
  }

  async leave() {
    if (!this.isOpen) return;
    const file = await this.#finish();
    this.#close();
    if (file) this.keep(file);
  }

  async #onClick(act) {
    if (act === "cancel") { this.#stopStream(); this.#close(); }
    else if (act === "pause") { this.recorder.pause(); this.#show("paused"); }
    else if (act === "resume") { this.recorder.resume(); this.#show("recording"); }
    else if (act === "stop") await this.#listen();
    else if (act === "send") {
      const file = this.file ?? await this.#finish();
      this.#close();
      if (file) this.take(file);
    }
  }

  async #listen() {
    this.file = await this.#finish();
    const audio = this.bar.querySelector("[data-rec-listen]");
    audio.src = URL.createObjectURL(this.file);
    this.#show("heard");
    audio.focus();
  }

  #finish() {
    if (this.file) return Promise.resolve(this.file);
    return new Promise((resolve) => {
      const done = () => {
        this.#stopStream();
        const { mimeType } = this.recorder;
        resolve(this.chunks.length ? new File(this.chunks, "voz", { type: mimeType.split(";")[0] }) : null);
      };
      if (this.recorder.state === "inactive") done();
      else { this.recorder.addEventListener("stop", done, { once: true }); this.recorder.stop(); }
    });
  }

  #tick() {
    if (this.recorder.state === "recording") this.seconds += 0.25;
    const whole = Math.floor(this.seconds);
    this.bar.querySelector("[data-rec-time]").textContent = `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
    if (this.seconds >= LONGEST_SECONDS) this.#listen();
  }

  #watchLevel() {
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    analyser.fftSize = 512;
    context.createMediaStreamSource(this.stream).connect(analyser);
    const samples = new Uint8Array(analyser.fftSize);
    const meter = this.bar.querySelector("[data-rec-level]");
    this.audio = context;
    this.levels = setInterval(() => {
      analyser.getByteTimeDomainData(samples);
      const loudest = Math.max(...samples.map((one) => Math.abs(one - 128)));
      meter.value = Math.min(1, loudest / 64);
    }, 100);
  }

  #show(state) {
    const shown = { recording: ["pause", "stop"], paused: ["resume", "stop"], heard: [] }[state];
    for (const button of this.bar.querySelectorAll("[data-rec]")) {
      button.hidden = !["cancel", "send", ...shown].includes(button.dataset.rec);
    }
    this.bar.classList.toggle("is-recording", state === "recording");
    this.bar.querySelector("[data-rec-listen]").hidden = state !== "heard";
    this.bar.querySelector("[data-rec-level]").hidden = state === "heard";
  }

  #stopStream() {
    clearInterval(this.timer);
    clearInterval(this.levels);
    this.audio?.close().catch(() => {});
    for (const track of this.stream?.getTracks() ?? []) track.stop();
  }

  #close() {
    const audio = this.bar.querySelector("[data-rec-listen]");
    if (audio.src) URL.revokeObjectURL(audio.src);
    audio.removeAttribute("src");
    this.bar.hidden = true;
    this.file = null;
  }
}
