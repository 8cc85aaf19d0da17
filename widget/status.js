// <hanbeon-status>: where a checkout stands, for receipts, lists of orders and pages that wait; a script of its
// own, without the widget's module. It shows what the edge says, decides nothing and opens no window.
//
// Why it asks for a proof: a checkout's id stands in addresses and logs, so whoever knows it alone is shown
// nothing and nothing is asked. A proof is the state key that this browser was given when it began to pay, the
// key of the checkout's own link, or its token.

import { dress, Living, make, moment, origin, reflect, sentences, sign, speak } from "./plain.js";

const names = globalThis.customElements;
const observed = ["checkout", "token", "link", "locale", "theme", "compact"];
/** How often is asked where the edge tells by itself, and the longest pause, in milliseconds. */
const EVERY_MS = 25_000;
const PAUSE_MIN_MS = 1_000;
const ANSWER_WAIT_MS = 25_000;
/** Refusals after which asking again is of no use. */
const FOR_GOOD = [400, 401, 403, 404, 409];
const SIGNS = { paid: "m5 12.5 4.5 4.5L19 7.5", not_paid: "M12 10.5V18M12 6.5v.01", checking: "M12 3a9 9 0 1 1-9 9" };
const SHEET = `:host([compact]){display:inline-block;vertical-align:bottom}
.box{max-width:27rem;margin:auto;padding:1.25rem;border:1px solid var(--l);border-radius:var(--hanbeon-radius,16px);background:var(--s);color:var(--t);font:400 1rem/1.5 var(--hanbeon-font,Pretendard,"Apple SD Gothic Neo","Noto Sans KR","Noto Sans CJK KR",system-ui,sans-serif);letter-spacing:-.01em;word-break:keep-all;overflow-wrap:anywhere}
.test{margin:-1.25rem -1.25rem 1rem;padding:.4rem 1.25rem;border-radius:calc(var(--hanbeon-radius,16px) - 1px) calc(var(--hanbeon-radius,16px) - 1px) 0 0;background:var(--v);color:var(--w);font-size:.8125rem;font-weight:600;text-align:center}
.say{display:flex;gap:.75rem;align-items:flex-start}
.title{font-weight:600}
.detail,dt{color:var(--m);font-size:.9375rem}
svg{flex:none;width:1.5rem;height:1.5rem;padding:.25rem;border-radius:50%;fill:none;stroke:currentColor;stroke-width:2.25;stroke-linecap:round;stroke-linejoin:round;color:var(--c);background:color-mix(in srgb,var(--c) 13%,transparent)}
.box{--c:var(--a)}[data-outcome=paid]{--c:var(--g)}[data-declined]{--c:var(--b)}
[data-busy] svg{animation:spin .9s linear infinite;background:none}
@keyframes spin{to{transform:rotate(1turn)}}
dl{margin-top:1rem}
dl div{display:flex;justify-content:space-between;gap:1rem;padding:.5rem 0;border-top:1px solid var(--l)}
dt{flex:none}dd{text-align:right;font-weight:500;font-variant-numeric:tabular-nums}
.back:not(:empty){display:block;margin-top:1rem;padding:.75rem;border-radius:calc(var(--hanbeon-radius,16px) - 4px);background:var(--a);color:var(--s);text-align:center;text-decoration:none;font-weight:600}
.sum{white-space:nowrap;font-variant-numeric:tabular-nums}
:host([compact]) .box{display:inline-flex;align-items:center;gap:.5rem;max-width:none;padding:.125rem .75rem .125rem .25rem;border-radius:2rem;font-size:.875rem}
:host([compact]) [data-outcome=""]{padding-left:.75rem}
:host([compact]) .say{gap:.375rem;align-items:center}
:host([compact]) :is(.detail,dl,.test,.back){display:none}
:host(:not([compact])) .sum{display:none}
@media(prefers-reduced-motion:reduce){[data-busy] svg{animation:none}}
@media(forced-colors:active){.box{border-color:CanvasText}}`;

function money({ amount, currency }, said) {
  if (currency === "KRW") return said.won.replace("#", amount.toLocaleString(said.language));
  const format = new Intl.NumberFormat(said.language, { style: "currency", currency });
  return format.format(amount / 10 ** format.resolvedOptions().maximumFractionDigits);
}

