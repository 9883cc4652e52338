// The module and its JavaScript call each other by long names with hashes in them, which
// do not compress. Here both get short names, and exports that no script calls are left
// out with all that only they need.

import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ask, fail, say } from "./run.mjs";
import { installPackages, wasmOpt } from "./tools.mjs";

/** Statements beside the classes of a library, which keep the classes although nothing uses them. */
const UNUSED = /^if \(Symbol\.dispose\) IntoUnderlying.*\n|^const IntoUnderlying\w+Finalization = [^;]*;\n/gm;

/** The script that wasm-bindgen made, without what the page never calls. */
async function usedScript(js) {
  const { buildSync } = await import("esbuild");
  writeFileSync(js, readFileSync(js, "utf8").replace(UNUSED, ""));
  const stdin = { contents: 'export { default } from "./app.js";', resolveDir: dirname(js) };
  return buildSync({ stdin, bundle: true, format: "esm", write: false }).outputFiles[0].text;
}

/** Removes from the module the exports that the script does not call. */
async function removeUnusedExports(script, from, to) {
  const { default: binaryen } = await import("binaryen");
  const called = new Set(Array.from(script.matchAll(/\bwasm\.([\w$]+)/g), ([, name]) => name));
  const module = binaryen.readBinary(readFileSync(from));
  const exports = Array.from({ length: module.getNumExports() }, (_, i) => binaryen.getExportInfo(module.getExportByIndex(i)));
  for (const { name } of exports) if (!called.has(name)) module.removeExport(name);
  // Not with wasm-metadce: it changes the order of the functions, and 2 kB more are sent.
  writeFileSync(to, module.emitBinary());
}

/** The script with the names that wasm-opt printed, and without what the module does not import. */
function shortened(script, { imports, exports }) {
  const calls = new Map(exports);
  const offers = new Map(imports.map(([, long, short]) => [long, short]));
  const text = script
    .replace(/\bwasm\.([\w$]+)/g, (_, long) => `wasm.${calls.get(long) ?? fail(`the module has no ${long}`)}`)
    .replace(/^    (__wb\w+)(: function.*?\n    \}),?\n/gms, (_, long, body) => {
      const short = offers.get(long);
      offers.delete(long);
      return short ? `    ${short}${body},\n` : "";
    })
    .replace('"./app_bg.js": import0', "a: import0");
  return offers.size === 0 ? text : fail(`the script has no ${[...offers.keys()].join(", ")}`);
}

/** Makes both smaller without changing what they do, and writes them to `folder`. */
export async function trim({ js, wasm }, folder) {
  installPackages();
  mkdirSync(folder, { recursive: true });
  const made = { js: join(folder, "app.js"), wasm: join(folder, "app.wasm") };
  const script = await usedScript(js);
  await removeUnusedExports(script, wasm, made.wasm);
  say("wasm-opt -Os");
  const names = ask(wasmOpt(), [
    // Larger than with -Oz by a tenth, and smaller once it is compressed.
    "-Os", "--strip-debug", "--strip-producers",
    // Nothing is at the first 1024 addresses: they are the last ones of the stack.
    "--low-memory-unused", "--optimize-added-constants-propagate",
    "--minify-imports-and-exports-and-modules",
    // What rustc emits for this target by default since LLVM 20.
    "--enable-bulk-memory", "--enable-nontrapping-float-to-int", "--enable-sign-ext",
    "--enable-mutable-globals", "--enable-reference-types", "--enable-multivalue",
    made.wasm, "-o", made.wasm,
  ], { timeout: 600_000 }) ?? fail("wasm-opt failed");
  writeFileSync(made.js, shortened(script, JSON.parse(names)));
  say(`${statSync(wasm).size} bytes became ${statSync(made.wasm).size}`);
  return made;
}
