// The module and its JavaScript call each other by long names with hashes in them, which
// do not compress. Here both get short names, and exports that no script calls are left
// out with all that only they need.

import { copyFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { HERE, ask, fail, say } from "./run.mjs";
import { installPackages, wasmOpt } from "./tools.mjs";

/** Statements beside the classes of a library, which keep the classes although nothing uses them. */
const UNUSED = /^if \(Symbol\.dispose\) IntoUnderlying.*\n|^const IntoUnderlying\w+Finalization = [^;]*;\n/gm;

/** The script that wasm-bindgen made with ours that loads the other modules, which needs `wasm`. */
const withLoaders = (script, parts) => {
  const loaders = Object.keys(parts).map((name) => `        ${name}: loader(PARTS.${name}),\n`);
  return script
    .replace(/^import .* from "\.\/__wasm_split\.js".*\n/gm, "")
    .replace(/^        "\.\/__wasm_split\.js": import\d+,\n/gm, "")
    .replace(/^/, 'import { loader } from "./lazy.js"; export { wasm };\n')
    .replace("import0 = {\n", `import0 = {\n${loaders.join("")}`);
};

/** Both scripts as one, without what the page never calls. */
async function usedScript(js, parts) {
  const { buildSync } = await import("esbuild");
  copyFileSync(join(HERE, "static", "lazy.js"), join(dirname(js), "lazy.js"));
  writeFileSync(js, withLoaders(readFileSync(js, "utf8").replace(UNUSED, ""), parts));
  const stdin = { contents: 'export { default } from "./app.js";', resolveDir: dirname(js) };
  return buildSync({ stdin, bundle: true, format: "esm", write: false }).outputFiles[0].text;
}

/** Stops the build when a module wants what the script does not give it. */
function checkImports(script, path) {
  for (const { module, name } of WebAssembly.Module.imports(new WebAssembly.Module(readFileSync(path)))) {
    const isGiven = module === "__wasm_split" && script.includes(`wasm.${name}`);
    if (!isGiven) fail(`static/lazy.js does not give ${path} its ${module}.${name}`);
  }
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
  const renamed = (_, long, body) => {
    const short = offers.get(long);
    offers.delete(long);
    return short ? `    ${short}${body},\n` : "";
  };
  const text = script
    .replace(/\bwasm\.([\w$]+)/g, (_, long) => `wasm.${calls.get(long) ?? fail(`the module has no ${long}`)}`)
    .replace(/^    (__wb\w+)(: function.*?\n    \}),?\n/gms, renamed)
    .replace(/^    (__wasm_split\w+)(: .*),\n/gm, renamed)
    .replace('"./app_bg.js": import0', "a: import0");
  return offers.size === 0 ? text : fail(`the script has no ${[...offers.keys()].join(", ")}`);
}

/** Makes a module smaller; answers what wasm-opt prints. */
const optimized = (from, to, ...options) =>
  ask(wasmOpt(), [
    // Larger than with -Oz by a tenth, and smaller once it is compressed.
    "-Os", "--strip-debug", "--strip-producers",
    // Nothing is at the first 1024 addresses: they are the last ones of the stack.
    "--low-memory-unused", "--optimize-added-constants-propagate",
    // What rustc emits for this target by default since LLVM 20.
    "--enable-bulk-memory", "--enable-nontrapping-float-to-int", "--enable-sign-ext",
    "--enable-mutable-globals", "--enable-reference-types", "--enable-multivalue",
    ...options, from, "-o", to,
  ], { timeout: 600_000 }) ?? fail("wasm-opt failed");

/** Makes all of them smaller without changing what they do, and writes them to `folder`. */
export async function trim({ js, wasm, modules, parts }, folder) {
  installPackages();
  mkdirSync(folder, { recursive: true });
  const made = { js: join(folder, "app.js"), wasm: join(folder, "app.wasm"), modules: {}, parts };
  const script = await usedScript(js, parts);
  await removeUnusedExports(script, wasm, made.wasm);
  say("wasm-opt -Os");
  for (const [name, path] of Object.entries(modules)) {
    checkImports(script, path);
    made.modules[name] = join(folder, `${name}.wasm`);
    optimized(path, made.modules[name]);
  }
  const names = optimized(made.wasm, made.wasm, "--minify-imports-and-exports-and-modules");
  writeFileSync(made.js, shortened(script, JSON.parse(names)));
  say(`${statSync(wasm).size} bytes became ${statSync(made.wasm).size}`);
  return made;
}
