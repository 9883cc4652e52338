// Where things are, and how the build runs a program and says what it does.

import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const HERE = dirname(dirname(fileURLToPath(import.meta.url)));
export const ROOT = dirname(HERE);
/** Cargo's folder of the workspace; the page keeps to `page` and `tools` in it. */
export const TARGET = join(ROOT, "target");
export const DIST = join(HERE, "dist");

export const say = (text) => console.log(`page: ${text}`);

/** Stops the build with a sentence instead of a stack trace. */
export function fail(text) {
  console.error(`page: ${text}`);
  process.exit(1);
}

/** Runs a program that must succeed; its output is the person's to read. */
export function run(program, args, { env = process.env, cwd = ROOT } = {}) {
  const { status, error } = spawnSync(program, args, { cwd, env, stdio: "inherit" });
  if (error) fail(`${program} did not start: ${error.message}`);
  if (status !== 0) fail(`${program} ${args[0] ?? ""} failed with status ${status}`);
}

/** What a program prints, or null when it is missing, fails or takes too long. */
export function ask(program, args, { timeout = 60_000 } = {}) {
  const { status, stdout } = spawnSync(program, args, { cwd: ROOT, encoding: "utf8", timeout });
  return status === 0 ? stdout.trim() : null;
}
