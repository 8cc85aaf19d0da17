// The loader: draws a usable button at once and fetches the rest. It keeps an early click.
const here = new URL(import.meta.url);
const look = new CSSStyleSheet();
look.replaceSync(":host{display:block}:host([hidden]){display:none}button{display:block;width:100%;max-width:27rem;margin:auto;min-height:3.5rem;border:0;border-radius:.875rem;background:var(--hanbeon-accent,#2f4fe0);color:var(--hanbeon-on-accent,#fff);font:600 1.125rem var(--hanbeon-font,system-ui)}button[aria-busy]{opacity:.75}");
let code;
const load = () => (code ??= Promise.all([
  import(new URL("hanbeon.js", here)).then(async (module) => {
    await module.default({ module_or_path: new URL("hanbeon_bg.wasm", here) });
    return module;
  }),
  import(new URL("adopt.js", here)),
]));

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
    button.type = "button";
    const language = this.getAttribute("locale") ?? this.closest("[lang]")?.lang ?? navigator.language;
    button.onclick = () => { this.pressed = true; button.ariaBusy = "true"; };
    const draw = (words) => { button.textContent = words; root.replaceChildren(button); };
    const korean = /^ko|^$/i.test(language);
    draw(korean ? "결제하기" : "Pay");
    const turn = (this.turn = {});
    const mount = () => load().then(async ([{ mount }, { adopt }]) => {
      await adopt(this, () => import(new URL("form.js", here)));
      if (this.turn !== turn) return;
      const quote = this.getAttribute("quote");
      const found = quote
        ? await (await import(new URL("quote.js", here))).exchange(here.origin, quote)
        : [this.getAttribute("checkout") ?? "", this.getAttribute("token") ?? "", ""];
      if (this.turn !== turn) return;
      this.mounted = mount(this, here.origin, !!this.pressed, ...found);
      // In the browser of an app.
      if (/KAKAO|NAVER|Instagram|FB|Line\//.test(navigator.userAgent)) (await import(new URL("inapp.js", here))).offer(this, root);
    }).catch(() => {
      if (this.turn !== turn) return;
      code = undefined;
      draw(korean ? "다시 불러오기" : "Load again");
      button.onclick = mount;
      this.dispatchEvent(new CustomEvent("hanbeon-error", { bubbles: true, composed: true, detail: { code: "load_failed" } }));
    });
    mount();
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
