// dist: index.html, and everything else under a name that changes with its content,
// so that the server may let browsers keep it for ever.

import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { docs } from "./docs.mjs";
import { DIST, HERE, fail, say } from "./run.mjs";

/** What browsers know that have `light-dark` in the style sheet. */
const TARGET = "es2022";

const source = (...path) => readFileSync(join(HERE, ...path), "utf8");

/** All of `style`, each file in the layer of its name or of its folder; layers.css orders the layers. */
const stylesheet = ({ transformSync }) => {
  const order = source("style", "layers.css");
  const layers = /@layer ([\w, ]+);/.exec(order)[1].split(", ");
  const inLayer = (name) => {
    const layer = layers.find((layer) => name === `${layer}.css` || name.startsWith(`${layer}${sep}`));
    return `@layer ${layer ?? fail(`style/${name} belongs to no layer`)} {\n${source("style", name)}}`;
  };
  const names = readdirSync(join(HERE, "style"), { recursive: true }).sort();
  const files = names.filter((name) => name.endsWith(".css") && name !== "layers.css");
  const css = [order, ...files.map(inLayer)].join("\n");
  return transformSync(css, { loader: "css", minify: true }).code;
};

/** What starts the module and what wasm-bindgen made, without what neither uses. */
const script = ({ buildSync }, start, js, define) => {
  const stdin = { contents: start, resolveDir: dirname(js) };
  const options = { bundle: true, minify: true, format: "esm", target: TARGET, write: false, define };
  return buildSync({ stdin, ...options }).outputFiles[0].text;
};

/** Replaces each `{{name}}`; one that nobody gives a value is a mistake. */
const fill = (text, values) =>
  text.replace(/\{\{(\w+)\}\}/g, (_, name) => values[name] ?? fail(`no value for {{${name}}}`));

/** Writes dist beside the old one and swaps them, so no half page is ever served. */
export async function bundle({ js, wasm, modules, parts }) {
  const esbuild = await import("esbuild");
  const next = `${DIST}.tmp`;
  rmSync(next, { recursive: true, force: true });
  mkdirSync(join(next, "assets"), { recursive: true });
  const emit = (stem, extension, content) => {
    const hash = createHash("sha256").update(content).digest("hex").slice(0, 12);
    const url = `/assets/${stem}-${hash}.${extension}`;
    writeFileSync(join(next, url), content);
    return url;
  };

  // A file that names others is filled in before its own name is made.
  const urls = {
    wasm: emit("app", "wasm", readFileSync(wasm)),
    style: emit("style", "css", stylesheet(esbuild)),
    theme: emit("theme", "js", source("static", "theme.js")),
    icon: emit("icon", "svg", source("static", "icon.svg")),
  };
  const later = Object.entries(modules).map(([name, path]) => [name, emit(`later-${name.replace("split_", "")}`, "wasm", readFileSync(path))]);
  const addresses = new Map(later);
  const ofParts = Object.entries(parts).map(([name, needs]) => [name, needs.map((need) => addresses.get(need))]);
  const define = { PARTS: JSON.stringify(Object.fromEntries(ofParts)) };
  urls.app = emit("app", "js", script(esbuild, fill(source("static", "start.js"), urls), js, define));
  writeFileSync(join(next, "index.html"), fill(source("static", "index.html"), urls));

  await docs(join(next, "docs"), urls);

  rmSync(DIST, { recursive: true, force: true });
  renameSync(next, DIST);
  say(`wrote ${DIST}`);
}
