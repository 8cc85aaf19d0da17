// What both peers do alike: routes, and reading a quote, a token and a request, with the libraries that a
// good team would take. Nothing here is clever; keys are imported once, and every field is checked.
import { Hono } from "hono";
import { jwtVerify, SignJWT } from "jose";

export interface Line {
  sku: string;
  name: string;
  quantity: number;
  unit_amount: number;
}

export interface Quote {
  id: string;
  lines: Line[];
  amount: number;
  currency: string;
}

/** What a token says, and nothing else. */
export interface Grant {
  jti: string;
  checkout: string;
  amount: number;
  currency: string;
  sku: string;
}

export interface Keys {
  QUOTE_KEY: string;
  TOKEN_KEY: string;
}

/** An answer that says why not. */
export class Refused extends Error {
  constructor(
    readonly status: 400 | 401 | 409 | 422,
    readonly code: string,
  ) {
    super(code);
  }
}

const ISSUER = "https://pay.example";
const TOKEN_SECONDS = 1_800;
const AMOUNT_MAX = 1_000_000_000;

let keys: { quote: CryptoKey; token: CryptoKey } | undefined;

async function imported(env: Keys) {
  const hmac = (text: string) =>
    crypto.subtle.importKey("raw", new TextEncoder().encode(text), { name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]);
  keys ??= { quote: await hmac(env.QUOTE_KEY), token: await hmac(env.TOKEN_KEY) };
  return keys;
}

const isAmount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0 && (value as number) <= AMOUNT_MAX;
const isText = (value: unknown, max: number): value is string => typeof value === "string" && value.length > 0 && value.length <= max;

function isLine(value: unknown): value is Line {
  const line = value as Line;
  return (
    typeof line === "object" && line !== null && isText(line.sku, 64) && isText(line.name, 200) && isAmount(line.quantity) && isAmount(line.unit_amount)
  );
}

/** A quote that the shop signed, whose lines come to its amount. */
export async function readQuote(env: Keys, text: unknown): Promise<Quote> {
  if (!isText(text, 2_400)) throw new Refused(400, "json_schema");
  const { quote } = await imported(env);
  const { payload } = await jwtVerify(text, quote, {
    algorithms: ["HS256"],
    issuer: "m_camera",
    typ: "hanbeon-quote+jwt",
    requiredClaims: ["exp", "jti"],
  }).catch(() => {
    throw new Refused(401, "quote_invalid");
  });
  const { jti, lines, amount, currency } = payload;
  if (!isText(jti, 64) || !isAmount(amount) || currency !== "KRW") throw new Refused(401, "quote_invalid");
  if (!Array.isArray(lines) || lines.length === 0 || lines.length > 20 || !lines.every(isLine)) throw new Refused(401, "quote_invalid");
  const sum = lines.reduce((total, line) => total + line.quantity * line.unit_amount, 0);
  if (sum !== amount) throw new Refused(422, "amount_mismatch");
  return { id: jti, lines, amount, currency };
}

/** The one-time token of a checkout. */
export async function signToken(env: Keys, grant: Grant): Promise<string> {
  const { token } = await imported(env);
  const { jti, ...claims } = grant;
  return new SignJWT(claims)
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setIssuer(ISSUER)
    .setJti(jti)
    .setIssuedAt()
    .setExpirationTime(Math.floor(Date.now() / 1000) + TOKEN_SECONDS)
    .sign(token);
}

/** The claims of a token that is ours and has not ended. */
export async function readToken(env: Keys, header: string | undefined): Promise<Grant> {
  if (!header?.startsWith("Bearer ")) throw new Refused(401, "token_invalid");
  const { token } = await imported(env);
  const { payload } = await jwtVerify(header.slice(7), token, { algorithms: ["HS256"], issuer: ISSUER, typ: "JWT" }).catch(() => {
    throw new Refused(401, "token_invalid");
  });
  const { jti, checkout, amount, currency, sku } = payload;
  if (!isText(jti, 64) || !isText(checkout, 64) || !isAmount(amount) || !isText(currency, 3) || !isText(sku, 64)) throw new Refused(401, "token_invalid");
  return { jti, checkout, amount, currency, sku };
}

/** How the buyer wants to pay. */
export interface Choice {
  method: string;
  presentation: string;
}

const METHODS = new Set(["toss_card", "toss_transfer"]);
const PRESENTATIONS = new Set(["iframe", "popup", "redirect"]);

export function readChoice(body: unknown): Choice {
  const { method, presentation } = (body ?? {}) as Record<string, unknown>;
  if (!isText(method, 64) || !METHODS.has(method)) throw new Refused(422, "method_unknown");
  if (!isText(presentation, 16) || !PRESENTATIONS.has(presentation)) throw new Refused(422, "presentation_unknown");
  return { method, presentation };
}

