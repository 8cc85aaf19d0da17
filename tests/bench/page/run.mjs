// How soon a page's button can be pressed: ours beside a floor and two drop-ins, in one browser, by turns.
//
// Every visit is a first one (a browser context of its own, nothing cached), with the processor four times slower.
// Files travel compressed. A button counts from one free turn of the main thread after it is drawn and enabled.
// Peers are offline, so their figures are lower bounds: Adyen's hosts are answered here at once, its frames by one
// line that acknowledges, without their sizes or any throttling; Braintree is evaluated and draws nothing. Ours asks
// an edge that answers at once too.
//
// node run.mjs <order as JSON>: { chromium, widget, peers, rounds, only }. Prints one JSON object.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";

const order = JSON.parse(process.argv[2]);
const CPU_TIMES_SLOWER = 4;
/** Lighthouse's: what many phones have. */
const SLOW_4G = { offline: false, latency: 150, downloadThroughput: (1_600 * 1024) / 8, uploadThroughput: (750 * 1024) / 8 };
const NETWORKS = { cpu: null, slow_4g: SLOW_4G };
/** A page that has not come so far is broken. */
const VISIT_MAX_MS = 60_000;
/** What still runs when all is drawn belongs to the visit. */
const SETTLE_MS = 500;
/** Blocking is what a task takes over this. */
const SHORT_TASK_MS = 50;

const TYPES = { html: "text/html; charset=utf-8", js: "text/javascript", css: "text/css", wasm: "application/wasm", json: "application/json", svg: "image/svg+xml" };
const files = new Map();
const add = (path, body, headers = {}) => files.set(path, { body: brotliCompressSync(body), headers: { "content-encoding": "br", "content-type": TYPES[path.split(".").pop()], ...headers } });
const page = (head, body) => `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Pay</title><link rel="icon" href="data:,">${head}<body>${body}</body></html>`;

const session = {
  checkout: "chk_g1s03_bench0", amount: 31000, currency: "KRW", label: "Fujifilm X100V", merchant_name: "Camera", merchant_name_en: "Camera", test_mode: true, status: null,
  methods: ["card", "transfer", "phone"].map((method) => ({ id: `m_${method}`, method, available: true, presentations: ["popup", "redirect"] })),
};
for (const name of ["element.js", "hanbeon.js", "hanbeon_bg.wasm", "text/ko.json", "text/en.json"]) add(`/widget/${name}`, readFileSync(join(order.widget, name)), { "access-control-allow-origin": "*" });
const integrity = `sha384-${createHash("sha384").update(readFileSync(join(order.widget, "element.js"))).digest("base64")}`;
for (const peer of ["adyen", "braintree"]) for (const kind of ["js", "css"]) add(`/${peer}.${kind}`, readFileSync(join(order.peers, `${peer}.${kind}`)));

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url, "http://x");
  const cors = { "access-control-allow-origin": "*", "access-control-allow-headers": "*, authorization, content-type", "access-control-allow-methods": "*", "cache-control": "no-store" };
  const file = files.get(pathname);
  if (file) return response.writeHead(200, file.headers).end(file.body);
  if (request.method === "OPTIONS") return response.writeHead(204, cors).end();
  if (pathname === "/v1/session") return response.writeHead(200, { ...cors, "content-type": TYPES.json }).end(JSON.stringify(session));
  if (pathname.endsWith("securedFields.html")) {
    const script = "addEventListener('message',({data})=>{const{numKey,fieldType}=JSON.parse(data);parent.postMessage(JSON.stringify({action:'config',numKey,fieldType}),'*')})";
    return response.writeHead(200, { "content-type": TYPES.html }).end(`<script>${script}</script>`);
  }
  if (pathname.startsWith("/checkoutshopper/")) {
    const picture = pathname.endsWith(".svg");
    return response.writeHead(200, { ...cors, "content-type": picture ? TYPES.svg : TYPES.json }).end(picture ? "<svg xmlns='http://www.w3.org/2000/svg'/>" : "{}");
  }
  response.writeHead(404, cors).end();
});
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
const { port } = server.address();
const at = (host) => `http://${host}.localhost:${port}`;

const peer = (name) => `<link rel="stylesheet" href="/${name}.css"><script type="module" src="/${name}.js"></script>`;
add("/floor.html", page("", "<button id=pay>Pay</button>"));
add("/ours.html", page(`<script type="module" src="${at("edge")}/widget/element.js" integrity="${integrity}" crossorigin="anonymous"></script>`, `<hanbeon-checkout checkout="${session.checkout}" token="a.b.c"></hanbeon-checkout>`));
add("/adyen.html", page(peer("adyen"), "<div id=pay></div>"));
add("/braintree.html", page(peer("braintree"), "<div id=pay></div>"));

// What each page is waited for, by name: told in the page, asked at every frame.
const inner = (selector) => `document.querySelector("hanbeon-checkout")?.shadowRoot?.querySelector(${JSON.stringify(selector)})`;
const PAGES = {
  floor: { button: "document.querySelector('button')" },
  ours: { button: inner("button:enabled"), methods: `${inner("input:enabled")} && ${inner("[data-testid=pay]:enabled")}` },
  adyen: { button: "document.querySelector('.adyen-checkout__button--pay:enabled')" },
  braintree: { button: "globalThis.evaluated" },
};
const watcher = (marks) => `(() => {
  const seen = (globalThis.seen = {}), long = (globalThis.long = []);
  new PerformanceObserver((list) => long.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: "longtask", buffered: true });
  const turn = new MessageChannel();
  const free = [];
  turn.port1.onmessage = () => free.shift()();
  const look = () => {
    const left = [${Object.entries(marks).map(([name, found]) => `["${name}", () => ${found}]`)}].filter(([name]) => !(name in seen));
    for (const [name, found] of left) if (found()) { seen[name] = null; free.push(() => { seen[name] = performance.now(); }); turn.port2.postMessage(0); }
    if (left.length) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})()`;

