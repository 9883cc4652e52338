// Cuts the linked module in two: what only the admin pages reach becomes a second module, which
// shares memory, table and stack with the first.
//
// The cut is made after linking and before wasm-bindgen. The tool follows the relocations from
// `pages` in `src/admin.rs`; the two modules call each other by the table. Both are of one build,
// so neither may be replaced alone.

import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fail, run, say } from "./run.mjs";

const ADMIN = "split_admin.wasm";

/** Answers the paths of the two modules. */
export function split(splitter, linked, folder) {
  rmSync(folder, { recursive: true, force: true });
  say("wasm-split: the admin pages become a module of their own");
  run(splitter, [linked, folder, "--out-name", "app"]);
  const made = readdirSync(folder).filter((name) => name.endsWith(".wasm")).sort();
  // With a second `wasm_split` there are chunks that two modules share; `static/lazy.js` loads none.
  if (made.join() !== `app.wasm,${ADMIN}`) fail(`wasm-split made ${made.join(", ")}`);
  return { first: join(folder, "app.wasm"), admin: join(folder, ADMIN) };
}
