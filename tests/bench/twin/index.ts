// Our own design in TypeScript: a token is issued without a trace, consumed by one insert that conflicts,
// and calls that arrive together share one durable commit.
import { DurableObject } from "cloudflare:workers";
import { type Begun, type Choice, door, type Env, type Grant, hold, setUnits, shard, STOCK_TABLES } from "../shop";

/** Calls that arrive in one turn of the event loop run in the next one, in one implicit transaction. */
class Grouped extends DurableObject {
  #waiting: (() => void)[] = [];

  protected together<T>(work: () => T): Promise<T> {
    return new Promise((done, fail) => {
      this.#waiting.push(() => {
        try {
          done(work());
        } catch (error) {
          fail(error);
        }
      });
      if (this.#waiting.length === 1) setTimeout(() => this.#takeAll(), 0);
    });
  }

  #takeAll() {
    const all = this.#waiting;
    this.#waiting = [];
    for (const one of all) one();
  }
}

/** The checkouts of a shard. */
export class Checkouts extends Grouped {
  constructor(ctx: DurableObjectState, env: unknown) {
    super(ctx, env);
    ctx.storage.sql.exec(`
      CREATE TABLE IF NOT EXISTS attempts (jti TEXT PRIMARY KEY, id TEXT NOT NULL, checkout TEXT NOT NULL, key TEXT NOT NULL,
        method TEXT NOT NULL, amount INTEGER NOT NULL, currency TEXT NOT NULL, state TEXT NOT NULL, created_at INTEGER NOT NULL);
    `);
  }

  begin(grant: Grant, key: string, choice: Choice): Promise<Begun> {
    return this.together(() => {
      const attempt = crypto.randomUUID();
      const { sql } = this.ctx.storage;
      const inserted = sql.exec(
        "INSERT INTO attempts VALUES (?, ?, ?, ?, ?, ?, ?, 'presented', ?) ON CONFLICT (jti) DO NOTHING",
        grant.jti, attempt, grant.checkout, key, choice.method, grant.amount, grant.currency, Date.now(),
      );
      if (inserted.rowsWritten > 0) return { attempt };
      const [known] = sql.exec("SELECT id, key FROM attempts WHERE jti = ?", grant.jti).toArray();
      return known.key === key ? { attempt: known.id as string } : { refused: "token_replayed" };
    });
  }
}

/** The stock of one SKU. */
export class Stock extends Grouped {
  constructor(ctx: DurableObjectState, env: unknown) {
    super(ctx, env);
    ctx.storage.sql.exec(STOCK_TABLES);
  }

  set(units: number): void {
    setUnits(this.ctx.storage.sql, units);
  }

  reserve(checkout: string, quantity: number): Promise<boolean> {
    return this.together(() => hold(this.ctx.storage.sql, checkout, quantity));
  }
}

export default door<Env<Checkouts, Stock>>((checkout) => shard(checkout, 4));
