// Starts the edge on the real runtime (workerd), from edge/wrangler.jsonc, for the demo and the tests.
//
// Map: options · configuration (JSONC, ports) · the worker's modules · configuration to runtime
// options · migrations · the undertaker · start, lines on stdin, stop.
//
// Protocol. stdout: one JSON object a line, the first being {"ready":true,"port":N}; after each
// line on stdin an answer {"done":"cron"} or {"error":"..."}. stdin: `cron <expression>` runs the
// scheduled handler, `stop` stops. stderr: whatever the worker logs. With --standby everything is read and
// nothing started until stdin says `start {"NAME":"VALUE"}`, with more variables or none. When stdin
// closes, everything ends: a parent that dies, however it dies, leaves no runtime behind.
//
// Why not `wrangler dev`: it starts a second slower, stops a second slower, and cannot run the
// scheduled handler behind our assets. The price is this file's translation of the configuration;
// so that it cannot drift silently, a key it does not know is an error.

import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import readline from "node:readline";
import { fileURLToPath } from "node:url";

// Nothing of this reports anywhere; set before the runtime's library looks.
process.env.CLOUDFLARE_CF_FETCH_ENABLED = "false";
process.env.WRANGLER_SEND_METRICS = "false";
process.env.DO_NOT_TRACK = "1";

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
/** The three ports that the checked-in configuration speaks of: shop, sandbox, edge. */
const BASE = 4410;
/** Where the demo's private route leads: to the sandbox. */
const DEMO = { PRIVATE_ROUTE_ADDRESS: "http://127.0.0.1:4411" };
/** What the worker is called when its objects belong to another. */
const FRONT = "front";
/** Who answers instead of everybody outside. */
const OUTSIDE = "outside";
/** How long an orderly stop may take before the process leaves anyway; the undertaker does the rest. */
const STOP_MS = 3_000;
/** How long a start may take: crash tests stop the runtime in the middle of it, and may be gone themselves. */
const START_MS = 120_000;

const HELP = `usage: node tests/runtime.mjs [options]
  --base PORT        the demo's first port (default ${BASE}); ports ${BASE}..${BASE + 2} in the
                     configuration become PORT..PORT+2
  --port PORT        where the edge listens (default: base + 2)
  --state DIR        keep the state there (default: a temporary folder, removed at the end)
  --build NAME       build | build-demo (default build-demo), a folder of edge/
  --edge DIR         the folder with wrangler.jsonc (default edge)
  --objects DIR      the durable objects run another release: the one in this folder
  --rate LIMIT       every rate limit allows so many
  --var NAME=VALUE   set or replace a variable of the configuration; may be repeated
  --outside WHO      nobody outside is reached: each request gets this status at once, or what the worker
                     in this file answers
  --bare             nothing stands before our worker: neither the assets' nor the emulator's entry
  --entry FILE       a module that stands in for the entry
  --between FILE     a module that stands in for the built one, which it finds as ./built.js
  --standby          wait for \`start\` before anything runs
`;

class Refusal extends Error {}

// ---- options ----

function readOptions(words) {
  const options = { base: BASE, port: null, state: null, build: "build-demo", edge: path.join(ROOT, "edge"), objects: null, rate: null, vars: {}, entry: null, between: null, outside: null, bare: false, standby: false };
  for (let at = 0; at < words.length; at += 2) {
    const [word, value] = [words[at], words[at + 1]];
    if (word === "--help") {
      process.stdout.write(HELP);
      process.exit(0);
    }
    if (word === "--standby" || word === "--bare") {
      options[word.slice(2)] = true;
      at -= 1;
      continue;
    }
    if (value === undefined) throw new Refusal(`option ${word} needs a value`);
    if (word === "--base") options.base = readPort(word, value);
    else if (word === "--port") options.port = readPort(word, value);
    else if (word === "--state") options.state = path.resolve(value);
    else if (word === "--build") options.build = value;
    else if (word === "--edge") options.edge = path.resolve(value);
    else if (word === "--objects") options.objects = path.resolve(value);
    else if (word === "--rate") options.rate = Number(value);
    else if (word === "--outside") options.outside = /^\d+$/.test(value) ? Number(value) : path.resolve(value);
    else if (word === "--entry") options.entry = path.resolve(value);
    else if (word === "--between") options.between = path.resolve(value);
    else if (word === "--var") {
      const cut = value.indexOf("=");
      if (cut < 1) throw new Refusal(`--var ${value} is not NAME=VALUE`);
      options.vars[value.slice(0, cut)] = value.slice(cut + 1);
    } else throw new Refusal(`unknown option ${word}; see --help`);
  }
  options.port ??= options.base + 2;
  return options;
}

