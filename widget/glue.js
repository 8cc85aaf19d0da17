// What the loader takes: how an element begins. Bundled with the binding tool's glue.
import { adopt } from "./adopt.js";
import { finish, imports, mount } from "./hanbeon.js";
import css from "./theme.css";

/** One for all elements of a page. Adopted: no inline style anywhere, so that the strictest policy lets it in. */
const sheet = new CSSStyleSheet();
sheet.replaceSync(css);
/** Of each language's file. The build writes them in, and those below. */
const digests = "text/digests";
const texts = {};
let ready;

// Nothing of a file that has a digest is there before its last byte: there is no stream to compile from, and what
// the binding tool has for all other cases stays out of the page.
const begin = async (file) => {
  const { instance, module } = await WebAssembly.instantiate(await (await file).arrayBuffer(), imports());
  finish(instance, module);
};

/** The sentences of a language. */
const text = (language) => (texts[language] ??=
  fetch(new URL(`text/${language}.json`, import.meta.url), { integrity: digests[language] }).then((answer) => answer.text()));

/** What is to be paid: `[checkout, token, refusal]`. */
const find = async (host, edge, script) => {
  const [quote, ...named] = ["quote", "checkout", "token"].map((name) => host.getAttribute(name) ?? "");
  return quote ? (await script("quote.js", "sha256-quote.js")).exchange(edge, quote) : [...named, ""];
};

/** Draws the element, unless its turn is over by then. In the browser of an app, a way out of it is offered. */
export async function start(host, edge, script, turn, language, module) {
  const [found, words] = await Promise.all([
    adopt(host, () => script("form.js", "sha256-form.js")).then(() => find(host, edge, script)),
    text(language),
    (ready ??= begin(module)),
  ]);
  if (host.turn !== turn) return;
  host.mounted = mount(host, edge, !!host.pressed, ...found, words);
  if (!host.mounted) return;
  const root = host.shadowRoot;
  root.adoptedStyleSheets = [sheet];
  if (/KAKAO|NAVER|Instagram|FB|Line\//.test(navigator.userAgent)) {
    script("inapp.js", "sha256-inapp.js").then(({ offer }) => offer(host, root), () => {});
  }
}
