// A compiler for wasm32-unknown-unknown, wherever this machine keeps one.
//
// 1. the target of the toolchain in use   2. rustup adds it   3. Debian's packages,
// which bring a compiler and the sources of std instead of a compiled std.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { TARGET, ask, fail, run, say } from "./run.mjs";

const TRIPLE = "wasm32-unknown-unknown";
const DEBIAN = ["rustc-web", "cargo-web", "rust-web-src", "lld-22"];
const BUILD = [
  "rustc", "-p", "keyward-frontend", "--profile", "page", "--target", TRIPLE,
  // A folder of its own: host and page are built by different compilers.
  "--target-dir", join(TARGET, "page"),
];

// What makes the download smaller: components of one type instead of a type for each.
const SMALL = "--cfg erase_components";
// Smaller still, with a std that is built along: a panic is a trap without a message.
// Without it the page is some 5 % larger.
const SMALLER = `${SMALL} -Zunstable-options -Cpanic=immediate-abort -Zlocation-detail=none -Zfmt-debug=none`;
// What the linker knew about every address, for split.mjs. Only of the page itself, so that its
// dependencies are not compiled once more when this changes.
const LINK = ["--", "-Clink-args=--emit-relocs"];
const STD = ["-Zbuild-std=std,panic_abort", "-Zbuild-std-features=optimize_for_size"];

/** The flags above are unstable; with this variable a stable compiler takes them. */
const env = (flags, more = {}) => ({
  ...process.env, ...more, RUSTC_BOOTSTRAP: "1", RUSTFLAGS: `${process.env.RUSTFLAGS ?? ""} ${flags}`.trim(),
});

/** Compiles the page and answers the path of the module. */
export function compile() {
  if (targetInstalled()) {
    compileWithTarget(`its ${TRIPLE} target`);
  } else if (targetAdded()) {
    compileWithTarget(`the ${TRIPLE} target that rustup added`);
  } else {
    installDebian();
    compileDebian();
  }
  return join(TARGET, "page", TRIPLE, "page", "keyward-frontend.wasm");
}

function compileWithTarget(target) {
  const compiler = ask("rustc", ["--version"]);
  if (stdSources() || (ask("rustup", ["component", "add", "rust-src"], { timeout: 60_000 }) !== null && stdSources())) {
    say(`compiling with ${compiler}, ${target} and a std built from rust-src`);
    run("cargo", [...BUILD, ...STD, ...LINK], { env: env(SMALLER) });
  } else {
    say(`compiling with ${compiler} and ${target} (larger: rust-src is missing)`);
    run("cargo", [...BUILD, ...LINK], { env: env(SMALL) });
  }
}

function stdSources() {
  const root = ask("rustc", ["--print", "sysroot"]);
  return Boolean(root) && existsSync(join(root, "lib/rustlib/src/rust/library/Cargo.lock"));
}

function targetInstalled() {
  const folder = ask("rustc", ["--print", "target-libdir", "--target", TRIPLE]);
  return Boolean(folder) && existsSync(folder) && readdirSync(folder).some((f) => f.startsWith("libstd-"));
}

function targetAdded() {
  if (debianInstalled()) return false; // no need to wait for the network
  return ask("rustup", ["target", "add", TRIPLE], { timeout: 60_000 }) !== null && targetInstalled();
}

function debianInstalled() {
  const states = ask("dpkg-query", ["-W", "-f=${db:Status-Abbrev}\n", ...DEBIAN]);
  return states !== null && states.split("\n").every((state) => state.startsWith("ii"));
}

function installDebian() {
  if (debianInstalled()) return;
  const command = `apt-get install -y --no-install-recommends ${DEBIAN.join(" ")}`;
  if (process.getuid?.() !== 0 || ask("apt-get", ["--version"]) === null) {
    fail(`no compiler for ${TRIPLE}: run \`rustup target add ${TRIPLE}\`, or on Debian\n  sudo ${command}`);
  }
  say(`installing Debian's compiler: ${command}`);
  run("apt-get", ["update", "-q"]);
  run("apt-get", command.split(" ").slice(1));
}

function compileDebian() {
  const cargo = installedBinary("cargo-web", "cargo");
  const rustc = installedBinary("rustc-web", "rustc");
  say(`compiling with Debian's ${ask(rustc, ["--version"])} (rustc-web) and a std built here`);
  const page = env(SMALLER, { RUSTC: rustc, CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER: "wasm-ld-22" });
  delete page.RUSTUP_TOOLCHAIN;
  run(cargo, [...BUILD, ...STD, ...LINK], { env: page });
}

/** `/usr/bin/cargo`, but asked of the package, since newer ones may move it. */
function installedBinary(pack, name) {
  const files = (ask("dpkg", ["-L", pack]) ?? "").split("\n");
  return files.find((file) => file.endsWith(`/usr/bin/${name}`)) ?? fail(`${pack} has no ${name}`);
}
