// Rows of the older layout, written as Node programs wrote them:
//   node make-legacy.mjs > legacy.json
// AES-256-GCM directly under the root key of the tests; the columns in every form, given as
// hex of what stands in them. The inputs are made of the SHA-256 of a counter, so that the
// file repeats.

import { createCipheriv, createHash } from "node:crypto";

const root = "q83vEjRWeJC6mHZUMhD+3LqYdlQyEP7ciXdWQzIQ/tw=";

const hash = (text) => createHash("sha256").update(text).digest();

const ivForms = {
  raw: (iv) => iv,
  base64: (iv) => iv.toString("base64"),
  hex: (iv) => iv.toString("hex"),
  HEX: (iv) => iv.toString("hex").toUpperCase(),
};

const valueForms = {
  raw: (ciphertext, tag) => Buffer.concat([ciphertext, tag]),
  base64: (ciphertext, tag) => Buffer.concat([ciphertext, tag]).toString("base64"),
  base64url: (ciphertext, tag) => Buffer.concat([ciphertext, tag]).toString("base64url"),
  hex: (ciphertext, tag) => Buffer.concat([ciphertext, tag]).toString("hex"),
  HEX: (ciphertext, tag) => Buffer.concat([ciphertext, tag]).toString("hex").toUpperCase(),
  "hex:hex": (ciphertext, tag) => `${ciphertext.toString("hex")}:${tag.toString("hex")}`,
  "HEX:HEX": (ciphertext, tag) => `${ciphertext.toString("hex")}:${tag.toString("hex")}`.toUpperCase(),
};

const plaintexts = ["", "s3cr3t", "\u{1f511} \u00fc\r\n"];

const rows = plaintexts.flatMap((plaintext) =>
  [12, 16].flatMap((length) =>
    Object.entries(ivForms).flatMap(([ivForm, writeIv]) =>
      Object.entries(valueForms).map(([valueForm, writeValue]) => {
        const form = `iv of ${length} bytes as ${ivForm}, value as ${valueForm}`;
        const iv = hash(`${form}/${plaintext}`).subarray(0, length);
        const cipher = createCipheriv("aes-256-gcm", Buffer.from(root, "base64"), iv);
        const ciphertext = Buffer.concat([cipher.update(plaintext, "utf8"), cipher.final()]);
        const hex = (column) => Buffer.from(column).toString("hex");
        return {
          form,
          iv: hex(writeIv(iv)),
          value: hex(writeValue(ciphertext, cipher.getAuthTag())),
          plaintext: hex(plaintext),
        };
      }),
    ),
  ),
);
console.log(JSON.stringify({ root, rows }, null, 1));
