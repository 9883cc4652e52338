// What wasm-bindgen writes for any program, made fit for this one: names that only the two
// sides of it read become short, and what this page never calls goes.

const utf8 = new TextDecoder();

/** Classes that a crate exports for scripts; this page has no script that uses one. */
const EXPORTED_CLASS = /^export class \w+ \{[\s\S]*?^\}\n(?:if \(Symbol\.dispose\).*\n)?/gm;
const FINALIZATION = /^const \w+Finalization = [\s\S]*?;\n/gm;
/** Only whole lines, so that no text of the program is touched. */
const COMMENT = /^\s*(?:\/\*\*[\s\S]*?\*\/|\/\/.*)\n/gm;

/** Answers both sides anew, of which neither can be used with the other's old one. */
export function trim({ js, wasm }) {
  const script = js.replace(EXPORTED_CLASS, "").replace(FINALIZATION, "").replace(COMMENT, "").replace(/^\s+/gm, "");
  const names = new Map();
  const short = (name) => names.get(name) ?? names.set(name, `_${names.size.toString(36)}`).get(name);
  const used = new Set([...script.matchAll(/\bwasm\.(\w+)/g)].map((match) => match[1]));
  return {
    js: script.replace(/\b__wb(?:g|indgen)_\w+_[0-9a-f]{16}\b/g, short),
    wasm: edit(wasm, {
      import: (name) => names.get(name) ?? name,
      keepsExport: (name) => used.has(name),
    }),
  };
}

// The sections of a module: an id, a length and that many bytes; numbers are LEB128.
const IMPORTS = 2;
const EXPORTS = 7;
const MAGIC_LENGTH = 8;

function edit(wasm, change) {
  const read = reader(wasm, MAGIC_LENGTH);
  const parts = [wasm.subarray(0, MAGIC_LENGTH)];
  while (!read.atEnd()) {
    const id = read.byte();
    const content = read.bytes(read.number());
    const edited = id === IMPORTS ? imports(content, change) : id === EXPORTS ? exports(content, change) : content;
    parts.push(Uint8Array.of(id), number(edited.length), edited);
  }
  return Buffer.concat(parts);
}

function imports(content, change) {
  const read = reader(content);
  const count = read.number();
  const parts = [number(count)];
  for (let n = 0; n < count; n++) {
    const module = read.name();
    const name = read.name();
    parts.push(text(module), text(change.import(name)), read.description());
  }
  return Buffer.concat(parts);
}

function exports(content, change) {
  const read = reader(content);
  const kept = [];
  for (let left = read.number(); left > 0; left--) {
    const name = read.name();
    const description = [Uint8Array.of(read.byte()), number(read.number())];
    if (change.keepsExport(name)) kept.push(text(name), ...description);
  }
  return Buffer.concat([number(kept.length / 3), ...kept]);
}

function reader(bytes, at = 0) {
  const byte = () => bytes[at++];
  const number = () => {
    for (let value = 0, shift = 0; ; shift += 7) {
      const next = byte();
      value += (next & 0x7f) * 2 ** shift;
      if (next < 0x80) return value;
    }
  };
  const take = (length) => bytes.subarray(at, (at += length));
  const limits = () => {
    const hasMaximum = byte() & 1;
    number();
    if (hasMaximum) number();
  };
  const kinds = [
    number,                                  // a function: its type
    () => { byte(); limits(); },             // a table
    limits,                                  // a memory
    () => { byte(); byte(); },               // a global
    () => { byte(); number(); },             // a tag
  ];
  return {
    byte, number, bytes: take,
    atEnd: () => at >= bytes.length,
    name: () => utf8.decode(take(number())),
    /** The bytes that say what an import is. */
    description() {
      const from = at;
      kinds[byte()]();
      return bytes.subarray(from, at);
    },
  };
}

function number(value) {
  const bytes = [];
  for (; value > 0x7f; value >>>= 7) bytes.push((value & 0x7f) | 0x80);
  return Uint8Array.of(...bytes, value);
}

function text(value) {
  const bytes = Buffer.from(value);
  return Buffer.concat([number(bytes.length), bytes]);
}
