// What the loader takes: the module's start, its one call, what is to be paid, and the style. Bundled with the
// binding tool's glue.
import { adopt } from "./adopt.js";
import css from "./theme.css";

export { default, mount } from "./hanbeon.js";

/** One for all elements of a page. Adopted: no inline style anywhere, so that the strictest policy lets it in. */
const sheet = new CSSStyleSheet();
sheet.replaceSync(css);

/** What is to be paid: `[checkout, token, refusal]`. The build writes the digest in. */
export const find = async (host, edge, script) => {
  await adopt(host, () => script("form.js", "sha384-form.js"));
  const [quote, ...named] = ["quote", "checkout", "token"].map((name) => host.getAttribute(name) ?? "");
  return quote ? (await script("quote.js", "sha384-quote.js")).exchange(edge, quote) : [...named, ""];
};

/** What is to be done once it is drawn. In the browser of an app, a way out of it is offered. */
export const shown = (host, root, script) => {
  root.adoptedStyleSheets = [sheet];
  if (/KAKAO|NAVER|Instagram|FB|Line\//.test(navigator.userAgent)) {
    script("inapp.js", "sha384-inapp.js").then(({ offer }) => offer(host, root), () => {});
  }
};
