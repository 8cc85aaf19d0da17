// Stands between the doors and the built module, and counts what is paid for: what an order costs by a price
// list. It answers GET /count with the sums so far.
import { CheckoutObject as Checkouts, Doors as Built, StockObject } from "./built.js";

export { StockObject };

const sums = {};
const add = (name, n = 1) => (sums[name] = (sums[name] ?? 0) + n);

const WRITES = /^\s*(?:insert\s+into|update|delete\s+from)\s+(\w+)/i;

/** Rows are known once they are read: later. */
const cursors = [];

export class CheckoutObject {
  constructor(sql, env, ctx) {
    const exec = (query, ...values) => {
      const cursor = sql.exec(query, ...values);
      const [, table = "others"] = WRITES.exec(query) ?? [];
      add("statements");
      cursors.push({ cursor, table });
      return cursor;
    };
    const { setAlarm } = ctx.storage;
    ctx.storage.setAlarm = (at) => {
      add("alarms set");
      return setAlarm.call(ctx.storage, at);
    };
    const queue = {
      sendBatch(messages) {
        add("sendBatch");
        add("letters", messages.length);
        return env.NOTICES.sendBatch(messages);
      },
    };
    const built = new Checkouts({ exec }, Object.create(env, { NOTICES: { value: queue } }), ctx);
    return new Proxy(built, {
      get(_, name) {
        const value = built[name];
        if (typeof value !== "function") return value;
        return (...args) => {
          add(`object.${String(name)}`);
          return value.apply(built, args);
        };
      },
    });
  }
}

export class Doors {
  constructor() {
    const built = new Built();
    return new Proxy(built, {
      get(_, name) {
        const value = built[name];
        if (typeof value !== "function") return value;
        return (...args) => {
          if (name === "fetch" && args[1].url.endsWith("/count")) return Response.json(counted());
          add(`doors.${String(name)}`);
          if (name === "queue") return queue(built, ...args);
          return value.apply(built, args);
        };
      },
    });
  }
}

function queue(built, env, batch) {
  add("letters taken", batch.messages.length);
  const book = {
    prepare: (query) => env.BOOK.prepare(query),
    async batch(statements) {
      add("book.batch");
      add("book.statements", statements.length);
      const results = await env.BOOK.batch(statements);
      for (const { meta } of results) {
        add("book rows written", meta.rows_written);
        add("book rows read", meta.rows_read);
      }
      return results;
    },
  };
  return built.queue(Object.create(env, { BOOK: { value: book } }), batch);
}

function counted() {
  const all = { ...sums };
  for (const { cursor, table } of cursors) {
    all["rows read"] = (all["rows read"] ?? 0) + cursor.rowsRead;
    for (const name of ["rows written", `rows written to ${table}`]) all[name] = (all[name] ?? 0) + cursor.rowsWritten;
  }
  return all;
}