function readPort(word, value) {
  const port = Number(value);
  if (!Number.isInteger(port) || port < 1 || port > 65_533) throw new Refusal(`${word} ${value} is not a port (1 to 65533)`);
  return port;
}

// ---- configuration ----

/** JSON with comments and trailing commas, as wrangler reads it; strings are left alone. */
function parseJsonc(text) {
  const bare = text.replace(/"(?:\\.|[^"\\])*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, (part) => (part[0] === '"' ? part : ""));
  return JSON.parse(bare.replace(/"(?:\\.|[^"\\])*"|,(?=\s*[}\]])/g, (part) => (part[0] === '"' ? part : "")));
}

/** Moves the demo's three ports, wherever they stand in a value, so that several instances can run at once. */
function movePorts(value, base) {
  const moved = JSON.stringify(value).replace(
    /((?:localhost|127\.0\.0\.1):)(\d+)\b/g,
    (whole, host, port) => (port >= BASE && port <= BASE + 2 ? host + (Number(port) - BASE + base) : whole),
  );
  return JSON.parse(moved);
}

/** Keys that matter to deployment or to wrangler itself, not to the local runtime. */
const IGNORED = new Set([
  "$schema", "account_id", "build", "dev", "env", "find_additional_modules", "keep_vars", "limits", "logpush", "migrations", "minify", "no_bundle",
  "observability", "placement", "preview_urls", "routes", "rules", "secrets", "send_metrics", "upload_source_maps", "workers_dev",
]);
const TRANSLATED = new Set([
  "name", "main", "compatibility_date", "compatibility_flags", "vars", "durable_objects", "d1_databases", "queues", "triggers", "assets",
  "services", "ratelimits",
]);

function readConfig(options) {
  const file = path.join(options.edge, "wrangler.jsonc");
  if (!existsSync(file)) throw new Refusal(`${file} is missing`);
  const config = parseJsonc(readFileSync(file, "utf8"));
  const unknown = Object.keys(config).filter((key) => !IGNORED.has(key) && !TRANSLATED.has(key));
  if (unknown.length > 0) throw new Refusal(`tests/runtime.mjs cannot translate ${unknown.join(", ")} of wrangler.jsonc yet: teach it`);
  config.vars = { ...config.vars, ...movePorts({ ...demoVars(options), ...devVars(options) }, options.base), ...options.vars };
  return config;
}

/** The demo's configuration and its secrets, all of them public; a worker without these files has none. */
function demoVars(options) {
  const folder = path.join(options.edge, "testdata");
  if (!existsSync(folder)) return {};
  const read = (name) => JSON.parse(readFileSync(path.join(folder, name), "utf8"));
  return { ...read("demo-secrets.json"), ...DEMO, HANBEON_CONFIG: JSON.stringify(read("demo-config.json")) };
}

/** Local secrets: the file beside the configuration that wrangler reads too, if there is one. */
function devVars(options) {
  const file = path.join(options.edge, ".dev.vars");
  if (!existsSync(file)) return {};
  const lines = readFileSync(file, "utf8").split("\n").map((line) => line.trim());
  return Object.fromEntries(
    lines.filter((line) => line !== "" && !line.startsWith("#")).map((line) => {
      const cut = line.indexOf("=");
      const value = line.slice(cut + 1).trim();
      return [line.slice(0, cut).trim(), /^".*"$/s.test(value) ? value.slice(1, -1).replaceAll("\\n", "\n") : value];
    }),
  );
}

// ---- the worker's modules ----

function builtSource(options, built, inner) {
  if (options.between !== null && inner === "index.js") return options.between;
  return path.join(built, options.between !== null && inner === "built.js" ? "index.js" : inner);
}

