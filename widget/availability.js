// <hanbeon-availability>: whether somebody else is paying for the last piece just now, and until when, for a page
// that shows the article. It says nothing while the piece can be had, never who holds it, and changes by itself
// when it frees. A time is shown, not counted down: the edge decides when it is over (R39, R41).

import { dress, Living, make, moment, origin, reflect, sentences, sign, speak } from "./plain.js";

const names = globalThis.customElements;
const observed = ["merchant", "sku", "mine", "locale", "theme"];
/** The longest pause after questions without an answer, and the shortest, in milliseconds. */
const PAUSE_MAX_MS = 60_000;
const PAUSE_MIN_MS = 1_000;
const ANSWER_WAIT_MS = 10_000;
/** Of each pause so much is chance: pages that were opened together do not ask together. */
const CHANCE = 0.25;
const SIGNS = { held: "M12 7v5l3 2M12 3a9 9 0 1 0 .01 0", mine: "M12 7v5l3 2M12 3a9 9 0 1 0 .01 0", sold: "M6 6l12 12M18 6 6 18" };
const SHEET = `.box{display:flex;gap:.75rem;align-items:flex-start;padding:.875rem 1rem;border:1px solid var(--l);border-radius:var(--hanbeon-radius,16px);background:var(--s);color:var(--t);font:400 1rem/1.5 var(--hanbeon-font,Pretendard,"Apple SD Gothic Neo","Noto Sans KR","Noto Sans CJK KR",system-ui,sans-serif);letter-spacing:-.01em;word-break:keep-all;overflow-wrap:anywhere}
.box{--c:var(--w)}[data-state=mine]{--c:var(--a)}[data-state=sold]{--c:var(--m)}
.title{font-weight:600}
.detail{color:var(--m);font-size:.9375rem}
svg{flex:none;width:1.5rem;height:1.5rem;fill:none;stroke:var(--c);stroke-width:2;stroke-linecap:round;stroke-linejoin:round}
@media(forced-colors:active){.box{border-color:CanvasText}}`;

if (names && !names.get("hanbeon-availability")) names.define("hanbeon-availability", class extends Living {
  static observedAttributes = observed;

  constructor() {
    super();
    reflect(this, observed, ["mine"]);
  }

  connectedCallback() {
    if (this.life) return;
    const root = this.shadowRoot ?? this.attachShadow({ mode: "open" });
    this.title_ = make("p", { className: "title" });
    this.detail = make("p", { className: "detail" });
    this.sign = sign();
    this.box = make("section", { className: "box", part: "box", hidden: true }, this.sign, make("div", {}, this.title_, this.detail));
    // The live region is there before there is anything to say.
    root.replaceChildren(make("div", { role: "status", part: "status" }, this.box));
    this.life = new AbortController();
    const { signal } = this.life;
    const again = () => document.hidden || this.look();
    for (const type of ["online", "focus"]) window.addEventListener(type, again, { signal });
    document.addEventListener("visibilitychange", again, { signal });
    this.look();
  }

  changed(name) {
    if (name === "merchant" || name === "sku") this.end();
    if (this.life) this.look();
    else this.connectedCallback();
  }

  async look() {
    const { merchant, sku } = this;
    const turn = (this.turn = {});
    const { signal } = this.life;
    clearTimeout(this.timer);
    dress(this, SHEET);
    // Nobody reads a hidden page; it asks as soon as it is seen.
    if (!merchant || !sku || document.hidden) return;
    let pause = (this.pause = Math.min((this.pause ?? PAUSE_MIN_MS) * 2, PAUSE_MAX_MS));
    try {
      const path = [merchant, "stock", sku].map(encodeURIComponent).join("/");
      const asked = fetch(`${origin}/v1/merchants/${path}`, {
        cache: "no-store",
        credentials: "omit",
        signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_WAIT_MS)]),
      });
      const [said, answer] = await Promise.all([sentences(this), asked]);
      const told = await answer.json();
      if (this.turn !== turn) return;
      if (answer.ok) {
        this.pause = undefined;
        pause = Math.max(told.poll_after_ms, PAUSE_MIN_MS);
        this.tell(said, told);
      } else if (answer.status < 500 && answer.status !== 429) {
        return speak(this, "error", { code: told.code });
      }
    } catch {
      // Without an answer, what was shown last stands.
      if (signal.aborted || this.turn !== turn) return;
    }
    this.timer = setTimeout(() => this.look(), pause * (1 + CHANCE * (Math.random() - 0.5)));
  }

  /** Only what changed touches the page, so that readers hear of nothing else. */
  tell(said, { sku, can_enter, until }) {
    const state = can_enter ? "free" : !until ? "sold" : this.mine ? "mine" : "held";
    const drawn = JSON.stringify([said.language, state, until]);
    if (drawn === this.known) return;
    this.known = drawn;
    this.setAttribute("state", state);
    const [title, detail] = said.stock[state] ?? ["", ""];
    const time = until ? moment(until, said, { timeStyle: "short" }) : "";
    this.box.lang = said.language;
    this.box.dataset.state = state;
    this.title_.textContent = title.replace("#", time);
    this.detail.textContent = detail.replace("#", time);
    this.sign.firstChild.setAttribute("d", SIGNS[state] ?? "");
    this.box.hidden = state === "free";
    speak(this, "availability", { sku, can_enter, until });
  }
});
