// Stands in for the entry while shards and book are filled before a run: the built module has feature `load`
// then, and nobody but the benchmark speaks to it. What is measured afterwards is the release, on what this
// left behind.
import { DurableObject } from "cloudflare:workers";
import { CheckoutObject as Built } from "./build/index.js";

export class CheckoutObject extends DurableObject {
  #built;

  constructor(ctx, env) {
    super(ctx, env);
    this.#built = new Built(ctx.storage.sql, env, ctx);
  }

  /** One turn, and so one commit. */
  load(home, first, orders) {
    return this.#built.load(home, first, orders);
  }
}

export class StockObject extends DurableObject {}

/** As many rows as the letters of so many checkouts leave in the book: a line of the list, and two postings. */
const NUMBERS = "WITH RECURSIVE of (n) AS (SELECT ?1 UNION ALL SELECT n + 1 FROM of WHERE n + 1 < ?1 + ?2)";
const LISTED = `${NUMBERS} INSERT INTO checkouts
  (id, merchant, version, status, amount, refunded, currency, label, created_at, updated_at)
  SELECT 'chk_g1s00_' || lower(hex(randomblob(16))), 'm_camera', 8, 'paid', 31000, 0, 'KRW', 'Fujifilm X100V', ?3 + n, ?3 + n FROM of`;
const POSTED = `INSERT INTO postings (checkout, entry, n, account, side, amount, currency, at)
  SELECT checkouts.id, 'capture:att_' || substr(checkouts.id, 11), line.value ->> 0, line.value ->> 1, line.value ->> 2, 31000, 'KRW', created_at
  FROM checkouts, json_each('[[0, "provider:toss", "debit"], [1, "seller:m_camera", "credit"]]') AS line
  WHERE created_at >= ?1 AND created_at < ?2 AND merchant = 'm_camera'`;
const BEGAN = 1_700_000_000_000;

async function book(env, first, count) {
  await env.BOOK.batch([
    env.BOOK.prepare(LISTED).bind(first, count, BEGAN),
    env.BOOK.prepare(POSTED).bind(BEGAN + first, BEGAN + first + count),
  ]);
  return count;
}

export default {
  async fetch(request, env) {
    if (request.method === "GET") return new Response("ok");
    const { home, first, count } = await request.json();
    const made = home === "book" ? book(env, first, count) : env.CHECKOUTS.getByName(home).load(home, first, count);
    return Response.json({ made: await made });
  },
};
