// Stands between the doors and the built module while crash tests run: counts what objects write, and stops
// everything at the write that was asked for, so that whoever reads the log can kill the runtime there.
//
// A step is a statement that writes, by object, verb and table. `before`: nothing of it has happened.
// `after`: it is part of a turn that is not yet on disk. `durable`: the turn is on disk, and nobody may have
// been told.
//
// Why here: the module of a release stays byte for byte what it is, and what is killed is its real storage.
import { CheckoutObject as Checkouts, StockObject as Stocks } from "./built.js";

export { Doors } from "./built.js";

const WRITES = /^\s*(create|insert|update|delete)\s+(?:table\s+|index\s+|into\s+|from\s+|or\s+\w+\s+into\s+)?(?:if\s+not\s+exists\s+)?(\w+)/i;

/** How often each step was reached in this process. */
const reached = new Map();

/** Nothing else happens in this process any more: no commit, no answer. */
function stop(step, when) {
  console.log(JSON.stringify({ reached: step, when }));
  for (;;);
}

function watched(Built, kind) {
  return class {
    constructor(sql, env, ctx) {
      const wanted = env.CRASH_AT ? JSON.parse(env.CRASH_AT) : {};
      const exec = (query, ...values) => {
        const found = WRITES.exec(query);
        if (found === null) return sql.exec(query, ...values);
        const step = `${kind}: ${found[1].toLowerCase()} ${found[2]}`;
        const times = (reached.get(step) ?? 0) + 1;
        reached.set(step, times);
        if (times === 1) console.log(JSON.stringify({ step }));
        const here = wanted.step === step && wanted.nth === times;
        if (here && wanted.when === "before") stop(step, "before");
        const cursor = sql.exec(query, ...values);
        if (here && wanted.when === "after") stop(step, "after");
        if (here && wanted.when === "durable") ctx.storage.sync().then(() => stop(step, "durable"));
        return cursor;
      };
      return new Built({ exec }, env, ctx);
    }
  };
}

export const CheckoutObject = watched(Checkouts, "checkout");
export const StockObject = watched(Stocks, "stock");
