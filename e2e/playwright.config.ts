// Every test starts its own server on a port of the kernel's choice, with its own
// database, and opens it in a fresh profile of the Chromium that the system has.
//
//   KEYWARD_BINARY   the server, ../target/release/keyward unless set
//   CHROMIUM         the browser, /usr/bin/chromium or google-chrome unless set
//   SLOW             a number that all time limits are multiplied with
//   PICTURES         any value: write pictures of what is looked at
//   TRACE            any value: keep a trace of each test that failed, which makes all of them slower

import { defineConfig } from "@playwright/test";
import { chromium } from "./fixtures/chromium";

const slow = Number(process.env.SLOW ?? 1);

export default defineConfig({
  testDir: ".",
  outputDir: "results/failures",
  workers: 2,
  fullyParallel: true,
  forbidOnly: !!process.env.CI,
  timeout: 30_000 * slow,
  expect: { timeout: 5_000 * slow },
  reporter: [["list"], ["./fixtures/count.ts"]],
  use: {
    browserName: "chromium",
    viewport: { width: 1280, height: 800 },
    locale: "en-GB",
    timezoneId: "Europe/Berlin",
    actionTimeout: 5_000 * slow,
    navigationTimeout: 10_000 * slow,
    screenshot: "only-on-failure",
    trace: process.env.TRACE ? "retain-on-failure" : "off",
    // Chromium keeps on painting in the background, and asks the network for nothing.
    launchOptions: {
      executablePath: chromium(),
      args: [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        // A name that is not the machine itself, to which browsers grant what https gets.
        "--host-resolver-rules=MAP keys.internal 127.0.0.1",
      ],
    },
  },
});
