// What the runtime does for the shell, in the runtime's own language.
//
// Why: the runtime's requests, answers, headers, streams and timers cost tens of kilobytes when they are
// driven from Rust, and a few lines here. Plain values cross the border: texts, numbers, bytes, arrays.
// Nothing here decides; sizes, times, addresses and names are arguments. Rust's side is `host.rs`.

/** At most `max + 1` bytes of a body: the one too many tells the reader that it was too long. */
async function bytesOf(body, max) {
  const parts = [];
  let size = 0;
  const reader = body?.getReader();
  while (reader && size <= max) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    size += value.byteLength;
  }
  // What is left is never read; nobody waits for the other side to hear it.
  if (size > max) reader.cancel().catch(() => {});
  return new Uint8Array(await new Blob(parts).arrayBuffer()).subarray(0, max + 1);
}

/** `[name, value, name, value, …]` as headers. */
function headersOf(pairs) {
  const headers = new Headers();
  for (let at = 0; at < pairs.length; at += 2) headers.set(pairs[at], pairs[at + 1]);
  return headers;
}

/** A request in: `[method, path, query, body, name, value, name, value, …]`. */
export async function received(request, max) {
  const { pathname, search } = new URL(request.url);
  const body = await bytesOf(request.body, max);
  return [request.method, pathname, search.slice(1), body, ...[...request.headers].flat()];
}

/** An answer out. */
export function response(status, headers, body) {
  return new Response(body.length > 0 ? body : null, { status, headers: headersOf(headers) });
}

/**
 * A request out: `[status, value of retry-after or null, body]`. Headers and body together have `wait`
 * milliseconds, and redirects are not followed. Rejects when no whole answer came, whether or not the
 * request was heard.
 */
export async function exchange(road, method, url, headers, body, wait, max) {
  const stop = new AbortController();
  let timer;
  const late = new Promise((_, fail) => {
    timer = setTimeout(() => fail(new Error("no answer in time")), wait);
  });
  const answered = async () => {
    const init = { method, headers: headersOf(headers), redirect: "manual", signal: stop.signal };
    if (body.length > 0) init.body = body;
    const answer = await (road ?? globalThis).fetch(url, init);
    return [answer.status, answer.headers.get("retry-after"), await bytesOf(answer.body, max)];
  };
  try {
    return await Promise.race([answered(), late]);
  } finally {
    clearTimeout(timer);
    stop.abort();
  }
}

/** A call to the object of this name, see `entry.js`: bytes in, bytes out. */
export const called = (env, binding, name, bytes) => env[binding].getByName(name).call(bytes);

/** Hands a socket to the owner of this name: the answer to give, or `null` when there is no place for it. */
export async function joined(env, owner, checkout, request) {
  const answer = await env.CHECKOUTS.getByName(owner).fetch(new Request(`https://owner/${checkout}`, request));
  return answer.webSocket ? answer : null;
}

/** Sockets of a checkout, with a proof and without. */
export const listeners = (ctx, checkout) => ctx.getWebSockets(checkout).length;

/** Tells every page that has shown a proof and has not heard of this version. */
export function tell(ctx, checkout, version, says) {
  for (const socket of ctx.getWebSockets(checkout)) {
    const seat = socket.deserializeAttachment();
    if (!(seat?.version < version)) continue;
    socket.serializeAttachment({ ...seat, version });
    try {
      socket.send(seat.linked ? JSON.stringify({ version }) : says);
    } catch {
      // Closed a moment ago.
    }
  }
}

/** An object's name, for the log. */
export const nameOf = (ctx) => ctx.id.toString();

/** One statement in an object's own database; every row as an array of its columns. */
export const rows = (sql, query, values) => sql.exec(query, ...values).raw().toArray();

/** One statement in the book; rows as above. */
export const bookRows = (env, query, values) => env.BOOK.prepare(query).bind(...values).raw();

/** Statements in the book, all or none: `[query, values, query, values, …]`. */
export function bookBatch(env, pairs) {
  const batch = [];
  for (let at = 0; at < pairs.length; at += 2) batch.push(env.BOOK.prepare(pairs[at]).bind(...pairs[at + 1]));
  return env.BOOK.batch(batch);
}

/** A letter for the queue. */
export const posted = (env, letter) => env.NOTICES.send(letter, { contentType: "json" });

/** Whether one more exchange is within the bound of this name. */
export const exchangeFits = async (env, name) => (await env.EXCHANGES.limit({ key: name })).success;

/** Letters of a batch, each `[text, tries, letter]`; one that is no text reads as empty. */
export const letters = (batch) =>
  batch.messages.map((letter) => [typeof letter.body === "string" ? letter.body : "", letter.attempts, letter]);

/** Done with a letter (`undefined`), or wants it again in so many seconds. */
export const settled = (letter, delaySeconds) => (delaySeconds === undefined ? letter.ack() : letter.retry({ delaySeconds }));

/** What was thrown, for the log. */
export const textOf = (thrown) => String(thrown);
