import { unavailable } from "./fixtures/answers";
import { expect, test } from "./fixtures/test";
import { AUDIT } from "./pages/audit";
import { KeysPage, SECRETS } from "./pages/keys";

test("a list that fails to load is neither empty nor silent, and Retry works", async ({ keys, api, network }) => {
  await api.create({ name: "production" });
  await network.fail("GET /api/keys", unavailable("req-list-7"));
  await keys.open();
  await expect(keys.failed).toContainText("The store cannot answer; try again");
  await expect(keys.failed).toContainText("req-list-7");
  await expect(keys.empty).toBeHidden();
  await expect(keys.noMatch).toBeHidden();
  await expect(keys.table).toBeHidden();
  await keys.retry.click();
  await expect(keys.failed).toBeVisible();
  await network.restore();
  await keys.retry.click();
  await expect(keys.names()).toHaveText(["production"]);
  await expect(keys.failed).toBeHidden();
});

test("a server that is gone is said to be, and is there again after Retry", async ({ keys, page, api, server, watch }) => {
  await api.create({ name: "production" });
  await keys.open();
  await expect(keys.names()).toHaveText(["production"]);
  await server.stop();
  watch.expectFailure("network", "/api/keys");
  await keys.refresh.click();
  await expect(keys.failed).toContainText("The server could not be reached. Check the connection and try again.");
  await expect(keys.empty).toBeHidden();
  await server.start();
  await keys.retry.click();
  await expect(keys.names()).toHaveText(["production"]);
  await expect(page).toHaveURL(SECRETS);
});

test("pages of an administrator that cannot be fetched say so, and are there after Retry", async ({ audit, page, watch }) => {
  let module = "";
  await page.route("**/assets/admin-*.wasm", (route) => {
    module = new URL(route.request().url()).pathname;
    watch.expectFailure(404, module);
    // What a server of a later version answers.
    return route.fulfill({ status: 404, contentType: "text/html", body: "<!doctype html>" });
  });
  await page.goto(AUDIT);
  const failed = page.getByRole("alert").filter({ hasText: "This page could not be loaded" });
  await expect(failed).toBeVisible();
  await expect(audit.title).toBeHidden();
  await page.unroute("**/assets/admin-*.wasm");
  await failed.getByRole("button", { name: "Retry" }).click();
  await expect(audit.verified).toBeVisible();
  await expect(page).toHaveURL(AUDIT);
});

test("a page whose module could not be fetched is there when it is gone to again", async ({ keys, audit, page, watch }) => {
  await keys.open();
  await page.route("**/assets/admin-*.wasm", (route) => route.abort());
  const link = page.getByRole("link", { name: "Audit log" });
  page.once("requestfailed", (one) => watch.expectFailure("network", new URL(one.url()).pathname));
  await link.click();
  await expect(page.getByText("This page could not be loaded")).toBeVisible();
  await page.unroute("**/assets/admin-*.wasm");
  await page.getByRole("link", { name: "Secrets and keys" }).click();
  await expect(keys.empty).toBeVisible();
  await link.click();
  await expect(audit.verified).toBeVisible();
});

test("a real request id is shown, and the server's log knows it", async ({ keys, page, server, watch }) => {
  await page.route("**/api/keys?*", (route) => route.continue({ method: "PUT" }));
  watch.expectFailure(405, "/api/keys");
  await keys.open();
  const id = await keys.failed.locator("code").innerText();
  expect(id).toMatch(/^[0-9a-f-]{36}$/);
  expect(server.log).toContain(id);
});

test("an answer of a proxy in between is a failure in plain words", async ({ keys, page, watch }) => {
  await page.route("**/api/keys?*", (route) => route.fulfill({ status: 502, contentType: "text/html", body: "<h1>Bad Gateway</h1>" }));
  watch.expectFailure(502, "/api/keys");
  await keys.open();
  await expect(keys.failed).toContainText("The server answered with status 502.");
});

test("an answer that is no answer is a failure, too", async ({ keys, page }) => {
  await page.route("**/api/keys?*", (route) => route.fulfill({ status: 200, contentType: "text/html", body: "<p>Welcome to the hotel</p>" }));
  await keys.open();
  await expect(keys.failed).toBeVisible();
  await expect(keys.empty).toBeHidden();
});

test("while it loads, the page shows that it does", async ({ keys, api, network }) => {
  await api.create({ name: "production" });
  const answer = await network.hold("GET /api/keys");
  await keys.open();
  await expect(keys.loading).toBeVisible();
  await expect(keys.empty).toBeHidden();
  answer();
  await expect(keys.names()).toHaveText(["production"]);
  await expect(keys.loading).toBeHidden();
});

test("a refresh leaves the rows in place until it has been answered", async ({ keys, api, network }) => {
  await api.create({ name: "production" });
  await keys.open();
  await expect(keys.names()).toHaveText(["production"]);
  await api.create({ name: "staging" });
  const answer = await network.hold("GET /api/keys");
  await keys.refresh.click();
  await expect(keys.names()).toHaveText(["production"]);
  await expect(keys.loading).toBeHidden();
  answer();
  await expect(keys.names()).toHaveText(["staging", "production"]);
});

test("no key at all is said as such, with what to do", async ({ keys }) => {
  await keys.open();
  await expect(keys.empty).toBeVisible();
  await expect(keys.page.getByText(/curl -H 'x-api-key: kw_\.\.\.' http:\/\/.*\/api\/verify/)).toBeVisible();
  await expect(keys.search).toBeHidden();
  await expect(keys.failed).toBeHidden();
});

test("a server that cannot say who is signed in is no reason to sign in again", async ({ page, session, network }) => {
  await session.begin();
  await network.fail("GET /api/session", unavailable("req-9"));
  await page.goto(SECRETS);
  const failed = page.getByRole("alert");
  await expect(failed).toContainText("Keyward could not be loaded");
  await expect(failed).toContainText("req-9");
  await expect(page).toHaveURL(SECRETS);
  await network.restore();
  await failed.getByRole("button", { name: "Retry" }).click();
  await expect(new KeysPage(page).empty).toBeVisible();
});

test("a sign-in that cannot be answered says so and keeps what was typed", async ({ page, signIn, network }) => {
  await page.goto("/login");
  await network.fail("POST /api/session");
  await signIn.signIn();
  await expect(signIn.error).toContainText("The store cannot answer; try again");
  await network.restore();
  await signIn.submit.click();
  await expect(page).toHaveURL(SECRETS);
});

test("a sign-out that fails leaves the person signed in and says so", async ({ keys, page, shell, network }) => {
  await keys.open();
  await network.fail("DELETE /api/session");
  await shell.signOut.click();
  await expect(keys.alert).toContainText("Not signed out. The store cannot answer; try again");
  await expect(page).toHaveURL(SECRETS);
});

test("an address where nothing lives says so and leads on", async ({ page, watch, session }) => {
  await session.begin();
  watch.expectFailure(404, "/nowhere");
  await page.goto("/nowhere");
  await expect(page.getByRole("heading", { level: 1, name: "Page not found" })).toBeVisible();
  await page.getByRole("link", { name: "Go to secrets and keys" }).click();
  await expect(page).toHaveURL(SECRETS);
  await expect(new KeysPage(page).empty).toBeVisible();
});
