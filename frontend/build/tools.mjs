// The programs between the compiler's module and the browser's.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { HERE, ROOT, TARGET, fail, run, say } from "./run.mjs";

const TOOLS = join(TARGET, "tools");

/** Speaks the same schema as the crate `wasm_split_helpers` in Cargo.lock. */
const SPLITTER = "0.2.4";

/** The wasm-bindgen that speaks the same schema as the crate in Cargo.lock. */
export function wasmBindgen() {
  const lock = readFileSync(join(ROOT, "Cargo.lock"), "utf8");
  const version = /name = "wasm-bindgen"\nversion = "([^"]+)"/.exec(lock)?.[1];
  if (!version) fail("Cargo.lock does not name wasm-bindgen");
  // Without --locked: the lock file it was published with does not build here.
  return installed("wasm-bindgen-cli", version, "wasm-bindgen");
}

/** The program that cuts a linked module in two. */
export const wasmSplit = () =>
  installed("wasm_split_cli_support", SPLITTER, "wasm-split-cli", "--locked", "--features", "build-binary");

/** A program of a crate, in exactly that version. */
function installed(crate, version, name, ...options) {
  const program = join(TOOLS, "bin", name);
  const list = join(TOOLS, ".crates.toml");
  const known = existsSync(list) ? readFileSync(list, "utf8") : "";
  if (existsSync(program) && known.includes(`"${crate} ${version} (`)) return program;
  say(`installing ${crate} ${version} into target/tools (once, some minutes)`);
  run("cargo", [
    "install", crate, "--version", version, "--root", TOOLS,
    "--target-dir", join(TOOLS, "build"), "--force", "--quiet", ...options,
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
