import init from "./app.js";

init({ module_or_path: "{{wasm}}" }).catch((error) => {
  console.error(error);
  const boot = document.getElementById("boot");
  if (boot) boot.textContent = "Keyward could not start. Reload the page; it needs a browser with WebAssembly.";
});
