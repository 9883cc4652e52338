// How the page gets to the browser. A debug build reads the page from disk at run time and
// answers otherwise, so this is about the release build alone.

import { request } from "node:http";
import { brotliDecompressSync } from "node:zlib";
import { BINARY } from "./fixtures/server";
import { expect, test } from "./fixtures/test";

const LIMIT = 200_000;
const LATER_LIMIT = 60_000;

test.beforeAll(() => {
  if (BINARY.includes("/debug/")) {
    throw new Error(`${BINARY} is a debug build, which delivers the page in another way. Run these with a release build: make build`);
  }
});

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

/** A request whose answer nothing has decoded, unlike those of `fetch`. */
function get(url: string, headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { headers }, (response) => {
      const chunks: Uint8Array[] = [];
      response.on("data", (chunk: Uint8Array) => chunks.push(chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }));
    });
    sent.on("error", reject);
    sent.end();
  });
}

/** Every address that the page names, and those that its scripts name. */
async function assets(url: string): Promise<string[]> {
  const { body } = await get(`${url}/login`);
  const named = [...body.toString().matchAll(/(?:src|href)="(\/[^"]+)"/g)].map((match) => match[1]!);
  const scripts = await Promise.all(named.filter((path) => path.endsWith(".js")).map((path) => get(url + path)));
  const later = scripts.flatMap((script) => [...script.body.toString().matchAll(/"(\/assets\/[^"]+)"/g)].map((match) => match[1]!));
  return [...new Set([...named, ...later])];
}

test("scripts, styles and the module are small, typed and kept for good", async ({ server }) => {
  const paths = await assets(server.url);
  const kinds = paths.map((path) => path.split(".").at(-1)!);
  expect(kinds.filter((kind) => kind !== "wasm").sort()).toEqual(["css", "js", "js", "svg"]);
  expect(kinds.filter((kind) => kind === "wasm").length).toBeGreaterThan(3);
  const types: Record<string, string> = { css: "text/css", js: "text/javascript", svg: "image/svg+xml", wasm: "application/wasm" };
  for (const path of paths) {
    expect(path).toMatch(/^\/assets\/[\w-]+-[0-9a-f]{12}\.\w+$/);
    const plain = await get(server.url + path);
    const small = await get(server.url + path, { "accept-encoding": "gzip, deflate, br, zstd" });
    for (const answer of [plain, small]) {
      expect(answer.status).toBe(200);
      expect(answer.headers["content-type"]).toMatch(new RegExp(`^${types[path.split(".").at(-1)!]!.replace("+", "\\+")}(;|$)`));
      expect(answer.headers["cache-control"]).toContain("immutable");
      expect(answer.headers["cache-control"]).toMatch(/max-age=31536000/);
      expect(answer.headers["x-content-type-options"]).toBe("nosniff");
      expect(answer.headers["set-cookie"]).toBeUndefined();
    }
    expect(plain.headers["content-encoding"]).toBeUndefined();
    expect(small.headers["content-encoding"]).toBe("br");
    expect(small.headers.vary).toMatch(/accept-encoding/i);
    expect(brotliDecompressSync(small.body).equals(plain.body)).toBe(true);
    const again = await get(server.url + path, { "if-none-match": String(plain.headers.etag) });
    expect(again.status).toBe(304);
  }
});

test("the HTML is asked for each time, and costs nothing when it is the same", async ({ server }) => {
  for (const path of ["/", "/login", "/setup", "/settings/secrets", "/settings/secrets?tab=secrets", "/admin/encryption", "/admin/audit"]) {
    const answer = await get(server.url + path);
    expect(answer.status, path).toBe(200);
    expect(answer.headers["content-type"]).toMatch(/^text\/html/);
    expect(answer.headers["cache-control"]).toBe("no-cache");
    const again = await get(server.url + path, { "if-none-match": String(answer.headers.etag) });
    expect(again.status).toBe(304);
  }
});

test("every answer carries the policy, which allows nothing inline and nothing from elsewhere", async ({ server }) => {
  for (const path of ["/", "/login", "/nowhere", ...(await assets(server.url))]) {
    const policy = String((await get(server.url + path)).headers["content-security-policy"]);
    expect(policy, path).toContain("default-src 'self'");
    expect(policy).toContain("object-src 'none'");
    expect(policy).toContain("base-uri 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain("form-action 'self'");
    expect(policy).not.toMatch(/unsafe-inline|'unsafe-eval'|\*|https?:|data:/);
  }
});

test("the browser enforces the policy", async ({ browser, server }) => {
  // A page that is not watched: it is about to break the rules.
  const page = await browser.newPage();
  await page.goto(`${server.url}/login`);
  const refused = await page.evaluate(async () => {
    const found: string[] = [];
    document.addEventListener("securitypolicyviolation", (event) => found.push(event.effectiveDirective));
    const script = document.createElement("script");
    script.textContent = "window.owned = true";
    document.body.append(script);
    document.body.setAttribute("style", "display: none");
    const image = new Image();
    image.src = "data:image/gif;base64,R0lGODlhAQABAAAAACw=";
    await new Promise((resolve) => setTimeout(resolve, 300));
    return { found, owned: "owned" in window };
  });
  expect(refused.owned).toBe(false);
  expect(refused.found.sort()).toEqual(["img-src", "script-src-elem", "style-src-attr"]);
  await page.close();
});

test("an address where nothing lives is a 404, and so is an asset of an older version", async ({ server }) => {
  for (const path of ["/nowhere", "/settings", "/settings/secrets/more", "/admin", "/admin/audit/more", "/assets/app-000000000000.js", "/index.htm"]) {
    const answer = await get(server.url + path);
    expect(answer.status, path).toBe(404);
    expect(answer.headers["cache-control"], path).not.toContain("immutable");
  }
  const api = await get(`${server.url}/api/nowhere`);
  expect(api.status).toBe(404);
  expect(api.headers["content-type"]).toBe("application/problem+json");
  expect(JSON.parse(api.body.toString())).toMatchObject({ status: 404, statusCode: 404, code: "not_found" });
});

test("a path cannot climb out of the page's folder", async ({ server }) => {
  for (const path of ["/../Cargo.toml", "/assets/../../server/src/main.rs", "/assets/%2e%2e/%2e%2e/Cargo.toml", "/.env"]) {
    const answer = await get(server.url + path);
    expect(answer.status, path).toBe(404);
    expect(answer.body.toString(), path).not.toMatch(/\[package\]|fn main/);
  }
});

test(`the first visit downloads at most ${LIMIT / 1000} kB, each file once, from nowhere else`, async ({ page, server, signIn }) => {
  const finished: Promise<{ url: string; size: number }>[] = [];
  page.on("requestfinished", (one) =>
    finished.push(one.sizes().then((sizes) => ({ url: one.url(), size: sizes.responseBodySize }))),
  );
  await page.goto("/login", { waitUntil: "networkidle" });
  await expect(signIn.submit).toBeVisible();
  const files = await Promise.all(finished);
  const urls = files.map((one) => one.url);
  expect(urls.filter((url) => !url.startsWith(server.url))).toEqual([]);
  expect([...new Set(urls)].sort()).toEqual([...urls].sort());
  const total = files.reduce((sum, one) => sum + one.size, 0);
  console.log(`first visit: ${total} bytes in ${urls.length} files`);
  expect(total).toBeLessThanOrEqual(LIMIT);
});

for (const [first, second] of [["Audit log", "Encryption"], ["Encryption", "Servers"], ["Secrets", "Providers"]]) {
  test(`${first} and ${second} come with the first of them, once, in at most ${LATER_LIMIT / 1000} kB`, async ({ keys, page, shell }) => {
    const files: Promise<{ url: string; size: number }>[] = [];
    page.on("requestfinished", (one) => {
      if (/\/assets\/later-\w+-[0-9a-f]{12}\.wasm$/.test(one.url())) {
        files.push(one.sizes().then((all) => ({ url: one.url(), size: all.responseBodySize })));
      }
    });
    const open = async (name: string) => {
      await shell.navLink(name).click();
      await expect(page.getByRole("heading", { level: 1, name })).toBeVisible();
      await page.waitForLoadState("networkidle");
    };
    await keys.open();
    await expect(keys.empty).toBeVisible();
    await page.waitForLoadState("networkidle");
    expect(files).toHaveLength(0);
    await open(first!);
    const parts = await Promise.all(files);
    await open(second!);
    expect(files).toHaveLength(parts.length);
    expect(new Set(parts.map(({ url }) => url)).size).toBe(parts.length);
    const total = parts.reduce((sum, { size }) => sum + size, 0);
    console.log(`${first} and ${second}: ${total} bytes in ${parts.length} files`);
    expect(total).toBeGreaterThan(0);
    expect(total).toBeLessThanOrEqual(LATER_LIMIT);
  });
}

test("the second visit asks the server for none of the files again", async ({ page, server, watch, signIn }) => {
  watch.expectFailure(401, "/api/session");
  const asked = () => server.log.split("\n").filter((line) => line.includes('"path":"/assets/')).length;
  let first = 0;
  page.on("requestfinished", (one) => (first += Number(one.url().includes("/assets/"))));
  await page.goto("/login", { waitUntil: "networkidle" });
  page.removeAllListeners("requestfinished");
  expect(first).toBeGreaterThan(0);
  // The log comes through a pipe, a moment later.
  await expect.poll(asked).toBe(first);
  await page.goto("/settings/secrets", { waitUntil: "networkidle" });
  await expect(signIn.submit).toBeVisible();
  expect(asked()).toBe(first);
});
