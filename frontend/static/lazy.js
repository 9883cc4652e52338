import { wasm } from "./app.js";

const modules = new Map();

/** Puts a module into the memory and the table of the first, once it is fetched. */
function load(address) {
  if (!modules.has(address)) {
    const module = WebAssembly.instantiateStreaming(fetch(address), {
      __wasm_split: {
        memory: wasm.memory,
        __indirect_function_table: wasm.__indirect_function_table,
        // The stack pointer, the only global.
        __wasm_split_shared0: wasm.__wasm_split_shared0,
      },
    });
    module.catch(() => modules.delete(address)); // not for ever: the next call fetches again
    modules.set(address, module);
  }
  return modules.get(address);
}

/** A function that loads these modules and then calls back. */
export const loader = (addresses) => async (callback, data) => {
  const loaded = await Promise.all(addresses.map(load)).then(() => 1, (error) => {
    // The browser itself says what it could not fetch, which is a `TypeError` here.
    if (!(error instanceof TypeError)) console.error(error);
    return 0;
  });
  wasm.__indirect_function_table.get(callback)(data, loaded);
};
