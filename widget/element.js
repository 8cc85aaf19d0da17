// The loader: draws a usable button at once and keeps an early click. The rest comes when somebody is about to
// use it, or when the page has nothing else to do.
const here = new URL(import.meta.url);
const look = new CSSStyleSheet();
look.replaceSync(":host{display:block}:host([hidden]){display:none}button{display:block;width:100%;max-width:27rem;margin:auto;min-height:3.5rem;border:0;border-radius:.875rem;background:var(--hanbeon-accent,#2f4fe0);color:var(--hanbeon-on-accent,#fff);font:600 1.125rem var(--hanbeon-font,system-ui)}button[aria-busy]{opacity:.75}");
/** How long a page may be too busy to load the rest, in milliseconds. */
const BUSY_MAX_MS = 2_000;
/** By language: what the button says, also after a failure. The build takes them from the languages' files. */
const words = "text/loader";
let code;
let policy;
let tries = "";

// A script's element has its digest checked; `import()` alone does not, and finds here what was checked.
const script = (name, integrity) => new Promise((resolve, reject) => {
  const { href } = new URL(name + tries, here);
  policy ??= self.trustedTypes?.createPolicy("hanbeon", { createScriptURL: (url) => url });
  document.head.append(Object.assign(document.createElement("script"), {
    type: "module",
    integrity,
    src: policy?.createScriptURL(href) ?? href,
    onload: () => resolve(import(href)),
    onerror: reject,
  }));
});

// The build writes the digests in.
const load = () => {
  code ??= [
    script("hanbeon.js", "sha256-hanbeon.js"),
    fetch(new URL("hanbeon_bg.wasm", here), { integrity: "sha256-hanbeon_bg.wasm" }),
  ];
  // Whoever waits for it hears of it; until somebody does, the page need not.
  code[1].catch(() => {});
  return code[0];
};

// A page may have this script twice.
customElements.get("hanbeon-checkout") ?? customElements.define("hanbeon-checkout", class extends HTMLElement {
  static formAssociated = true;
  static observedAttributes = ["checkout", "token", "quote", "locale", "theme", "presentation"];

  connectedCallback() {
    const root = this.shadowRoot ?? this.attachShadow({ mode: "open" });
    // Moved: what is shown stays.
    if (this.mounted) return;
    root.adoptedStyleSheets = [look];
    const button = document.createElement("button");
    const asked = this.getAttribute("locale") || this.closest("[lang]")?.lang || navigator.language;
    const [primary] = asked.toLowerCase().split(/[-_]/);
    const language = words[primary] ? primary : "en";
    const draw = (place) => { button.textContent = words[language][place]; root.replaceChildren(button); };
    draw(0);
    const turn = (this.turn = {});
    let begun;
    const begin = () => (begun ??= this.turn === turn && load().then(({ start }) => start(this, here.origin, script, turn, language, code[1])).catch(() => {
      if (this.turn !== turn) return;
      begun = code = undefined;
      // A browser may remember that a file did not come.
      tries += "?";
      draw(1);
      button.ariaBusy = button.onfocus = button.onpointerenter = null;
      button.onclick = begin;
      this.dispatchEvent(new CustomEvent("hanbeon-error", { bubbles: true, composed: true, detail: { code: "load_failed" } }));
    }));
    button.onfocus = button.onpointerenter = begin;
    button.onclick = () => { this.pressed = true; button.ariaBusy = "true"; begin(); };
    // A browser without the first takes the second, which reads no number there and does not wait.
    (self.requestIdleCallback ?? setTimeout)(begin, { timeout: BUSY_MAX_MS });
  }

  // A frame does not survive a move that its browser takes for a removal.
  disconnectedCallback() {
    if (this.querySelector("iframe")) this.end();
    queueMicrotask(() => this.isConnected || this.end());
  }

  connectedMoveCallback() {}

  end() {
    this.turn = this.pressed = undefined;
    this.mounted?.unmount();
    this.mounted = undefined;
  }

  attributeChangedCallback(name, before, now) {
    if (before === now || !this.turn) return;
    if (this.mounted && !this.mounted.update(name, now ?? "")) return;
    this.end();
    this.connectedCallback();
  }

  formAssociatedCallback() {
    this.join?.();
  }
});
