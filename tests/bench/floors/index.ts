// What the runtime itself costs: below these no worker can be.
import { DurableObject } from "cloudflare:workers";

interface Env {
  ROWS: DurableObjectNamespace<Rows>;
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
