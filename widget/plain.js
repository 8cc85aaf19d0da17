// What the elements without the widget's module share: colours, language, and the sentences of a language, which
// lie beside them as data and are only ever put into text nodes.

const here = new URL(import.meta.url);
export const origin = here.origin;

const LIGHT = `--a:var(--hanbeon-accent,#2f4fe0);--s:var(--hanbeon-surface,#fff);--t:var(--hanbeon-text,#171a21);--m:var(--hanbeon-muted,#5b6270);--l:var(--hanbeon-line,#dde0e7);--g:var(--hanbeon-good,#0b7a4b);--b:var(--hanbeon-bad,#c02b37);--w:var(--hanbeon-warn,#7a5200);--v:var(--hanbeon-warn-surface,#fff4d6);color-scheme:light`;
const DARK = `--a:var(--hanbeon-accent,#8fa6ff);--s:var(--hanbeon-surface,#171a21);--t:var(--hanbeon-text,#f1f3f8);--m:var(--hanbeon-muted,#a4abba);--l:var(--hanbeon-line,#343a47);--g:var(--hanbeon-good,#54d39b);--b:var(--hanbeon-bad,#ff8b92);--w:var(--hanbeon-warn,#f5cf7a);--v:var(--hanbeon-warn-surface,#3a2f14);color-scheme:dark`;

/** The style of an element in the theme that it is told, with the colours as `--a`, `--s`, … */
export function dress(element, rules) {
  const { theme } = element;
  const dark = theme === "dark" ? `:host{${DARK}}` : theme === "light" ? "" : `@media(prefers-color-scheme:dark){:host{${DARK}}}`;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`:host{display:block;${LIGHT}}${dark}:host([hidden]),[hidden],p:empty{display:none!important}*{box-sizing:border-box;margin:0}${rules}`);
  element.shadowRoot.adoptedStyleSheets = [sheet];
}

/** The sentences of a language; English where there is none of that. */
const texts = {};
const text = (language) => (texts[language] ??= fetch(new URL(`status/${language}.json`, here), { credentials: "omit" })
  .then((answer) => (answer.ok ? answer.json().then((said) => ({ ...said, language })) : text("en")))
  .catch((error) => {
    delete texts[language];
    throw error;
  }));

/** The sentences for an element: of its own language, or that of the page around it. */
export const sentences = (element) =>
  text((element.locale || element.closest("[lang]")?.lang || navigator.language || "ko").split(/[-_]/)[0].toLowerCase());

export const make = (tag, properties, ...children) => {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
};

// Of the shop's country, wherever the page is read.
export const moment = (time, { language }, style) => new Intl.DateTimeFormat(language, { ...style, timeZone: "Asia/Seoul" }).format(new Date(time));

/** Attributes that are properties of the same name, also those that were set before the script was there. */
export function reflect(element, names, flags) {
  for (const name of names) {
    const early = element[name];
    const flag = flags.includes(name);
    Object.defineProperty(element, name, {
      get: () => (flag ? element.hasAttribute(name) : element.getAttribute(name) ?? ""),
      set: (value) => (flag ? element.toggleAttribute(name, !!value) : value == null ? element.removeAttribute(name) : element.setAttribute(name, value)),
    });
    if (early) element[name] = early;
  }
}

export function speak(element, name, detail) {
  element.dispatchEvent(new CustomEvent(`hanbeon-${name}`, { bubbles: true, composed: true, detail }));
}

/** The picture beside a title; its path is set with what is shown. */
export function sign() {
  const sign = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  sign.setAttribute("viewBox", "0 0 24 24");
  sign.setAttribute("aria-hidden", "true");
  sign.append(document.createElementNS("http://www.w3.org/2000/svg", "path"));
  return sign;
}

/** Lives while it is connected, moves included, and asks by a timer; there are no elements on a server. */
export class Living extends (globalThis.HTMLElement ?? Object) {
  disconnectedCallback() {
    queueMicrotask(() => this.isConnected || this.end());
  }

  connectedMoveCallback() {}

  end() {
    this.life?.abort();
    clearTimeout(this.timer);
    this.life = this.known = undefined;
  }

  /** Several attributes that change in one turn: each is told to `changed` after it. */
  attributeChangedCallback(name, before, now) {
    if (before === now || !this.life) return;
    const { life } = this;
    queueMicrotask(() => {
      if (this.life === life && this.isConnected) this.changed(name);
    });
  }
}