/** The entry, the modules of our own that it imports, and the built module under the name `./build/`. */
function modules(config, options) {
  const built = path.join(options.edge, options.build);
  if (!existsSync(path.join(built, "index.js"))) throw new Refusal(`${built}/index.js is missing: run \`cargo x build\``);
  const found = new Map();
  const entry = path.resolve(options.edge, config.main);
  const visit = (file) => {
    if (found.has(file)) return;
    const inner = path.relative(path.join(options.edge, "build"), file);
    const source = inner.startsWith("..") ? file : builtSource(options, built, inner);
    if (!existsSync(source)) throw new Refusal(`${source} is missing, but another module imports it`);
    if (file.endsWith(".wasm")) {
      found.set(file, { type: "CompiledWasm", path: file, contents: new Uint8Array(readFileSync(source)) });
      return;
    }
    const contents = readFileSync(file === entry && options.entry !== null ? options.entry : source, "utf8");
    found.set(file, { type: "ESModule", path: file, contents });
    // The built module is minified, so the word `from` may touch the quotes.
    for (const [, name] of contents.matchAll(/\b(?:from|import)\s*["'](\.[^"']+)["']/g)) visit(path.resolve(path.dirname(file), name));
  };
  visit(entry);
  return [...found.values()];
}

// ---- configuration to runtime options ----

function durableObjects(config, scriptName) {
  const sqlite = new Set((config.migrations ?? []).flatMap((step) => step.new_sqlite_classes ?? []));
  return Object.fromEntries(
    (config.durable_objects?.bindings ?? []).map((one) => [
      one.name,
      { className: one.class_name, useSQLite: sqlite.has(one.class_name), ...(scriptName && { scriptName }) },
    ]),
  );
}

function queueConsumers(config) {
  return Object.fromEntries(
    (config.queues?.consumers ?? []).map((one) => [
      one.queue,
      {
        maxBatchSize: one.max_batch_size,
        maxBatchTimeout: one.max_batch_timeout,
        maxRetries: one.max_retries,
        retryDelay: one.retry_delay,
        deadLetterQueue: one.dead_letter_queue,
      },
    ]),
  );
}

/** A private route is a service binding in production; here each `<BINDING>_ADDRESS` says where one leads. */
function serviceBindings(config) {
  const bindings = {};
  for (const [name, address] of Object.entries(config.vars)) {
    if (!name.endsWith("_ADDRESS")) continue;
    const binding = name.slice(0, -"_ADDRESS".length);
    bindings[binding] = async (request) => {
      const url = new URL(request.url);
      const body = request.body === null ? undefined : await request.arrayBuffer();
      const target = address.replace(/\/$/, "") + url.pathname + url.search;
      const headers = plainHeaders(request.headers);
      const answer = await fetch(target, { method: request.method, headers, body, redirect: "manual" }).catch(() => null);
      // What a real private route answers when the other side is down.
      if (answer === null) return new Response("private route: no connection", { status: 502 });
      return new Response(await answer.arrayBuffer(), { status: answer.status, headers: plainHeaders(answer.headers) });
    };
  }
  return bindings;
}

/** The body has been read whole, so its transfer headers no longer hold. */
function plainHeaders(headers) {
  const gone = new Set(["content-encoding", "content-length", "transfer-encoding", "connection", "keep-alive", "host"]);
  return Object.fromEntries([...headers].filter(([name]) => !gone.has(name)));
}

function assets(config, options) {
  if (!config.assets) return undefined;
  // A kept release has none of its own: it serves this one's.
  const directory = path.resolve(ROOT, "edge", config.assets.directory);
  mkdirSync(directory, { recursive: true });
  return {
    directory,
    binding: config.assets.binding,
    run_worker_first: config.assets.run_worker_first,
    routerConfig: { has_user_worker: true },
    assetConfig: { html_handling: config.assets.html_handling, not_found_handling: config.assets.not_found_handling },
  };
}

