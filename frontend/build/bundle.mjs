// dist: index.html, and everything else under a name that changes with its content,
// so that the server may let browsers keep it for ever.

import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DIST, HERE, fail, say } from "./run.mjs";

const source = (...path) => readFileSync(join(HERE, ...path), "utf8");

/** Comments and the white space between tokens; nothing that needs a parser. */
const minifyCss = (css) =>
  css.replace(/\/\*[\s\S]*?\*\//g, "").replace(/\s+/g, " ").replace(/ ?([{};,>]) ?/g, "$1")
    .replace(/: /g, ":").replace(/;}/g, "}").trim();

/** Lines without their indentation and comments: no text of wasm-bindgen's spans lines. */
const minifyJs = (js) => js.replace(/^\s*\/\*\*[\s\S]*?\*\/$/gm, "").replace(/^\s*\/\/.*$/gm, "").replace(/\n\s*/g, "\n");

/** The files in the order of their numbers, tokens first: later rules win. */
const stylesheet = () =>
  minifyCss(readdirSync(join(HERE, "style")).sort().map((name) => source("style", name)).join("\n"));

/** Replaces each `{{name}}`; one that nobody gives a value is a mistake. */
const fill = (text, values) =>
  text.replace(/\{\{(\w+)\}\}/g, (_, name) => values[name] ?? fail(`no value for {{${name}}}`));

/** Writes dist beside the old one and swaps them, so no half page is ever served. */
export function bundle({ js, wasm }) {
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
    app: emit("app", "js", minifyJs(readFileSync(js, "utf8"))),
    style: emit("style", "css", stylesheet()),
    theme: emit("theme", "js", source("static", "theme.js")),
    icon: emit("icon", "svg", source("static", "icon.svg")),
  };
  urls.start = emit("start", "js", fill(source("static", "start.js"), urls));
  writeFileSync(join(next, "index.html"), fill(source("static", "index.html"), urls));

  rmSync(DIST, { recursive: true, force: true });
  renameSync(next, DIST);
  say(`wrote ${DIST}`);
}
