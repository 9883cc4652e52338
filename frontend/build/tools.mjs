// The two programs between the compiler's module and the browser's.

import { existsSync, readFileSync, statSync } from "node:fs";
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

/** Makes the module smaller without changing what it does. */
export function wasmOpt(from, to) {
  const program = join(HERE, "node_modules", ".bin", "wasm-opt");
  if (!existsSync(program)) {
    say("npm ci: wasm-opt");
    run("npm", ["ci", "--no-audit", "--no-fund"], { cwd: HERE });
  }
  say("wasm-opt -Os");
  run(program, [
    // Larger than with -Oz by a tenth, and smaller once it is compressed.
    "-Os", "--strip-debug", "--strip-producers",
    // Nothing is at the first 1024 addresses: they are the last ones of the stack.
    "--low-memory-unused", "--optimize-added-constants-propagate",
    // What rustc emits for this target by default since LLVM 20.
    "--enable-bulk-memory", "--enable-nontrapping-float-to-int", "--enable-sign-ext",
    "--enable-mutable-globals", "--enable-reference-types", "--enable-multivalue",
    from, "-o", to,
  ]);
  say(`${statSync(from).size} bytes became ${statSync(to).size}`);
}
