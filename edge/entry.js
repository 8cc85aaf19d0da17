// The doors of the built module: wrangler's `main`.
//
// Why: objects are called by RPC with bytes, which costs less than a call by fetch. Each class here makes
// the built one in its constructor and hands calls on. The queue that lets calls which arrive together
// share one durable commit lives here too: one turn of the event loop, one implicit transaction, and the
// runtime's output gate holds every answer until that transaction is on disk (I-9).
import { DurableObject } from "cloudflare:workers";
import { CheckoutObject as Checkouts, Doors, StockObject as Stocks } from "./build/index.js";
import { bytesOf } from "./src/shell/host.js";

const doors = new Doors();
const BODY_BYTES_MAX = doors.limit();
const HEADERS = doors.headers().split("\n");

/** What is read of a request, a line each; a carriage return stands for a header that it has not. */
function linesOf(request) {
  const { url, headers } = request;
  const path = url.indexOf("/", "https://".length);
  const query = url.indexOf("?", path);
  const end = query < 0 ? url.length : query;
  let lines = `${request.method}\n${url.slice(path, end)}\n${url.slice(end + 1)}`;
  for (const name of HEADERS) lines += `\n${headers.get(name) ?? "\r"}`;
  return lines;
}

export default {
  async fetch(request, env) {
    let body;
    try {
      body = await bytesOf(request, BODY_BYTES_MAX);
    } catch (error) {
      return doors.broken(String(error));
    }
    return doors.fetch(env, request, linesOf(request), body);
  },
  queue: (batch, env) => doors.queue(env, batch),
  scheduled: (event, env) => doors.scheduled(env, event.scheduledTime),
};

/** At most this many checkouts are worked on at once after an alarm: a bound on requests under way. */
const DRIVES_MAX = 16;

/** What is worked on rings this late, in milliseconds, in case that its work ended without a word. */
const BUSY_MS = 2_000;

/** What could not be kept is tried again so much later. */
const AGAIN_MS = 10_000;

function owner(Built) {
  return class extends DurableObject {
    #built;
    #calls = [];
    #driving = new Map();
    #alarm;
    /** Sockets without a proof yet: for which checkout, and the timer that ends them. While one waits, nobody sleeps. */
    #strangers = new Map();

    constructor(ctx, env) {
      super(ctx, env);
      this.#built = new Built(ctx.storage.sql, env, ctx);
      // The runtime answers this by itself, also while the object sleeps.
      ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
    }

    /** A page that wants to listen: the rules are in src/live.rs. */
    fetch(request) {
      const checkout = new URL(request.url).pathname.slice(1);
      const here = [...this.#strangers.values()].filter((other) => other.checkout === checkout).length;
      const patience = this.#built.patience(here, this.#strangers.size);
      if (patience === 0) return new Response(null, { status: 429 });
      const [page, socket] = Object.values(new WebSocketPair());
      this.ctx.acceptWebSocket(socket, [checkout]);
      this.#strangers.set(socket, { checkout, timer: setTimeout(() => this.webSocketMessage(socket, ""), patience) });
      return new Response(null, { status: 101, webSocket: page });
    }

    /** The first message is the proof; there is no second one. */
    webSocketMessage(socket, message) {
      const [checkout] = this.ctx.getTags(socket);
      const proof = this.#met(socket) && typeof message === "string" ? message : "";
      const listeners = this.ctx.getWebSockets(checkout).filter((other) => other.deserializeAttachment()).length;
      const [version, says, linked] = this.#built.listen(checkout, proof, listeners);
      if (linked === undefined) return socket.close(version, says);
      // What it says may have been written a moment ago.
      this.#settle();
      socket.serializeAttachment({ version, linked });
      socket.send(says);
    }

    /** Whether it was a stranger; it is none any more. */
    #met(socket) {
      clearTimeout(this.#strangers.get(socket)?.timer);
      return this.#strangers.delete(socket);
    }

    webSocketClose(socket) {
      this.#met(socket);
      // Some releases of the runtime answer a close by themselves, and then this says nothing new.
      socket.close();
    }

    webSocketError(socket) {
      this.#met(socket);
    }

    /** One operation: bytes in, bytes out. */
    async call(bytes) {
      const [reply, drive, then] = await this.#turn(bytes);
      if (drive === null) return reply;
      const work = this.#drive(drive);
      // The caller may go away; the work goes on (F10).
      this.ctx.waitUntil(work);
      if (reply !== null) return reply;
      await work;
      return (await this.#turn(then))[0];
    }

    #turn(bytes) {
      return new Promise((answer, fail) => {
        this.#calls.push({ bytes, answer, fail });
        if (this.#calls.length === 1) setTimeout(() => this.#takeCalls(), 0);
      });
    }

    #takeCalls() {
      const calls = this.#calls;
      this.#calls = [];
      try {
        const replies = calls.map((call) => this.#built.answer(call.bytes));
        this.#settle(replies.some(([, drive]) => drive !== null));
        calls.forEach((call, n) => call.answer(replies[n]));
      } catch (error) {
        // Half a turn is none: who comes next reads from the disk what was kept.
        console.error(JSON.stringify({ level: "error", turn: String(error) }));
        calls.forEach((call) => call.fail(error));
        this.ctx.abort("a turn could not be kept");
      }
    }

    /** Work of one checkout goes one after the other; it never rejects: what fails waits for its alarm. */
    #drive(id) {
      const earlier = this.#driving.get(id) ?? Promise.resolve();
      const mine = earlier
        .then(() => this.#built.drive(id))
        .catch((error) => console.error(JSON.stringify({ level: "error", checkout: id, drive: String(error) })))
        .then(() => {
          if (this.#driving.get(id) === mine) this.#driving.delete(id);
          this.#arm();
        });
      this.#driving.set(id, mine);
      return mine;
    }

    /** As below, and never throws: what could not be kept is tried again. */
    #arm() {
      try {
        this.#settle();
      } catch (error) {
        console.error(JSON.stringify({ level: "error", settle: String(error) }));
        this.ctx.storage.setAlarm(Date.now() + AGAIN_MS);
      }
    }

    /**
     * The end of a turn: what was written in it is kept, or this throws. And one alarm an object: the earliest
     * time that any of its checkouts wants. While somebody is at work on what is due now, it is only there for
     * the case that the power goes.
     */
    #settle(drives = false) {
      const works = drives || this.#driving.size > 0;
      let at = this.#built.settle?.(works) ?? null;
      const now = Date.now();
      if (at !== null && at <= now && works) {
        at = this.#alarm > now && this.#alarm <= now + BUSY_MS ? this.#alarm : now + BUSY_MS;
      }
      // One that is set and over was lost, or rings at any moment: it is set again, which harms neither.
      if (at === this.#alarm && (at === null || at > now)) return;
      this.#alarm = at;
      if (at === null) this.ctx.storage.deleteAlarm();
      else this.ctx.storage.setAlarm(at);
    }

    /** Never throws: after six throws the runtime would drop the alarm for good. */
    async alarm() {
      this.#alarm = undefined;
      try {
        const due = this.#built.due(DRIVES_MAX);
        await Promise.all(due.map((id) => this.#drive(id)));
      } catch (error) {
        console.error(JSON.stringify({ level: "error", alarm: String(error) }));
      }
      this.#arm();
    }
  };
}

/** Owns a shard of checkouts. */
export class CheckoutObject extends owner(Checkouts) {}

/** Owns the stock of one SKU. Same doors; it never has work of its own, and so no alarm. */
export class StockObject extends owner(Stocks) {}
