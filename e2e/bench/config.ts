// Measures the page with very many keys: `make bench-page`. It asserts nothing about time;
// the numbers are printed.
//
//   KEYS   how many keys, 100000 unless set
//   RUNS   how often each thing is done, 9 unless set

import base from "../playwright.config";

export default {
  ...base,
  testDir: ".",
  testMatch: "*.bench.ts",
  outputDir: "../results/bench",
  workers: 1,
  timeout: 600_000,
  reporter: [["line"]],
  use: { ...base.use, screenshot: "off", trace: "off" },
};
