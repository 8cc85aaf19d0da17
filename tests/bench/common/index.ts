// A checkout as most teams would write it: every issued token is stored, and marked when it is consumed.
import { DurableObject } from "cloudflare:workers";
import { type Begun, type Choice, door, type Env, type Grant, hold, setUnits, shard, STOCK_TABLES } from "../shop";

const TOKEN_MS = 1_800_000;

/** The checkouts of a shard. */
export class Checkouts extends DurableObject {
  constructor(ctx: DurableObjectState, env: unknown) {
    super(ctx, env);
    ctx.storage.sql.exec(`
      CREATE TABLE IF NOT EXISTS tokens (jti TEXT PRIMARY KEY, checkout TEXT NOT NULL, amount INTEGER NOT NULL, currency TEXT NOT NULL,
        expires_at INTEGER NOT NULL, consumed_at INTEGER);
      CREATE TABLE IF NOT EXISTS attempts (id TEXT PRIMARY KEY, checkout TEXT NOT NULL, key TEXT NOT NULL, method TEXT NOT NULL,
        amount INTEGER NOT NULL, currency TEXT NOT NULL, state TEXT NOT NULL, created_at INTEGER NOT NULL);
    `);
  }

  issue(grant: Grant): void {
    const { jti, checkout, amount, currency } = grant;
    this.ctx.storage.sql.exec("INSERT INTO tokens VALUES (?, ?, ?, ?, ?, NULL)", jti, checkout, amount, currency, Date.now() + TOKEN_MS);
  }

  begin(grant: Grant, key: string, choice: Choice): Begun {
    const now = Date.now();
    const { sql } = this.ctx.storage;
    const [token] = sql.exec("SELECT checkout, amount, currency, expires_at, consumed_at FROM tokens WHERE jti = ?", grant.jti).toArray();
    if (token === undefined || (token.expires_at as number) < now) return { refused: "token_invalid" };
    if (token.checkout !== grant.checkout || token.amount !== grant.amount || token.currency !== grant.currency) return { refused: "amount_mismatch" };
    if (token.consumed_at !== null) {
      const [known] = sql.exec("SELECT id FROM attempts WHERE checkout = ? AND key = ?", grant.checkout, key).toArray();
      return known ? { attempt: known.id as string } : { refused: "token_replayed" };
    }
    sql.exec("UPDATE tokens SET consumed_at = ? WHERE jti = ?", now, grant.jti);
    const attempt = crypto.randomUUID();
    sql.exec(
      "INSERT INTO attempts VALUES (?, ?, ?, ?, ?, ?, 'presented', ?)",
      attempt, grant.checkout, key, choice.method, grant.amount, grant.currency, now,
    );
    return { attempt };
  }
}

/** The stock of one SKU. */
export class Stock extends DurableObject {
  constructor(ctx: DurableObjectState, env: unknown) {
    super(ctx, env);
    ctx.storage.sql.exec(STOCK_TABLES);
  }

  set(units: number): void {
    setUnits(this.ctx.storage.sql, units);
  }

  reserve(checkout: string, quantity: number): boolean {
    return hold(this.ctx.storage.sql, checkout, quantity);
  }
}

const owner = (checkout: string) => shard(checkout, 32);

export default door<Env<Checkouts, Stock>>(owner, async (env, grant) => env.CHECKOUTS.getByName(owner(grant.checkout)).issue(grant));
