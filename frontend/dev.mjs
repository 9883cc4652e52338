// `make dev`: serves, builds again what was changed, and reloads the page.
//
// The browser talks to a proxy here, at one address whatever server stands behind it; into each
// page the proxy puts a script that waits for the word to reload. A build that fails is printed,
// and what ran before goes on.

import { spawn } from "node:child_process";
import { existsSync, watch, writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { join } from "node:path";
import { ROOT, ask, fail, say } from "./build/run.mjs";

const PROGRAM = "target/debug/keyward";
const KEYS = join(ROOT, ".env");
const PORT = Number(process.env.PORT ?? 8080);
const ADDRESS = `http://localhost:${PORT}`;

/** What is watched, and whether the page is made of it. */
const SOURCES = [
  ["frontend/src", true], ["frontend/style", true], ["frontend/static", true],
  ["server/api/src", true], ["server/src", false], ["server/tower/src", false], ["migration/src", false],
];

/** Editors write a file in several steps; in milliseconds. */
const SETTLED = 150;

let server; // { child, port }
const waiting = new Set(); // pages that are open

/** Runs a command to its end; whether it succeeded. */
function command(name, args) {
  const child = spawn(name, args, { cwd: ROOT, stdio: "inherit" });
  return new Promise((done) => child.on("error", () => done(false)).on("exit", (code) => done(code === 0)));
}

async function build(page) {
  const started = performance.now();
  const built = (!page || (await command("node", ["frontend/build.mjs"]))) &&
    (await command("cargo", ["build", "--workspace", "--bin", "keyward"]));
  if (built) say(`built in ${((performance.now() - started) / 1000).toFixed(1)} s`);
  return built;
}

/** The same root key as `make run` has. */
function rootKey() {
  if (!existsSync(KEYS)) {
    writeFileSync(KEYS, `SECRETS_ENCRYPTION_KEY=${ask(PROGRAM, ["generate-key"])}\n`, { mode: 0o600 });
    say("made a root key for this machine in .env; keep a copy of it with your backups");
  }
  process.loadEnvFile(KEYS);
}

/** Puts a new server in the place of the one that runs. */
async function restart() {
  if (server) {
    const gone = new Promise((done) => server.child.once("exit", done));
    server.child.kill("SIGINT");
    await gone;
  }
  rootKey();
  const env = { ...process.env, KEYWARD_BIND: "127.0.0.1:0", KEYWARD_PUBLIC_URL: ADDRESS };
  const child = spawn(PROGRAM, ["serve"], { cwd: ROOT, env, stdio: ["ignore", "pipe", "inherit"] });
  server = { child, port: undefined };
  await new Promise((done) => {
    child.once("exit", done);
    child.stdout.on("data", (text) => {
      const port = /^listening on http:\/\/\S+:(\d+)/m.exec(text)?.[1];
      if (port) done((server.port = Number(port)));
    });
  });
  if (!server.port) return say("the server did not start");
  say(`serving on ${ADDRESS}`);
  for (const page of waiting) page.write("data: reload\n\n");
}

const RELOAD = "new EventSource('/dev/changes').onmessage = () => location.reload();";

function proxy(incoming, answer) {
  if (incoming.url === "/dev/reload.js") {
    answer.writeHead(200, { "content-type": "text/javascript" }).end(RELOAD);
  } else if (incoming.url === "/dev/changes") {
    answer.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
    waiting.add(answer);
    incoming.on("close", () => waiting.delete(answer));
  } else {
    forward(incoming, answer);
  }
}

function forward(incoming, answer) {
  const failed = () => answer.headersSent || answer.writeHead(502).end("Keyward is being built\n");
  if (!server?.port) return failed();
  const { method, url, headers } = incoming;
  const onward = request({ port: server.port, host: "127.0.0.1", method, path: url, headers }, (got) => {
    if (!got.headers["content-type"]?.startsWith("text/html")) {
      answer.writeHead(got.statusCode, got.headers);
      got.pipe(answer);
      return;
    }
    const { "content-length": _, etag: __, ...rest } = got.headers;
    answer.writeHead(got.statusCode, rest);
    got.on("end", () => answer.end('<script src="/dev/reload.js"></script>')).pipe(answer, { end: false });
  });
  onward.on("error", failed);
  incoming.pipe(onward);
}

let changed = null; // null: nothing; else whether the page is among it
let timer;
let busy = false;

async function look() {
  if (busy || changed === null) return;
  busy = true;
  const page = changed;
  changed = null;
  if (await build(page)) await restart();
  busy = false;
  look();
}

for (const [folder, page] of SOURCES) {
  watch(join(ROOT, folder), { recursive: true }, () => {
    changed ||= page;
    clearTimeout(timer);
    timer = setTimeout(look, SETTLED);
  });
}
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => {
    server?.child.kill(signal);
    process.exit(0);
  });
}
createServer(proxy)
  .on("error", ({ message }) => fail(`${message}: set PORT to another`))
  .listen(PORT, "127.0.0.1");
changed = true;
look();