const profile = mkdtempSync(join(tmpdir(), "hanbeon-bench-page-"));
const browser = spawn(order.chromium, ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--window-size=1280,1000", "--remote-debugging-port=0", `--user-data-dir=${profile}`, "about:blank"], { stdio: ["ignore", "ignore", "pipe"] });
const address = await new Promise((found, failed) => {
  let told = "";
  browser.stderr.on("data", (text) => { told += text; const line = /DevTools listening on (\S+)/.exec(told); if (line) found(line[1]); });
  browser.on("exit", () => failed(new Error(`the browser ended: ${told}`)));
});
const socket = new WebSocket(address);
await new Promise((open, failed) => { socket.onopen = open; socket.onerror = failed; });
let last = 0;
const waiting = new Map();
const heard = new Map();
socket.onmessage = ({ data }) => {
  const { id, result, error, method, params, sessionId } = JSON.parse(data);
  if (!id) return heard.get(sessionId)?.(method, params);
  const { done, failed } = waiting.get(id);
  waiting.delete(id);
  if (error) failed(new Error(error.message)); else done(result);
};
const send = (method, params = {}, sessionId = undefined) => new Promise((done, failed) => {
  waiting.set(++last, { done, failed });
  socket.send(JSON.stringify({ id: last, method, params, sessionId }));
});
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** One first visit; `early` presses as soon as it can be pressed. */
async function visit(name, network, early = false) {
  const { browserContextId } = await send("Target.createBrowserContext");
  const { targetId } = await send("Target.createTarget", { url: "about:blank", browserContextId });
  const { sessionId } = await send("Target.attachToTarget", { targetId, flatten: true });
  const ask = (method, params) => send(method, params, sessionId);
  const evaluate = async (expression) => (await ask("Runtime.evaluate", { expression, returnByValue: true })).result.value;
  let requests = 0;
  let bytes = 0;
  heard.set(sessionId, (method, params) => {
    if (method === "Network.requestWillBeSent" && !params.request.url.startsWith("data:")) requests += 1;
    if (method === "Network.loadingFinished") bytes += params.encodedDataLength;
  });
  for (const domain of ["Page", "Network", "Performance", "Runtime"]) await ask(`${domain}.enable`);
  await ask("Network.setCacheDisabled", { cacheDisabled: true });
  if (NETWORKS[network]) await ask("Network.emulateNetworkConditions", NETWORKS[network]);
  await ask("Emulation.setCPUThrottlingRate", { rate: CPU_TIMES_SLOWER });
  await ask("Page.addScriptToEvaluateOnNewDocument", { source: watcher(PAGES[name]) });
  await ask("Page.navigate", { url: `${at("shop")}/${name}.html` });
  const begun = Date.now();
  const marks = Object.keys(PAGES[name]);
  let pressed = !early;
  let seen = {};
  while (!marks.every((mark) => seen?.[mark])) {
    if (Date.now() - begun > VISIT_MAX_MS) throw new Error(`${name} came only to ${JSON.stringify(seen)}`);
    await pause(20);
    seen = await evaluate("globalThis.seen");
    if (!pressed && seen?.button) { pressed = true; await evaluate(`${PAGES[name].button}.click()`); }
  }
  await pause(SETTLE_MS);
  const blocking = (await evaluate("globalThis.long")).reduce((sum, task) => sum + Math.max(0, task - SHORT_TASK_MS), 0);
  const focused = await evaluate(`${inner(":focus")}?.type ?? ""`);
  await ask("HeapProfiler.collectGarbage");
  const { metrics } = await ask("Performance.getMetrics");
  const heap = metrics.find((metric) => metric.name === "JSHeapUsedSize").value;
  heard.delete(sessionId);
  await send("Target.disposeBrowserContext", { browserContextId });
  return { ...Object.fromEntries(marks.map((mark) => [`${mark}_ms`, seen[mark]])), blocking_ms: blocking, heap_kb: heap / 1024, requests, wire_kb: bytes / 1024, focused };
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
const rounded = (number) => Math.round(number * 10) / 10;
try {
  const networks = Object.keys(NETWORKS).filter((name) => !order.only || name === order.only);
  const report = { cpu_times_slower: CPU_TIMES_SLOWER, rounds: order.rounds, pages: {} };
  for (const network of networks) {
    const visits = Object.fromEntries(Object.keys(PAGES).map((name) => [name, []]));
    // The first of each warms the browser up, and is not counted.
    for (let round = 0; round <= order.rounds; round += 1) {
      process.stderr.write(`${network} ${round}/${order.rounds}\n`);
      for (const name of Object.keys(PAGES)) {
        const came = await visit(name, network);
        if (round) visits[name].push(came);
      }
    }
    report.pages[network] = Object.fromEntries(Object.entries(visits).map(([name, all]) => {
      const figures = Object.keys(all[0]).filter((figure) => figure !== "focused");
      return [name, Object.fromEntries(figures.map((figure) => [figure, rounded(median(all.map((one) => one[figure])))]))];
    }));
  }
  report.early_click_kept = (await visit("ours", networks.at(-1), true)).focused === "radio";
  console.log(JSON.stringify(report));
} finally {
  browser.kill("SIGKILL");
  server.close();
  socket.close();
  setTimeout(() => rmSync(profile, { recursive: true, force: true, maxRetries: 5 }), 100);
}
