// Seals with Node's own cryptography, by the text of `seal.rs` and none of its code:
//   node make.mjs > seal.json
// The inputs are made of the SHA-256 of a counter, so that the file repeats.

import { createCipheriv, createHash, hkdfSync } from "node:crypto";

const hash = (...parts) => {
  const sha = createHash("sha256");
  for (const part of parts) sha.update(part);
  return sha.digest();
};

const prefixed = (text) => {
  const bytes = Buffer.from(text ?? "");
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text === null ? 0xffffffff : bytes.length);
  return Buffer.concat([length, bytes]);
};

const places = [
  ["secrets", "encrypted_value", "0190b7a0-0000-7000-8000-000000000001", "0190b7a0-0000-7000-8000-0000000000aa"],
  ["", "", "", ""],
  ["größe", "\u{1f511}", "a", "b"],
];

const plaintexts = [Buffer.alloc(0), Buffer.from("s3cr3t"), Buffer.from("\u{1f511} ü\r\n"), Buffer.alloc(300, 7)];

// What format 2 binds beside the place: of a secret, of a provider, of a model; and nothing.
const bounds = [["A_KEY"], ["openai", "https://api.openai.com/v1", ""], ["openai", null, "größe"], []];

const vectors = [1, 2].flatMap((format) => plaintexts.flatMap((plaintext, i) =>
  places.map(([table, column, row_id, key_id], j) => {
    // Those of format 1 are as they always were.
    const seed = format === 1 ? `${i}/${j}` : `${format}/${i}/${j}`;
    const bound = format === 1 ? [] : bounds[(i + j) % bounds.length];
    const key = hash("key", seed);
    const salt = hash("salt", seed);
    const nonce = hash("nonce", seed).subarray(0, 12);
    const aad = Buffer.concat([table, column, row_id, key_id, ...bound].map(prefixed));
    const info = Buffer.concat([Buffer.from(`keyward/seal/v${format}`), hash(aad)]);
    const derived = Buffer.from(hkdfSync("sha256", key, salt, info, 64));
    const cipher = createCipheriv("aes-256-gcm", derived.subarray(0, 32), nonce);
    cipher.setAAD(aad);
    const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
    const sealed = Buffer.concat([
      Buffer.from([format]), salt, derived.subarray(32), nonce, ciphertext, cipher.getAuthTag(),
    ]);
    const hex = (bytes) => bytes.toString("hex");
    return {
      format, key: hex(key), table, column, row_id, key_id, bound, salt: hex(salt), nonce: hex(nonce),
      plaintext: hex(plaintext), sealed: hex(sealed),
    };
  }),
));
console.log(JSON.stringify(vectors, null, 1));
