// The two programs between the compiler's module and the browser's.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { HERE, ROOT, TARGET, ask, fail, run, say } from "./run.mjs";

/** The wasm-bindgen that speaks the same schema as the crate in Cargo.lock. */
export function wasmBindgen() {
  const lock = readFileSync(join(ROOT, "Cargo.lock"), "utf8");
  const version = /name = "wasm-bindgen"\nversion = "([^"]+)"/.exec(lock)?.[1];
  if (!version) fail("Cargo.lock does not name wasm-bindgen");
  const tools = join(TARGET, "tools");
  const program = join(tools, "bin", "wasm-bindgen");
  if (existsSync(program) && ask(program, ["--version"]) === `wasm-bindgen ${version}`) return program;
  say(`installing wasm-bindgen-cli ${version} into target/tools (once, some minutes)`);
  // Without --locked: the lock file it was published with does not build here.
  run("cargo", [
    "install", "wasm-bindgen-cli", "--version", version, "--root", tools,
    "--target-dir", join(tools, "build"), "--force", "--quiet",
  ]);
  return program;
}

/** A program that makes modules smaller. */
export const wasmOpt = () => join(HERE, "node_modules", ".bin", "wasm-opt");

/** Binaryen and esbuild. */
export function installPackages() {
  if (existsSync(wasmOpt())) return;
  say("npm ci: Binaryen and esbuild");
  run("npm", ["ci", "--no-audit", "--no-fund"], { cwd: HERE });
}
