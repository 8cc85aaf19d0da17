// What the runtime does for the shell, in the runtime's own language.
//
// Why: the runtime's requests, answers, headers, streams and timers cost tens of kilobytes when they are
// driven from Rust, and a few lines here. Plain values cross the border: texts, numbers, bytes, arrays.
// Nothing here decides; sizes, times, addresses and names are arguments. Rust's side is `host.rs`.

/**
 * At most `max + 1` bytes of a body: the one too many tells the reader that it was too long. One that says
 * its length, and does not say too much, is taken in one piece, several times faster than its stream; not
 * one that is packed, whose length says nothing.
 */
export async function bytesOf(message, max) {
  const { headers } = message;
  const says = headers.get("content-length");
  // To look at `body` makes a stream of it.
  if (says !== null && says <= max && !headers.has("content-encoding")) return new Uint8Array(await message.arrayBuffer());
  const { body } = message;
  if (body === null) return new Uint8Array();
  const parts = [];
  let size = 0;
  const reader = body.getReader();
  while (size <= max) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    size += value.byteLength;
  }
  // What is left is never read; nobody waits for the other side to hear it.
  if (size > max) reader.cancel().catch(() => {});
  return new Uint8Array(await new Blob(parts).arrayBuffer()).subarray(0, max + 1);
}

/** Headers of lines, a name and a value by turns. None of them can hold a line's end. */
function headersOf(lines) {
  const headers = {};
  const parts = lines.split("\n");
  for (let at = 0; at + 1 < parts.length; at += 2) headers[parts[at]] = parts[at + 1];
  return headers;
}

/** Work of ours that waits: what it comes to. */
export async function carried(work, wait) {
  while (wait !== undefined) {
    let [came, value] = [true];
    try {
      value = await wait;
    } catch (error) {
      [came, value] = [false, error];
    }
    wait = work.step(came, value);
  }
  return work.result();
}

/** An answer out. */
export function response(status, headers, body) {
  return new Response(body.length > 0 ? body : null, { status, headers: headersOf(headers) });
}

/**
 * A request out: `[status, value of retry-after or null, body]`. Headers and body together have `wait`
 * milliseconds, and redirects are not followed. `null` when no whole answer came, whether or not the request
 * was heard.
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
    return [answer.status, answer.headers.get("retry-after"), await bytesOf(answer, max)];
  };
  try {
    return await Promise.race([answered(), late]);
  } catch {
    return null;
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

/** Statements in an object's own database, all or none: `[query, values, query, values, …]`. */
export function write(sql, ctx, pairs) {
  const all = () => {
    for (let at = 0; at < pairs.length; at += 2) sql.exec(pairs[at], ...pairs[at + 1]);
  };
  if (pairs.length > 2) ctx.storage.transactionSync(all);
  else all();
}

/** What waits for the end of an object's turn, and letters that leave it together. */
const ends = new WeakMap();
const outboxes = new WeakMap();

/** The end of this turn of the event loop: one promise for all who wait for it in this object. */
export function turnsEnd(ctx) {
  let end = ends.get(ctx);
  if (end === undefined) {
    end = new Promise((over) => {
      setTimeout(() => {
        ends.delete(ctx);
        over();
      }, 0);
    });
    ends.set(ctx, end);
  }
  return end;
}

/** One statement in the book; rows as above. */
export const bookRows = (env, query, values) => env.BOOK.prepare(query).bind(...values).raw();

/** Statements in the book, all or none: `[query, values, query, values, …]`. */
export function bookBatch(env, pairs) {
  const batch = [];
  for (let at = 0; at < pairs.length; at += 2) batch.push(env.BOOK.prepare(pairs[at]).bind(...pairs[at + 1]));
  return env.BOOK.batch(batch);
}

/** At most so many letters in one call, and so many characters: the queue takes 100, and 256 kB. */
const LETTERS_MAX = 100;
const LETTERS_SIZE_MAX = 64_000;

/** A letter for the queue. Those of one turn go together, in as few calls as the queue allows. */
export function posted(ctx, env, letter) {
  return new Promise((taken, refused) => {
    const outbox = outboxes.get(ctx) ?? [];
    outbox.push({ message: { body: letter, contentType: "json" }, taken, refused });
    if (outbox.length > 1) return;
    outboxes.set(ctx, outbox);
    turnsEnd(ctx).then(() => {
      outboxes.delete(ctx);
      while (outbox.length > 0) {
        let [count, size] = [1, outbox[0].message.body.length];
        while (count < Math.min(outbox.length, LETTERS_MAX) && (size += outbox[count].message.body.length) < LETTERS_SIZE_MAX) count += 1;
        const some = outbox.splice(0, count);
        env.NOTICES.sendBatch(some.map(({ message }) => message)).then(
          () => some.forEach(({ taken }) => taken()),
          (error) => some.forEach(({ refused }) => refused(error)),
        );
      }
    });
  });
}

/** Exchanges of this minute, by name, that this instance of the worker let pass without asking. */
let few = { minute: 0, counts: new Map() };
const FEW = 3;
const NAMES_MAX = 10_000;

/**
 * Whether one more exchange is among the first few of this name in a minute, which need no question: a page
 * asks once or twice, and the bound is for those who ask hundreds of times.
 */
export function isAmongFirst(name, seconds) {
  const minute = Math.floor(seconds / 60);
  if (few.minute !== minute || few.counts.size >= NAMES_MAX) few = { minute, counts: new Map() };
  const count = (few.counts.get(name) ?? 0) + 1;
  few.counts.set(name, count);
  return count <= FEW;
}

/** Whether one more exchange is within the bound of this name. */
export const exchangeFits = async (env, name) => (await env.EXCHANGES.limit({ key: name })).success;

/** Letters of a batch, each `[text, tries, letter]`; one that is no text reads as empty. */
export const letters = (batch) =>
  batch.messages.map((letter) => [typeof letter.body === "string" ? letter.body : "", letter.attempts, letter]);

/** Done with a letter (`undefined`), or wants it again in so many seconds. */
export const settled = (letter, delaySeconds) => (delaySeconds === undefined ? letter.ack() : letter.retry({ delaySeconds }));

/** What was thrown, for the log. */
export const textOf = (thrown) => String(thrown);
