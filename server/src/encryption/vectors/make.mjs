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
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
};

const places = [
  ["secrets", "encrypted_value", "0190b7a0-0000-7000-8000-000000000001", "0190b7a0-0000-7000-8000-0000000000aa"],
  ["", "", "", ""],
  ["größe", "\u{1f511}", "a", "b"],
];

const plaintexts = [Buffer.alloc(0), Buffer.from("s3cr3t"), Buffer.from("\u{1f511} ü\r\n"), Buffer.alloc(300, 7)];

const vectors = plaintexts.flatMap((plaintext, i) =>
  places.map(([table, column, row_id, key_id], j) => {
    const seed = `${i}/${j}`;
    const key = hash("key", seed);
    const salt = hash("salt", seed);
    const nonce = hash("nonce", seed).subarray(0, 12);
    const aad = Buffer.concat([table, column, row_id, key_id].map(prefixed));
    const info = Buffer.concat([Buffer.from("keyward/seal/v1"), hash(aad)]);
    const derived = Buffer.from(hkdfSync("sha256", key, salt, info, 64));
    const cipher = createCipheriv("aes-256-gcm", derived.subarray(0, 32), nonce);
    cipher.setAAD(aad);
    const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
    const sealed = Buffer.concat([
      Buffer.from([1]), salt, derived.subarray(32), nonce, ciphertext, cipher.getAuthTag(),
    ]);
    const hex = (bytes) => bytes.toString("hex");
    return {
      key: hex(key), table, column, row_id, key_id, salt: hex(salt), nonce: hex(nonce),
      plaintext: hex(plaintext), sealed: hex(sealed),
    };
  }),
);
console.log(JSON.stringify(vectors, null, 1));
