// For the browsers inside apps alone, where popups do not open and banks' apps may not be called: the way to a
// real browser. It opens the shop's own page there; nothing of the payment travels along, and since a token is
// burnt by its first attempt, two browsers cannot pay twice.
const kakao = (url) => `kakaotalk://web/openExternal?url=${encodeURIComponent(url)}`;
const line = (url) => {
  const to = new URL(url);
  // It is there already, and did not help.
  if (to.searchParams.has("openExternalBrowser")) return null;
  to.searchParams.set("openExternalBrowser", "1");
  return to.href;
};
const intent = (url) => {
  const { protocol, host, pathname, search } = new URL(url);
  return `intent://${host}${pathname}${search}#Intent;scheme=${protocol.slice(0, -1)};action=android.intent.action.VIEW;category=android.intent.category.BROWSABLE;end`;
};
const person = () => null;

// The app, how its browser names itself, and how a page leaves it: on Android, elsewhere.
const APPS = [
  ["KakaoTalk", /KAKAOTALK/i, kakao, kakao],
  ["LINE", /\bLine\/\d/, line, line],
  ["NAVER", /NAVER\(inapp/i, intent, person],
  ["Instagram", /\bInstagram\b/, intent, person],
  ["Facebook", /\bFBA[NV]\/|\bFB_IAB\b/, intent, person],
];

/** By language, from the languages' files: the build writes it in. */
const TEXT = "text/inapp";

/** The app in whose browser this is, and the address that leaves it; null where only a person can. */
export const leave = (agent, url) => {
  const found = APPS.find(([, name]) => name.test(agent));
  return found ? { app: found[0], href: found[/Android/.test(agent) ? 2 : 3](url) } : null;
};

const look = new CSSStyleSheet();
look.replaceSync(".inapp{max-width:27rem;margin:.75rem auto 0;font:.875rem/1.5 var(--hanbeon-font,system-ui)}.inapp p{margin:0 0 .5rem}.inapp a,.inapp button{display:inline-block;box-sizing:border-box;min-height:2.75rem;margin:0 .5rem .25rem 0;padding:.6rem 1rem;border:1px solid;border-radius:.75rem;background:none;color:inherit;font:inherit;font-weight:600;text-decoration:none;cursor:pointer}");

/** Offers it below the element, as long as nothing is under way there. */
export const offer = (host, root) => {
  const way = leave(navigator.userAgent, location.href);
  if (!way) return;
  const language = root.querySelector("[lang]")?.lang;
  const text = TEXT[language] ?? TEXT.en;
  const make = (tag, properties) => Object.assign(document.createElement(tag), properties);
  const box = make("div", { className: "inapp", lang: text === TEXT[language] ? language : "en" });
  box.part = "inapp";
  box.dataset.testid = "inapp";
  const copy = make("button", {
    type: "button",
    textContent: text.copy,
    onclick: async () => {
      await navigator.clipboard.writeText(location.href);
      copy.textContent = text.copied;
    },
  });
  const why = text.why.replace("#", way.app);
  const words = way.href ? why : `${why} ${text.how}`;
  box.append(make("p", { textContent: words }));
  if (way.href) box.append(make("a", { href: way.href, textContent: text.go }));
  box.append(copy);
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, look];
  root.append(box);
  host.addEventListener("hanbeon-state", (event) => { box.hidden = event.detail.phase !== "open"; });
};