const MINUTE_MS = 60_000;
const UNITS = [["day", 1440], ["hour", 60], ["minute", 1]];

/** How long there is, as the edge counted it: a decoration, told anew with every answer (R41). */
function left(told, { language }) {
  const minutes = told / MINUTE_MS;
  const [unit, long] = UNITS.find(([, long]) => minutes >= 2 * long) ?? UNITS[2];
  return new Intl.RelativeTimeFormat(language).format(Math.floor(minutes / long), unit);
}

const stateKey = (checkout) => {
  try {
    return JSON.parse(localStorage.getItem(`hanbeon:${checkout}`))?.state_key;
  } catch {
    // A page without a memory.
  }
};

if (names && !names.get("hanbeon-status")) names.define("hanbeon-status", class extends Living {
  static observedAttributes = observed;

  constructor() {
    super();
    reflect(this, observed, ["compact"]);
  }

  connectedCallback() {
    if (this.life) return;
    const root = this.shadowRoot ?? this.attachShadow({ mode: "open" });
    this.test = make("p", { className: "test" });
    this.title_ = make("p", { className: "title" });
    this.detail = make("p", { className: "detail" });
    this.sign = sign();
    this.say = make("div", { className: "say", role: "status", part: "status" }, this.sign, make("div", {}, this.title_, this.detail));
    this.rows = make("dl", { part: "rows" });
    this.sum = make("span", { className: "sum", part: "amount" });
    this.back = make("a", { className: "back", part: "back" });
    this.box = make("section", { className: "box", part: "box" }, this.test, this.say, this.sum, this.rows, this.back);
    root.replaceChildren(this.box);
    this.life = new AbortController();
    const again = ({ target, key }) => {
      const foreign = target.localName === "hanbeon-status" || (key && key !== `hanbeon:${this.known?.checkout ?? this.checkout}`);
      if (!document.hidden && !foreign) this.look();
    };
    const hear = (target, ...types) => types.forEach((type) => target.addEventListener(type, again, { signal: this.life.signal }));
    hear(window, "online", "storage", "focus");
    // A `<hanbeon-checkout>` of the same page knows first.
    hear(document, "visibilitychange", "hanbeon-state");
    this.look();
  }

  end() {
    this.hush();
    super.end();
  }

  changed(name) {
    if (name !== "theme" && name !== "compact") this.end();
    this.connectedCallback();
    dress(this, SHEET);
  }

  /** `[checkout, what proves it, the socket's first message]`. */
  proof() {
    const [linked, linkKey] = (this.link.split("#")[1] ?? "").split(".");
    if (linkKey) return [linked, `Link ${linked}.${linkKey}`, `link.${linkKey}`];
    const checkout = this.checkout || new URLSearchParams(location.search).get("hanbeon");
    const key = stateKey(checkout);
    if (key) return [checkout, `State ${checkout}.${key}`, key];
    return this.token ? [checkout, `Bearer ${this.token}`] : [];
  }

  async look() {
    const { life } = this;
    const turn = (this.turn = {});
    const stale = () => this.life !== life || this.turn !== turn;
    clearTimeout(this.timer);
    dress(this, SHEET);
    let pause = Math.min((this.pause ?? PAUSE_MIN_MS / 2) * 2, EVERY_MS);
    let said;
    try {
      said = await sentences(this);
      const [checkout, authorization, greeting] = this.proof();
      if (stale()) return;
      if (!authorization) return this.draw(said, "hidden");
      if (!this.known) this.draw(said, "loading");
      const answer = await fetch(`${origin}/v1/session?device=pc`, {
        cache: "no-store",
        credentials: "omit",
        headers: { authorization },
        signal: AbortSignal.timeout(ANSWER_WAIT_MS),
      });
      const told = await answer.json();
      if (stale()) return;
      if (answer.ok) {
        pause = this.tell(said, told, checkout);
        this.pause = undefined;
        if (greeting && pause) this.listen(checkout, greeting);
        if (!pause) return this.hush();
        if (this.socket?.readyState === WebSocket.OPEN) pause = EVERY_MS;
      } else if (FOR_GOOD.includes(answer.status)) {
        this.hush();
        this.draw(said, "hidden");
        return speak(this, "error", { code: told.code });
      }
    } catch {
      if (stale()) return;
      this.pause = pause;
      if (said && !this.known) this.draw(said, "silent");
    }
    this.timer = setTimeout(() => {
      if (this.socket?.readyState === WebSocket.OPEN) this.socket.send("ping");
      this.look();
    }, pause);
  }

  /** Shows a session; the answer is when to ask again, 0 for never. */
  tell(said, session, checkout) {
    const status = session.status ?? { version: 0, phase: "open", outcome: "not_paid", poll_after_ms: EVERY_MS };
    const { known } = this;
    // Old news, overtaken on its way.
    if (known && known.checkout === checkout && status.version < known.version) return status.poll_after_ms;
    this.known = { checkout, version: status.version, paid: status.outcome === "paid" };
    const { bank, account, holder, until, left_ms } = status.deposit ?? {};
    const at = (time) => time && moment(time, said, { dateStyle: "medium", timeStyle: "short" });
    const merchant = said.language === "ko" ? session.merchant_name : session.merchant_name_en || session.merchant_name;
    const offered = session.methods.filter((method) => method.available).map((method) => said.by[method.method]);
    const open = status.phase === "open";
    const means = said.by[status.means] ?? "";
    this.draw(said, status.phase, status.outcome, [
      [said.merchant, merchant], [said.label, session.label], [said.amount, money(session, said)], [said.means, means],
      [said.offered, open ? [...new Set(offered)].filter(Boolean).join(", ") : ""],
      [said.bank, bank], [said.account, account], [said.holder, holder], [said.until, until && `${at(until)} (${left(left_ms, said)})`],
      [said.paid_at, at(status.paid_at)],
    ], session.test_mode, open ? status.decline?.code : undefined);
    // A page behind the checkout's own link is none of the shop's.
    this.back.textContent = this.link ? said.back : "";
    this.back.href = status.return_url ?? "";
    this.sum.textContent = [money(session, said), means].filter(Boolean).join(" · ");
    if (!known) speak(this, "ready", null);
    if (known?.version !== status.version) speak(this, "state", { phase: status.phase, outcome: status.outcome, version: status.version });
    if (this.known.paid && !known?.paid) speak(this, "paid", { checkout });
    return status.poll_after_ms && Math.max(status.poll_after_ms, PAUSE_MIN_MS);
  }

  /** Only what changed touches the page, so that readers hear of nothing else. */
  draw(said, phase, outcome = "", rows = [], test = false, decline) {
    const drawn = JSON.stringify([said.language, phase, outcome, rows, test, decline]);
    if (drawn === this.drawn && this.box.dataset.phase) return;
    this.drawn = drawn;
    const declined = decline && (said.declined[decline] ?? said.declined.other);
    const name = { preparing: "presented" }[phase] ?? phase;
    const [title, detail] = declined ?? said.said[name] ?? said.said.checking;
    this.box.lang = said.language;
    this.box.toggleAttribute("data-declined", !!declined);
    Object.assign(this.box.dataset, { phase, outcome });
    // A deposit takes hours: nothing turns meanwhile.
    const busy = outcome === "checking" && phase !== "awaiting_deposit";
    this.box.toggleAttribute("data-busy", busy);
    this.sign.toggleAttribute("hidden", !outcome);
    this.sign.firstChild.setAttribute("d", SIGNS[busy || outcome === "paid" ? outcome : "not_paid"]);
    if (this.title_.textContent !== title) this.title_.textContent = title;
    if (this.detail.textContent !== detail) this.detail.textContent = detail;
    this.test.textContent = test ? said.test : "";
    this.rows.replaceChildren(...rows.filter(([, value]) => value).map(([key, value]) => make("div", {}, make("dt", { textContent: key }), make("dd", { textContent: value }))));
    this.rows.hidden = !rows.length;
    if (!rows.length) this.sum.textContent = "";
  }

  /** The edge tells by itself that something changed. The key is the first message; the address has none. */
  listen(checkout, greeting) {
    if (this.socket) return;
    try {
      this.socket = new WebSocket(`${origin.replace("http", "ws")}/v1/live/${checkout}`);
    } catch {
      return;
    }
    this.socket.onopen = () => this.socket?.send(greeting);
    this.socket.onmessage = ({ data }) => data === "pong" || this.look();
    this.socket.onclose = () => { this.socket = undefined; };
  }

  hush() {
    const { socket } = this;
    if (!socket) return;
    this.socket = socket.onclose = socket.onmessage = undefined;
    socket.close();
  }
});