/** The idempotency key of a request. */
export function readKey(header: string | undefined): string {
  if (!isText(header, 128)) throw new Refused(400, "idempotency_key_invalid");
  return header;
}

/** FNV-1a: which of so many objects has this name. */
export function shard(name: string, shards: number): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < name.length; at += 1) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193) >>> 0;
  return `s${hash % shards}`;
}

/** What became of an attempt. */
export type Begun = { attempt: string } | { refused: "token_invalid" | "amount_mismatch" | "token_replayed" };

/** What the objects of a peer do. */
export interface Owner extends Rpc.DurableObjectBranded {
  begin(grant: Grant, key: string, choice: Choice): Begun | Promise<Begun>;
}

export interface Shelf extends Rpc.DurableObjectBranded {
  set(units: number): void;
  reserve(checkout: string, quantity: number): boolean | Promise<boolean>;
}

export interface Env<C extends Owner, S extends Shelf> extends Keys {
  CHECKOUTS: DurableObjectNamespace<C>;
  STOCK: DurableObjectNamespace<S>;
}

/** The routes. `owner` names the object of a checkout, and `issued` is told of every token before it leaves. */
export function door<E extends Env<Owner, Shelf>>(owner: (checkout: string) => string, issued?: (env: E, grant: Grant) => Promise<void>) {
  const app = new Hono<{ Bindings: E }>();

  app.onError((error, c) => (error instanceof Refused ? c.json({ code: error.code }, error.status) : c.json({ code: "internal" }, 500)));

  app.get("/health", (c) => c.json({ ok: true }));

  app.post("/quotes/exchange", async (c) => {
    const body = await c.req.json<{ quote?: unknown }>().catch(() => {
      throw new Refused(400, "json_invalid");
    });
    const quote = await readQuote(c.env, body.quote);
    const checkout = `chk_${quote.id}`;
    const grant: Grant = { jti: crypto.randomUUID(), checkout, amount: quote.amount, currency: quote.currency, sku: quote.lines[0].sku };
    await issued?.(c.env, grant);
    return c.json({ checkout, token: await signToken(c.env, grant) });
  });

  app.post("/attempts", async (c) => {
    const grant = await readToken(c.env, c.req.header("authorization"));
    const key = readKey(c.req.header("idempotency-key"));
    const choice = readChoice(await c.req.json().catch(() => null));
    // Stock that nobody counts has another name, so that the other jobs pay for no object more.
    if (grant.sku.startsWith("held-") && !(await c.env.STOCK.getByName(grant.sku).reserve(grant.checkout, 1))) {
      throw new Refused(409, "sold_out");
    }
    const begun = await c.env.CHECKOUTS.getByName(owner(grant.checkout)).begin(grant, key, choice);
    if ("refused" in begun) throw new Refused(begun.refused === "token_invalid" ? 401 : 409, begun.refused);
    return c.json(
      {
        attempt: begun.attempt,
        checkout: grant.checkout,
        amount: grant.amount,
        currency: grant.currency,
        presentation: { kind: choice.presentation, url: `https://pay.example/w/${begun.attempt}` },
      },
      201,
    );
  });

  app.put("/stock/:sku", async (c) => {
    const { units } = await c.req.json<{ units: number }>();
    await c.env.STOCK.getByName(c.req.param("sku")).set(units);
    return c.json({ units });
  });

  return app;
}

/** The tables of a SKU's stock. */
export const STOCK_TABLES = `
  CREATE TABLE IF NOT EXISTS stock (id INTEGER PRIMARY KEY CHECK (id = 1), units INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS holds (checkout TEXT PRIMARY KEY, quantity INTEGER NOT NULL, until INTEGER NOT NULL);
`;

export function setUnits(sql: SqlStorage, units: number): void {
  sql.exec("INSERT INTO stock VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET units = excluded.units", units);
}

/** Holds a quantity for a checkout, once; no write when there is too little. */
export function hold(sql: SqlStorage, checkout: string, quantity: number): boolean {
  const [stock] = sql.exec("SELECT units FROM stock WHERE id = 1").toArray();
  if (stock === undefined) return true;
  if (sql.exec("SELECT 1 FROM holds WHERE checkout = ?", checkout).toArray().length > 0) return true;
  if ((stock.units as number) < quantity) return false;
  sql.exec("UPDATE stock SET units = units - ? WHERE id = 1", quantity);
  sql.exec("INSERT INTO holds VALUES (?, ?, ?)", checkout, quantity, Date.now() + 900_000);
  return true;
}
