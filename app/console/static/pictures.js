// Photos of a form: chosen, dropped, or taken by the camera. Each is shown from this computer and
// sent to be looked at; what the service sees in it is drawn over it. Nothing is kept.
"use strict";

const WAIT_MS = 350; // between an answer about a frame and the next frame
const LONGEST_SIDE = 1280; // pixels of a frame that is sent

class Pictures {
  constructor(root) {
    this.root = root;
    this.input = root.querySelector("input[type=file]");
    this.shots = root.querySelector("[data-shots]");
    this.pattern = root.querySelector("template");
    this.live = root.querySelector("[data-live]");
    this.video = root.querySelector("video");
    this.hints = root.querySelector("[data-hints]");
    this.single = "single" in root.dataset;
    this.taken = 0;
    this.stream = null;
    this.input.addEventListener("change", () => this.choose([...this.input.files]));
    this.on("[data-start]", () => this.start());
    this.on("[data-stop]", () => this.stop());
    this.on("[data-take]", () => this.take());
    this.drops(root.querySelector("[data-drop]"));
    window.addEventListener("pagehide", () => this.stop());
  }

  on(selector, act) {
    this.root.querySelector(selector).addEventListener("click", act);
  }

  drops(zone) {
    const over = (event) => {
      event.preventDefault();
      zone.classList.toggle("over", event.type === "dragover");
    };
    for (const name of ["dragover", "dragleave", "drop"]) zone.addEventListener(name, over);
    zone.addEventListener("drop", (event) => {
      const files = [...event.dataTransfer.files].filter((each) => each.type.startsWith("image/"));
      this.choose(this.single ? files.slice(0, 1) : [...this.files(), ...files]);
    });
  }

  files() {
    return [...this.shots.children].map((shot) => shot.file);
  }

  // The form sends what is shown, in its order.
  choose(files) {
    for (const shot of [...this.shots.children]) {
      if (!files.includes(shot.file)) this.drop(shot);
    }
    const known = this.files();
    for (const file of files) if (!known.includes(file)) this.show(file);
    this.settle();
  }

  settle() {
    const list = new DataTransfer();
    for (const file of this.files()) list.items.add(file);
    this.input.files = list.files;
    [...this.shots.children].forEach((shot, place) => {
      for (const each of shot.querySelectorAll("[data-subject]")) each.name = `subject-${place}`;
    });
  }

  drop(shot) {
    URL.revokeObjectURL(shot.querySelector("img").src);
    shot.remove();
  }

  show(file) {
    const shot = this.pattern.content.firstElementChild.cloneNode(true);
    shot.file = file;
    const image = shot.querySelector("img");
    image.src = URL.createObjectURL(file);
    image.alt = this.root.dataset.photo.replace("{}", file.name);
    shot.querySelector("[data-remove]").addEventListener("click", () => {
      this.drop(shot);
      this.settle();
      if (this.single) document.getElementById(this.root.dataset.into).replaceChildren();
      this.input.focus();
    });
    shot.addEventListener("change", (event) => this.look(shot, event.target.value));
    this.shots.append(shot);
    this.look(shot, "");
  }

  async look(shot, subject) {
    const seen = this.single
      ? document.getElementById(this.root.dataset.into)
      : shot.querySelector("[data-seen]");
    shot.setAttribute("aria-busy", "true");
    const html = await this.ask(shot.file, { subject });
    shot.removeAttribute("aria-busy");
    if (html === null || !shot.isConnected) return;
    shot.querySelector("svg")?.remove();
    seen.innerHTML = html;
    const overlay = seen.querySelector("[data-overlay]");
    if (overlay) shot.querySelector(".frame").append(overlay);
    this.settle();
    if (subject) seen.querySelector("[data-subject]:checked")?.focus();
  }

  // The answer about a photo as HTML of this service; null where the page is left.
  async ask(file, fields) {
    const form = new FormData();
    form.append("image", file, file.name);
    form.append("person", this.root.dataset.person);
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    const headers = { "X-CSRF-Token": this.root.dataset.csrf, "HX-Request": "true" };
    headers["HX-Current-URL"] = window.location.href;
    try {
      const answer = await fetch(this.root.dataset.look, { method: "POST", body: form, headers });
      if (answer.status === 401) {
        window.location.assign(answer.headers.get("HX-Redirect"));
        return null;
      }
      return await answer.text();
    } catch {
      const text = document.createElement("p");
      text.textContent = this.root.dataset.noAnswer;
      return text.outerHTML;
    }
  }

  async start() {
    try {
      const wanted = { video: { facingMode: "user", width: { ideal: 1280 } }, audio: false };
      this.stream = await navigator.mediaDevices.getUserMedia(wanted);
    } catch (error) {
      this.live.hidden = false;
      this.hints.textContent = this.root.dataset.noCamera.replace("{}", error.message ?? error);
      return;
    }
    this.video.srcObject = this.stream;
    this.live.hidden = false;
    await this.video.play();
    this.root.querySelector("[data-take]").focus();
    if (!this.single) this.watch(this.stream);
  }

  stop() {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
    this.video.srcObject = null;
    this.live.hidden = true;
    this.hints.replaceChildren();
  }

  // Says what is wrong with what the camera sees now, as long as it is on.
  async watch(stream) {
    while (this.stream === stream) {
      const frame = await this.frame();
      const html = frame && (await this.ask(frame, { live: "1" }));
      if (html && this.stream === stream && this.hints.innerHTML !== html) {
        this.hints.innerHTML = html;
      }
      await new Promise((done) => window.setTimeout(done, WAIT_MS));
    }
  }

  async frame() {
    const { videoWidth: width, videoHeight: height } = this.video;
    if (!width) return null;
    const scale = Math.min(1, LONGEST_SIDE / Math.max(width, height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    canvas.getContext("2d").drawImage(this.video, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.92));
    return new File([blob], `${this.root.dataset.camera}-${this.taken + 1}.jpg`, { type: blob.type });
  }

  async take() {
    const file = await this.frame();
    if (!file) return;
    this.taken += 1;
    this.choose(this.single ? [file] : [...this.files(), file]);
  }
}

for (const root of document.querySelectorAll("[data-pictures]")) new Pictures(root);
