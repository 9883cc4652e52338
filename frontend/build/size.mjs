// How much a visit downloads, compressed with brotli. The promise is 200 kB for the first one,
// and 60 kB more for each part that is opened later, with the chunks that it shares with others.

import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import { fail } from "./run.mjs";

const FIRST_LIMIT = 200_000;
const LATER_LIMIT = 60_000;
/** Documents are pages of their own. */
const isRead = ({ name }) => name.startsWith("docs/");
const isLater = ({ name }) => name.startsWith("assets/later-");
const best = { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } };
const brotli = (bytes) => brotliCompressSync(bytes, best).length;

/** Prints one line for each file of the folder; stops the build above a limit. */
export function checkSize(folder) {
  const files = readdirSync(folder, { recursive: true })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => ({ path, bytes: readFileSync(path) }))
    .map(({ path, bytes }) => ({ name: relative(folder, path), raw: bytes.length, sent: brotli(bytes) }));
  files.sort((a, b) => b.sent - a.sent);
  const row = (name, raw, sent) =>
    console.log(`  ${name.padEnd(34)} ${String(raw).padStart(9)} ${String(sent).padStart(9)}`);
  row("file", "bytes", "brotli");
  const check = (what, limit, part) => {
    const total = (key) => part.reduce((sum, file) => sum + file[key], 0);
    for (const { name, raw, sent } of part) row(name, raw, sent);
    row(`${what} (limit ${limit})`, total("raw"), total("sent"));
    if (total("sent") > limit) fail(`${what}: ${total("sent")} bytes are downloaded, over ${limit}`);
  };
  check("first visit", FIRST_LIMIT, files.filter((file) => !isLater(file) && !isRead(file)));
  const script = files.find(({ name }) => /^assets\/app-\w+\.js$/.test(name));
  const parts = readFileSync(join(folder, script.name), "utf8").matchAll(/(\w+):(\["\/assets\/later-[^\]]+\])/g);
  for (const [, name, addresses] of parts) {
    const needed = JSON.parse(addresses).map((address) => address.slice(1));
    check(name.replace("__wasm_split_load_", ""), LATER_LIMIT, files.filter((file) => needed.includes(file.name)));
  }
}
