// What the loader takes: the module's start, and an element's. Bundled with the binding tool's glue.
import { adopt } from "./adopt.js";
import { mount } from "./hanbeon.js";
import css from "./theme.css";

export { default } from "./hanbeon.js";

/** One for all elements of a page. Adopted: no inline style anywhere, so that the strictest policy lets it in. */
const sheet = new CSSStyleSheet();
sheet.replaceSync(css);

/** What is to be paid: `[checkout, token, refusal]`. The build writes the digests in. */
const find = async (host, edge, script) => {
  const [quote, ...named] = ["quote", "checkout", "token"].map((name) => host.getAttribute(name) ?? "");
  return quote ? (await script("quote.js", "sha256-quote.js")).exchange(edge, quote) : [...named, ""];
};

/** Draws the element, unless its turn is over by then. In the browser of an app, a way out of it is offered. */
export async function start(host, edge, script, turn) {
  await adopt(host, () => script("form.js", "sha256-form.js"));
  const found = await find(host, edge, script);
  if (host.turn !== turn) return;
  host.mounted = mount(host, edge, !!host.pressed, ...found);
  if (!host.mounted) return;
  const root = host.shadowRoot;
  root.adoptedStyleSheets = [sheet];
  if (/KAKAO|NAVER|Instagram|FB|Line\//.test(navigator.userAgent)) {
    script("inapp.js", "sha256-inapp.js").then(({ offer }) => offer(host, root), () => {});
  }
}
