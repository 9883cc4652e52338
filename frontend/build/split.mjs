// Cuts the linked module apart: what only a function with `wasm_split` reaches becomes a module of
// its own, which shares memory, table and stack with the first.
//
// The cut is made after linking and before wasm-bindgen. The tool follows the relocations from
// those functions in `src/later.rs`; the modules call each other by the table. What several of them
// reach, and the first does not, is a chunk that each of them needs. All are of one build, so none
// may be replaced alone.

import { readdirSync, readFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { fail, run, say } from "./run.mjs";

/** One loader in the script that the tool writes: its name, its file, and what it needs. */
const LOADER = /(?:const|let|var) (\w+) = (?:wrapAsyncCb\()?makeLoad\([\s\S]*?"\.\/([\w.]+\.wasm)"[\s\S]*?\[([^\]]*)\]\)/g;

/**
 * Answers the path of the first module, those of the others by their names, and for each function
 * that loads one the names of what is fetched, in the order in which it can be put together.
 */
export function split(splitter, linked, folder) {
  rmSync(folder, { recursive: true, force: true });
  say("wasm-split: what is opened rarely becomes modules of its own");
  run(splitter, [linked, folder, "--out-name", "app"]);

  const loaders = new Map();
  const script = readFileSync(join(folder, "__wasm_split.js"), "utf8");
  for (const [, name, file, needs] of script.matchAll(LOADER)) {
    loaders.set(name, { module: basename(file, ".wasm"), needs: needs.split(",").map((need) => need.trim()).filter(Boolean) });
  }
  const inOrder = (name) => {
    const { module, needs } = loaders.get(name) ?? fail(`wasm-split names ${name} and does not load it`);
    return [...new Set([...needs.flatMap(inOrder), module])];
  };
  const parts = {};
  for (const name of loaders.keys()) if (name.startsWith("__wasm_split_load_")) parts[name] = inOrder(name);

  const modules = {};
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".wasm") && name !== "app.wasm").sort()) {
    modules[basename(file, ".wasm")] = join(folder, file);
  }
  const loaded = new Set(Object.values(parts).flat());
  const lost = Object.keys(modules).filter((name) => !loaded.has(name));
  if (lost.length > 0 || loaded.size === 0) fail(`wasm-split made ${lost.join(", ") || "nothing"}, which nothing loads`);
  return { first: join(folder, "app.wasm"), modules, parts };
}
