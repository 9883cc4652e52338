import { wasm } from "./app.js";

let admin;

/** Puts the module of the admin pages into the memory and the table of the first, then calls back. */
export async function loadAdmin(callback, data) {
  admin ??= WebAssembly.instantiateStreaming(fetch(ADMIN_MODULE), {
    __wasm_split: {
      memory: wasm.memory,
      __indirect_function_table: wasm.__indirect_function_table,
      // The stack pointer, the only global.
      __wasm_split_shared0: wasm.__wasm_split_shared0,
    },
  });
  const loaded = await admin.then(() => 1, (error) => {
    // The browser itself says what it could not fetch, which is a `TypeError` here.
    if (!(error instanceof TypeError)) console.error(error);
    admin = undefined; // not for ever: the next call fetches again
    return 0;
  });
  wasm.__indirect_function_table.get(callback)(data, loaded);
}
