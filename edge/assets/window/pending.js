// The page of a payment that takes its time (a deposit, an unknown outcome), for whoever has its signed link:
// `/window/pending#<checkout>.<key>`. It reads where the payment stands when the edge says that something
// changed, and every now and then in case it could not. It shows, and decides nothing.
//
// Why static: what comes after `#` never leaves the browser but in a header, so no log has the key, and the
// edge needs to write no page.
(() => {
  "use strict";
  const EVERY_MS = 25_000;
  const main = document.querySelector("main");
  const asked = new URLSearchParams(location.search).get("lang") ?? navigator.language;
  const korean = /^ko/i.test(asked);
  const t = (ko, en) => (korean ? ko : en);
  let socket;
  let timer;
  let shown;

  /** A title and a sentence for every phase that the edge knows. */
  const SAID = {
    awaiting_deposit: [t("입금을 기다리고 있습니다", "Waiting for your deposit"), t("아래 계좌로 기한 안에 입금해 주세요.", "Please pay into this account in time.")],
    paid: [t("결제가 완료되었습니다", "Paid"), t("쇼핑몰에서 주문을 확인할 수 있습니다.", "Your order is in the shop.")],
    refunded: [t("환불되었습니다", "Your money went back"), t("입금까지 며칠 걸릴 수 있습니다.", "It may take some days to arrive.")],
    cancelled: [t("결제가 취소되었습니다", "The payment was cancelled"), t("청구된 금액이 없습니다.", "You have not been charged.")],
    expired: [t("결제 기한이 지났습니다", "The time to pay is over"), t("청구된 금액이 없습니다. 쇼핑몰에서 다시 시작해 주세요.", "You have not been charged. Please start again at the shop.")],
    open: [t("아직 결제되지 않았습니다", "Not paid yet"), t("쇼핑몰에서 결제를 이어갈 수 있습니다.", "You can go on paying at the shop.")],
    presented: [t("결제가 진행 중입니다", "The payment is under way"), t("결제창에서 결제를 마쳐 주세요.", "Please finish it in the payment window.")],
    checking: [t("결제 결과를 확인하고 있습니다", "We are checking your payment"), t("다시 결제하지 마세요. 결제사에 확인하고 있으며, 두 번 청구되지 않습니다.", "Please do not pay again. The provider is being asked, and you will not be charged twice.")],
    lost: [t("이 링크는 더 이상 열 수 없습니다", "This link cannot be opened any more"), t("쇼핑몰의 주문 내역에서 확인해 주세요.", "Please look at your orders at the shop.")],
  };
  SAID.preparing = SAID.presented;

  /** An element; what it says is always text, never markup. */
  const make = (tag, properties, ...children) => {
    const node = Object.assign(document.createElement(tag), properties);
    node.append(...children.filter((child) => child !== ""));
    return node;
  };
  const row = (name, value) => (value ? make("div", {}, make("dt", { textContent: name }), make("dd", { textContent: value })) : "");
  const language = t("ko", "en");
  const money = ({ amount, currency }) => {
    // As shops in Korea write it.
    if (korean && currency === "KRW") return `${amount.toLocaleString("ko")}원`;
    const format = new Intl.NumberFormat(language, { style: "currency", currency });
    return format.format(amount / 10 ** format.resolvedOptions().maximumFractionDigits);
  };
  const clock = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short", timeZone: "Asia/Seoul" });
  const moment = (time) => (time ? `${clock.format(new Date(time))} (KST)` : "");

  function said(phase) {
    const [title, sentence] = SAID[phase] ?? SAID.checking;
    return make("div", { role: "status" }, make("h1", { textContent: title }), make("p", { textContent: sentence }));
  }

  function draw(session) {
    const { status } = session;
    const over = status.poll_after_ms === 0;
    const { bank, account, holder, until } = status.deposit ?? {};
    const other = make("a", { href: `?lang=${t("en", "ko")}${location.hash}`, lang: t("en", "ko"), textContent: t("English", "한국어") });
    main.replaceChildren(
      make("p", { className: "soft", textContent: t(session.merchant_name, session.merchant_name_en) }),
      said(status.phase),
      make("dl", {},
        row(t("상품", "Item"), session.label), row(t("결제 금액", "Amount"), money(session)),
        row(t("은행", "Bank"), bank), row(t("계좌 번호", "Account"), account), row(t("예금주", "Holder"), holder),
        row(t("입금 기한", "Pay by"), moment(until)), row(t("결제 시각", "Paid at"), moment(status.paid_at))),
      session.test_mode ? make("p", { textContent: t("테스트 결제입니다. 실제로 청구되지 않습니다.", "This is a test payment. Nothing is charged.") }) : "",
      over ? "" : make("p", { className: "soft", textContent: t("상태가 바뀌면 이 화면도 저절로 바뀝니다.", "This page changes by itself when something happens.") }),
      make("p", {}, make("a", { href: status.return_url, textContent: t("쇼핑몰로 돌아가기", "Back to the shop") }), " · ", other));
    Object.assign(main.dataset, { phase: status.phase, over });
    return over;
  }

  const [checkout, key] = location.hash.slice(1).split(".");

  /** The same question again, unless it is over. */
  async function look() {
    clearTimeout(timer);
    try {
      const answer = await fetch("/v1/session?device=pc", { cache: "no-store", credentials: "omit", headers: { authorization: `Link ${checkout}.${key}` } });
      const session = await answer.json();
      if (answer.status >= 400 && answer.status < 429) return main.replaceChildren(said("lost"));
      const now = JSON.stringify(session);
      // Readers are told of what changed, and of nothing else.
      if (answer.ok && now !== shown && draw(session)) return socket?.close();
      if (answer.ok) shown = now;
    } catch {
      // No network: the next look finds it.
    }
    timer = setTimeout(again, EVERY_MS);
    listen();
  }

  /** The key is the first message; the address has none. */
  function listen() {
    if (socket) return;
    try {
      socket = new WebSocket(`${location.origin.replace("http", "ws")}/v1/live/${checkout}`);
    } catch {
      return;
    }
    socket.onopen = () => socket.send(`link.${key}`);
    socket.onmessage = (event) => event.data === "pong" || look();
    socket.onclose = () => { socket = undefined; };
  }

  function again() {
    if (main.dataset.over === "true") return;
    if (socket?.readyState === WebSocket.OPEN) socket.send("ping");
    look();
  }

  document.documentElement.lang = language;
  addEventListener("hashchange", () => location.reload());
  addEventListener("online", again);
  document.addEventListener("visibilitychange", () => document.hidden || again());
  look();
})();
