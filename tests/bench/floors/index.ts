// What the runtime itself costs: below these no worker can be.
import { DurableObject } from "cloudflare:workers";

interface Env {
  ROWS: DurableObjectNamespace<Rows>;
  KEPT: DurableObjectNamespace<Kept>;
}

/** An object that inserts a row, by itself or together with others. */
export class Rows extends DurableObject<Env> {
  #waiting: { id: string; done: (count: number) => void; fail: (error: unknown) => void }[] = [];

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS rows (id TEXT PRIMARY KEY, text TEXT NOT NULL)");
  }

  nothing(): number {
    return 1;
  }

  insert(id: string): number {
    const inserted = this.ctx.storage.sql.exec("INSERT INTO rows VALUES (?, 'presented') ON CONFLICT (id) DO NOTHING", id);
    // The index of its key counts as well.
    return inserted.rowsWritten > 0 ? 1 : 0;
  }

  group(id: string): Promise<number> {
    return new Promise((done, fail) => {
      this.#waiting.push({ id, done, fail });
      if (this.#waiting.length > 1) return;
      setTimeout(() => {
        const all = this.#waiting;
        this.#waiting = [];
        for (const one of all) {
          try {
            one.done(this.insert(one.id));
          } catch (error) {
            one.fail(error);
          }
        }
      }, 0);
    });
  }
}

/** What our edge keeps of a first attempt, as SQLite takes it best: two reads, and one statement a table. */
const TABLES = `
  CREATE TABLE IF NOT EXISTS checkout (id TEXT PRIMARY KEY, row TEXT NOT NULL, due INTEGER, parked TEXT) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS checkout_due ON checkout (due) WHERE due IS NOT NULL;
  CREATE TABLE IF NOT EXISTS attempt (id TEXT PRIMARY KEY, checkout TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS journal (checkout TEXT NOT NULL, n INTEGER NOT NULL, at INTEGER NOT NULL, input TEXT NOT NULL,
    detail TEXT NOT NULL, phase TEXT NOT NULL, verdict TEXT NOT NULL, version INTEGER NOT NULL, PRIMARY KEY (checkout, n)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS answer (name TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, result TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS claim (name TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS velocity (name TEXT NOT NULL, slot INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (name, slot)) WITHOUT ROWID;`;
const WRITES: [string, (id: string, at: number) => (string | number)[][]][] = [
  ["INSERT INTO checkout (id, row, due) SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?)", (id, at) => [[id, RECORD, at]]],
  ["INSERT INTO attempt SELECT value ->> 0, value ->> 1 FROM json_each(?)", (id) => [[`att_${id}`, id]]],
  [
    `INSERT INTO journal SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7 FROM json_each(?)`,
    (id, at) => [1, 2, 3].map((n) => [id, n, at, "begin", `att_${id} toss_card redirect`, "presented", "Go(Presented)", n]),
  ],
  [
    "INSERT INTO answer SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?)",
    (id, at) => [`burnt/${id}`, `quoted/${id}`].map((name) => [name, "", `ok:${id}`, at]),
  ],
  ["INSERT INTO claim SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?)", (id, at) => [[`order/${id}`, id, at]]],
];
/** As long as a record of ours with one line and one attempt. */
const RECORD = JSON.stringify({ row: "a record".repeat(230) });

/** An object that keeps what ours keeps, and decides nothing. */
export class Kept extends DurableObject<Env> {
  #waiting: { id: string; done: (count: number) => void; fail: (error: unknown) => void }[] = [];

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ctx.storage.sql.exec(TABLES);
  }

  keep(id: string): Promise<number> {
    return new Promise((done, fail) => {
      this.#waiting.push({ id, done, fail });
      if (this.#waiting.length > 1) return;
      setTimeout(() => {
        const all = this.#waiting;
        this.#waiting = [];
        try {
          this.#keepAll(all.map(({ id }) => id));
          for (const one of all) one.done(1);
        } catch (error) {
          for (const one of all) one.fail(error);
        }
      }, 0);
    });
  }

  #keepAll(ids: string[]) {
    const { sql } = this.ctx.storage;
    const at = Date.now();
    for (const id of ids) {
      sql.exec("SELECT row FROM checkout WHERE id = ?", id).toArray();
      sql.exec("SELECT fingerprint FROM claim WHERE name = ?", `order/${id}`).toArray();
      const names = ["buyer", "address", "quote/address", "quote"].map((name) => [`${name}/${id}`, Math.floor(at / 600_000)]);
      const count = `INSERT INTO velocity SELECT value ->> 0, value ->> 1, 1 FROM json_each(?) WHERE true
        ON CONFLICT (name, slot) DO UPDATE SET n = n + 1 RETURNING n`;
      sql.exec(count, JSON.stringify(names)).toArray();
    }
    this.ctx.storage.transactionSync(() => {
      for (const [statement, rows] of WRITES) sql.exec(statement, JSON.stringify(ids.flatMap((id) => rows(id, at))));
    });
  }
}

/** What our edge reads of every request, and says with every answer to a page. */
const READ = ["accept", "authorization", "cf-connecting-ip", "content-encoding", "content-length", "content-type", "hanbeon-state",
  "idempotency-key", "origin", "tosspayments-webhook-transmission-id", "upgrade", "webhook-id", "webhook-signature", "webhook-timestamp", "x-kb-mac"];
const SAID = { "content-type": "application/json", "cache-control": "no-store", "access-control-expose-headers": "retry-after, idempotency-replayed",
  "x-content-type-options": "nosniff", vary: "origin" };

function answered(request: Request, value: unknown): Response {
  let read = "";
  for (const name of READ) read += `\n${request.headers.get(name) ?? "\r"}`;
  const headers = { ...SAID, "access-control-allow-origin": request.headers.get("origin") ?? "*", "hanbeon-request-id": `req_${read.length}` };
  return new Response(JSON.stringify(value), { status: 201, headers });
}

const json = (status: number, value: unknown) => new Response(JSON.stringify(value), { status, headers: { "content-type": "application/json" } });

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/health") return json(200, { ok: true });
    const { id } = await request.json<{ id: string }>();
    const rows = env.ROWS.getByName("one");
    switch (pathname) {
      case "/post":
        return json(201, { id, rows: 1 });
      case "/door":
        return answered(request, { id, rows: 1 });
      case "/kept":
        return answered(request, { id, rows: await env.KEPT.getByName(`${Number(id.slice("row-".length)) % 32}`).keep(id) });
      case "/object":
        return json(201, { id, rows: await rows.nothing() });
      case "/insert":
        return json(201, { id, rows: await rows.insert(id) });
      case "/group":
        return json(201, { id, rows: await rows.group(id) });
      default:
        return json(404, { code: "not_found" });
    }
  },
};
