// The page was opened at another address than the one that people use. Over plain http, and not
// on the machine itself, a browser drops a cookie that is for https.

import type { Server } from "./fixtures/server";
import { expect, test } from "./fixtures/test";

const PUBLIC_URL = "https://keys.example";
const TEXT = /^You are not signed in: the browser keeps the session cookie only over https\. Open https:\/\/keys\.example \(KEYWARD_PUBLIC_URL\) instead of http:\/\/keys\.internal:\d+\.$/;

const elsewhere = (server: Server, path: string) => server.url.replace("127.0.0.1", "keys.internal") + path;

test.describe("signing in", () => {
  test.use({ serverOptions: { env: { KEYWARD_PUBLIC_URL: PUBLIC_URL } } });

  test("a browser that did not keep the cookie says why and where to go", async ({ page, server, context, watch, signIn }) => {
    await page.goto(elsewhere(server, "/login"));
    // After a 200, the page asks who is signed in.
    watch.expectFailure(401, "/api/session");
    await signIn.signIn();
    await expect(signIn.error).toHaveText(TEXT);
    expect(new URL(page.url()).pathname).toBe("/login");
    await expect(signIn.submit).toBeEnabled();
    expect(await context.cookies()).toEqual([]);
  });
});

test.describe("setting up", () => {
  test.use({ serverOptions: { firstStart: true, env: { KEYWARD_PUBLIC_URL: PUBLIC_URL } } });

  test("the first administrator sees the same message", async ({ page, server, watch, setup }) => {
    expect(server.setupLink).toContain(`${PUBLIC_URL}/setup#token=`);
    await page.goto(elsewhere(server, new URL(server.setupLink).pathname + new URL(server.setupLink).hash));
    await setup.fill();
    watch.expectFailure(401, "/api/session");
    await setup.create.click();
    await expect(setup.error).toHaveText(TEXT);
  });
});
