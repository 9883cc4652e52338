// How much a first visit downloads. The promise is 200 kB, compressed with brotli.

import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import { fail } from "./run.mjs";

const LIMIT = 200_000;
const best = { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } };
const brotli = (bytes) => brotliCompressSync(bytes, best).length;

/** Prints one line for each file of the folder; stops the build above the limit. */
export function checkSize(folder) {
  const files = readdirSync(folder, { recursive: true })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => ({ path, bytes: readFileSync(path) }))
    .map(({ path, bytes }) => ({ name: relative(folder, path), raw: bytes.length, sent: brotli(bytes) }));
  const total = (key) => files.reduce((sum, file) => sum + file[key], 0);
  const row = (name, raw, sent) =>
    console.log(`  ${name.padEnd(34)} ${String(raw).padStart(9)} ${String(sent).padStart(9)}`);
  row("file", "bytes", "brotli");
  for (const { name, raw, sent } of files.sort((a, b) => b.sent - a.sent)) row(name, raw, sent);
  row(`total (limit ${LIMIT})`, total("raw"), total("sent"));
  if (total("sent") > LIMIT) fail(`the first download is ${total("sent")} bytes, over ${LIMIT}`);
}
