// The page of a payment that takes its time (a deposit, an unknown outcome), for whoever has its signed link:
// `/window/pending#<checkout>.<key>`. The status element asks, listens and shows; the page hands it the link.
//
// Why static: what comes after `#` never leaves the browser but in a header, so no log has the key, and the
// edge needs to write no page.
const asked = new URLSearchParams(location.search).get("lang") ?? navigator.language;
const korean = /^ko/i.test(asked);
const [language, other] = korean ? ["ko", "en"] : ["en", "ko"];
const status = document.querySelector("hanbeon-status");
const [note] = document.querySelectorAll("main > p");

document.documentElement.lang = language;
status.setAttribute("link", location.href);
note.textContent = korean ? "상태가 바뀌면 이 화면도 저절로 바뀝니다." : "This page changes by itself when something happens.";
Object.assign(document.querySelector("main > p > a"), {
  href: `?lang=${other}${location.hash}`,
  lang: other,
  textContent: korean ? "English" : "한국어",
});
status.addEventListener("hanbeon-state", ({ detail }) => { note.hidden = ["paid", "refunded", "cancelled", "expired"].includes(detail.phase); });
status.addEventListener("hanbeon-error", () => { note.hidden = true; });
addEventListener("hashchange", () => location.reload());
