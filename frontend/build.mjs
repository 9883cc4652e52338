// Builds the page into frontend/dist: `node frontend/build.mjs`, or `make page`.
//
//   compiler.mjs   finds a compiler for wasm32-unknown-unknown and runs cargo
//   split.mjs      cuts the module apart, so that what is opened rarely is downloaded later
//   trim.mjs       makes the modules and their script smaller
//   bundle.mjs     names every file after its content and writes dist
//   docs.mjs       makes pages of the documents
//   size.mjs       says how much the first visit downloads, and refuses too much
//
// The output is a function of the sources and of Cargo.lock; nothing is fetched
// from a host other than the package registries.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bundle } from "./build/bundle.mjs";
import { compile } from "./build/compiler.mjs";
import { DIST, HERE, TARGET, run, say } from "./build/run.mjs";
import { checkSize } from "./build/size.mjs";
import { split } from "./build/split.mjs";
import { wasmBindgen, wasmSplit } from "./build/tools.mjs";
import { trim } from "./build/trim.mjs";

/** What dist is made of, so that an unchanged page is not made again. */
function fingerprint(files) {
  const hash = createHash("sha256");
  for (const file of files) hash.update(file).update("\0").update(readFileSync(file)).update("\0");
  return hash.digest("hex");
}

const filesIn = (...folders) =>
  folders
    .flatMap((folder) => readdirSync(join(HERE, folder), { recursive: true }).sort().map((f) => join(HERE, folder, f)))
    .filter((path) => statSync(path).isFile());

const wasm = compile();
const bindgen = wasmBindgen();
const splitter = wasmSplit();

const stamp = join(TARGET, "page", "dist.stamp");
const inputs = [wasm, bindgen, splitter, join(HERE, "build.mjs"), join(HERE, "package-lock.json")];
const read = filesIn("build", "static", "style", "../server/docs", "../server/proxies");
const made = fingerprint([...inputs, ...read]);
if (existsSync(DIST) && existsSync(stamp) && readFileSync(stamp, "utf8") === made) {
  say("dist is up to date");
} else {
  const work = join(TARGET, "page", "bindgen");
  mkdirSync(work, { recursive: true });
  const { first, modules, parts } = split(splitter, wasm, join(TARGET, "page", "split"));
  say("wasm-bindgen: the JavaScript side of the module");
  run(bindgen, [
    first, "--target", "web", "--keep-lld-exports", "--no-typescript", "--omit-default-module-path",
    "--remove-name-section", "--remove-producers-section", "--out-dir", work, "--out-name", "app",
  ]);
  if (existsSync(join(work, "snippets"))) {
    throw new Error("a crate brings JavaScript snippets, which bundle.mjs does not name after their content");
  }
  const module = { js: join(work, "app.js"), wasm: join(work, "app_bg.wasm"), modules, parts };
  await bundle(await trim(module, join(TARGET, "page", "trimmed")));
  writeFileSync(stamp, made);
}
checkSize(DIST);