/** During a gradual deployment the worker that answers and the objects behind it may be of two releases. */
function workers(config, options) {
  const front = workerOptions(config, options);
  if (options.outside) return [front, outside(options)];
  if (options.objects === null) return [front];
  const behind = { ...options, edge: options.objects };
  const other = readConfig(behind);
  // Objects know neither assets nor queues of their own to read from; what they store lies under the
  // name of the worker that they always belonged to.
  const { queueConsumers: _, assets: __, ...objects } = workerOptions(other, behind);
  return [{ ...front, name: FRONT, durableObjects: durableObjects(config, other.name) }, objects];
}

/** Who answers instead of everybody outside: a worker, because a call that leaves the runtime costs more than ours. */
function outside(options) {
  const status = `export default { fetch: () => new Response("{}", { status: ${options.outside} }) };`;
  const contents = typeof options.outside === "string" ? readFileSync(options.outside, "utf8") : status;
  return { name: OUTSIDE, modules: [{ type: "ESModule", path: "outside.js", contents }], compatibilityDate: "2026-11-01" };
}

function workerOptions(config, options) {
  return {
    name: config.name,
    modulesRoot: options.edge,
    modules: modules(config, options),
    compatibilityDate: config.compatibility_date,
    compatibilityFlags: config.compatibility_flags,
    bindings: config.vars,
    durableObjects: durableObjects(config),
    d1Databases: Object.fromEntries((config.d1_databases ?? []).map((one) => [one.binding, one.database_id])),
    queueProducers: Object.fromEntries(
      (config.queues?.producers ?? []).map((one) => [one.binding, { queueName: one.queue, deliveryDelay: one.delivery_delay }]),
    ),
    queueConsumers: queueConsumers(config),
    serviceBindings: serviceBindings(config),
    ...(options.outside && { outboundService: OUTSIDE }),
    ratelimits: Object.fromEntries((config.ratelimits ?? []).map(({ name, simple, ...rest }) => [name, { ...rest, simple: { ...simple, limit: options.rate ?? simple.limit } }])),
    ...(options.bare ? { unsafeDirectSockets: [{ host: "127.0.0.1", port: options.port }] } : { assets: assets(config, options) }),
  };
}

// ---- migrations ----

/** Cuts SQL at the semicolons that end a statement: not those in strings, comments or trigger bodies. */
export function statements(sql) {
  const parts = sql.match(/--[^\n]*|\/\*[\s\S]*?\*\/|'(?:''|[^'])*'|"(?:""|[^"])*"|;|\b\w+\b|\s+|[^\s\w]/g) ?? [];
  const found = [];
  let text = "";
  let depth = 0;
  const isTrigger = () => /^\s*create\s+(temp\s+|temporary\s+)?trigger\b/i.test(text);
  for (const part of parts) {
    if (part.startsWith("--") || part.startsWith("/*")) continue;
    if (/^(begin|case)$/i.test(part) && (isTrigger() || depth > 0)) depth += 1;
    if (/^end$/i.test(part) && depth > 0) depth -= 1;
    if (part === ";" && depth === 0) {
      if (text.trim() !== "") found.push(text.trim());
      text = "";
    } else text += part;
  }
  if (text.trim() !== "") found.push(text.trim());
  return found;
}

/** Applies each new migration in one batch, and remembers it in the table that wrangler uses for this. */
async function migrate(runtime, config, options) {
  for (const { binding, migrations_dir: folder } of config.d1_databases ?? []) {
    const directory = path.resolve(options.edge, folder ?? "migrations");
    if (!existsSync(directory)) continue;
    // To ask the table takes as long as everything else: a kept storage says itself what it has.
    const note = options.state && path.join(options.state, `migrated-${binding}`);
    const names = readdirSync(directory).filter((name) => name.endsWith(".sql")).sort();
    if (note && existsSync(note) && readFileSync(note, "utf8") === names.join("\n")) continue;
    const database = await runtime.getD1Database(binding);
    await database
      .prepare("CREATE TABLE IF NOT EXISTS d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)")
      .run();
    const { results } = await database.prepare("SELECT name FROM d1_migrations").all();
    const applied = new Set(results.map((row) => row.name));
    for (const name of names.filter((name) => !applied.has(name))) {
      const steps = statements(readFileSync(path.join(directory, name), "utf8")).map((sql) => database.prepare(sql));
      await database.batch([...steps, database.prepare("INSERT INTO d1_migrations (name) VALUES (?)").bind(name)]);
    }
    if (note) writeFileSync(note, names.join("\n"));
  }
}

// ---- the undertaker ----

/**
 * A shell that waits for our end of a pipe to close and then ends the runtime and removes the
 * temporary state. It serves the one case that a signal handler cannot: that we are killed outright.
 */
function undertaker(temporary) {
  let pids = [];
  try {
    pids = execFileSync("pgrep", ["-P", String(process.pid)], { encoding: "utf8" }).split("\n").filter(Boolean);
  } catch {
    // No pgrep on this machine: only the orderly ways to end remain.
  }
  const script = 'cat >/dev/null; state=$1; shift; [ $# -gt 0 ] && kill -9 "$@" 2>/dev/null; [ -n "$state" ] && rm -rf "$state"; exit 0';
  spawn("sh", ["-c", script, "undertaker", temporary ?? "", ...pids], { stdio: ["pipe", "ignore", "ignore"], detached: true }).unref();
}

// ---- start, lines on stdin, stop ----

function say(message) {
  process.stdout.write(JSON.stringify(message) + "\n");
}

async function start(options, config) {
  const { Miniflare, Log, LogLevel, convertV4MiniflareOptions } = await import("miniflare");
  class QuietLog extends Log {
    log(message) {
      process.stderr.write(message + "\n");
    }
  }
  const temporary = options.state === null ? mkdtempSync(path.join(tmpdir(), "hanbeon-edge-")) : null;
  if (options.state !== null) mkdirSync(options.state, { recursive: true });
  const runtime = new Miniflare({
    ...convertV4MiniflareOptions({
      host: "127.0.0.1",
      port: options.bare ? 0 : options.port,
      cf: false,
      log: new QuietLog(LogLevel.WARN),
      handleStructuredLogs: ({ level, message }) => process.stderr.write(`${level}: ${message}\n`),
      telemetry: { enabled: false },
      workers: workers(config, options),
    }),
    // After the spread: the conversion drops it, and state would not survive a restart.
    resourcePersistencePath: options.state ?? temporary,
  });
  await runtime.ready;
  undertaker(temporary);
  await migrate(runtime, config, options);
  return runtime;
}

async function obey(runtime, config, line) {
  const [word, ...rest] = line.trim().split(/\s+/);
  if (word === "cron") {
    const worker = await runtime.getWorker();
    await worker.scheduled({ cron: rest.join(" ") || config.triggers?.crons?.[0], scheduledTime: new Date() });
    say({ done: "cron" });
  } else if (word !== "") say({ error: `unknown word ${word}: expected cron or stop` });
}

/** Variables that came with the word `start`. */
async function started(lines) {
  for await (const line of lines) {
    const [, word, vars] = /^(\w+)\s*(.*)$/.exec(line.trim()) ?? [];
    if (word === "start") return JSON.parse(vars || "{}");
  }
  process.exit(0);
}

async function main() {
  const options = readOptions(process.argv.slice(2));
  const config = readConfig(options);
  if (options.standby) {
    await import("miniflare");
    Object.assign(config.vars, await started(readline.createInterface({ input: process.stdin })));
  }
  const late = setTimeout(() => process.exit(1), START_MS);
  const runtime = await start(options, config);
  clearTimeout(late);
  let stopping = false;
  const stop = async () => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(1), STOP_MS).unref();
    await runtime.dispose();
    process.exit(0);
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, stop);
  // A parent that has gone away also takes our stdout and stderr: that is an end, not a crash.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", stop);
  const lines = readline.createInterface({ input: process.stdin });
  lines.on("close", stop);
  lines.on("line", (line) => {
    if (line.trim() === "stop") return void stop();
    obey(runtime, config, line).catch((error) => say({ error: String(error?.message ?? error) }));
  });
  say({ ready: true, port: options.port });
}

main().catch((error) => {
  process.stderr.write(`runtime: ${error instanceof Refusal ? error.message : (error?.stack ?? error)}\n`);
  process.exit(error instanceof Refusal ? 2 : 1);
});
