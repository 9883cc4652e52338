import { unavailable } from "./fixtures/answers";
import { violations } from "./fixtures/axe";
import { expect, test } from "./fixtures/test";
import { AUDIT } from "./pages/audit";
import { ENCRYPTION } from "./pages/encryption";
import { KeysPage, SECRETS } from "./pages/keys";
import { SERVERS } from "./pages/servers";

test("a list that fails to load is neither empty nor silent, and Retry works", async ({ keys, api, network }) => {
  await api.create({ name: "production" });
  await network.fail("GET /api/keys", unavailable("req-list-7"));
  await keys.open();
  await expect(keys.failed).toContainText("The database did not answer, so nothing was changed. Try again.");
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
  await page.route("**/assets/later-admin-*.wasm", (route) => {
    module = new URL(route.request().url()).pathname;
    watch.expectFailure(404, module);
    // What a server of a later version answers.
    return route.fulfill({ status: 404, contentType: "text/html", body: "<!doctype html>" });
  });
  await page.goto(AUDIT);
  const failed = page.getByRole("alert").filter({ hasText: "This page could not be loaded" });
  await expect(failed).toBeVisible();
  await expect(audit.table).toBeHidden();
  await page.unroute("**/assets/later-admin-*.wasm");
  await failed.getByRole("button", { name: "Retry" }).click();
  await expect(audit.verified).toBeVisible();
  await expect(page).toHaveURL(AUDIT);
});

test("a page whose module could not be fetched is there when it is gone to again", async ({ keys, audit, page, watch }) => {
  await keys.open();
  await page.route("**/assets/later-admin-*.wasm", (route) => route.abort());
  const link = page.getByRole("link", { name: "Audit log" });
  page.once("requestfailed", (one) => watch.expectFailure("network", new URL(one.url()).pathname));
  await link.click();
  await expect(page.getByText("This page could not be loaded")).toBeVisible();
  await page.unroute("**/assets/later-admin-*.wasm");
  await page.getByRole("link", { name: "API keys" }).click();
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
  // It is written behind the answer.
  await expect.poll(() => server.log).toContain(id);
});

test("the request id of a failure is copied by the button beside it", async ({ secrets, page, api, network, clipboard }) => {
  await clipboard.allow();
  for (const key of ["DATABASE_URL", "OTHER"]) await api.keep({ key, value: "v" });
  const copy = page.getByRole("button", { name: "Copy request id" });
  // Of a list.
  await network.fail("GET /api/secrets", unavailable("req-of-the-list"));
  await secrets.open();
  await copy.click();
  await expect(copy).toHaveText("Copied");
  expect(await clipboard.text()).toBe("req-of-the-list");
  await network.restore();
  await secrets.retry.click();
  // Of a row.
  await network.fail("GET /api/secrets/DATABASE_URL", unavailable("req-of-the-row"));
  await secrets.row("DATABASE_URL").reveal.click();
  await copy.click();
  await expect(copy).toHaveText("Copied");
  expect(await clipboard.text()).toBe("req-of-the-row");
  await secrets.closeAlert.click();
  // Of a dialog.
  await network.fail("DELETE /api/secrets/OTHER", unavailable("req-of-the-dialog"));
  await secrets.row("OTHER").choose("Delete");
  await secrets.form.confirm.click();
  await expect(secrets.form.error).toHaveText(/^The database did not answer, so nothing was changed. Try again.\s*Request req-of-the-dialog\s*Copy$/);
  await copy.click();
  await expect(copy).toHaveText("Copied");
  expect(await clipboard.text()).toBe("req-of-the-dialog");
  expect(await violations(page)).toEqual([]);
});

for (const width of [1280, 360]) {
  test(`a message covers nothing that can be pressed at ${width} px`, async ({ secrets, page, api }) => {
    for (let n = 0; n < 24; n++) await api.keep({ key: `KEY_${n}`, value: "v" });
    await page.setViewportSize({ width, height: 800 });
    await secrets.open();
    await secrets.submit({ key: "ANOTHER_KEY", value: "v" });
    await expect(secrets.says("“ANOTHER_KEY” added")).toBeVisible();
    const covered = () =>
      page.evaluate(() => {
        const toast = document.querySelector(".toast")!.getBoundingClientRect();
        return [...document.querySelectorAll("button, a, input, select")]
          .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.closest(".toasts, .skip"))
          .filter((one) => {
            const { left, right, top, bottom } = one.getBoundingClientRect();
            const [x1, x2] = [Math.max(left, toast.left), Math.min(right, toast.right)];
            const [y1, y2] = [Math.max(top, toast.top), Math.min(bottom, toast.bottom)];
            if (x1 >= x2 || y1 >= y2) return false;
            // What has scrolled under the bar of the menu cannot be pressed there anyway.
            const [below] = document.elementsFromPoint((x1 + x2) / 2, (y1 + y2) / 2).filter((it) => !it.closest(".toasts"));
            return below !== undefined && one.contains(below);
          })
          .map((one) => one.getAttribute("aria-label") ?? one.textContent);
      });
    expect(await covered()).toEqual([]);
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
    expect(await covered()).toEqual([]);
  });
}

test("every page has one heading of the first level", async ({ page, session }) => {
  await session.begin();
  const pages = { "?tab=keys": "API keys", "?tab=secrets": "Secrets", "?tab=providers": "Providers" };
  const addresses = Object.entries(pages).map(([query, title]) => [SECRETS + query, title] as const);
  for (const [address, title] of [...addresses, [AUDIT, "Audit log"], [ENCRYPTION, "Encryption"], [SERVERS, "Servers"]] as const) {
    await page.goto(address);
    await expect(page.getByRole("heading", { level: 1, includeHidden: true })).toHaveText([title]);
  }
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
  await expect(signIn.error).toContainText("The database did not answer, so nothing was changed. Try again.");
  await network.restore();
  await signIn.submit.click();
  await expect(page).toHaveURL(/\/$/);
});

test("a sign-out that fails leaves the person signed in and says so", async ({ keys, page, shell, network }) => {
  await keys.open();
  await network.fail("DELETE /api/session");
  await shell.leave();
  await expect(keys.alert).toContainText("Not signed out. The database did not answer, so nothing was changed. Try again.");
  await expect(page).toHaveURL(SECRETS);
});

test("an address where nothing lives says so and leads on", async ({ page, watch, session }) => {
  await session.begin();
  watch.expectFailure(404, "/nowhere");
  await page.goto("/nowhere");
  await expect(page.getByRole("heading", { level: 1, name: "Page not found" })).toBeVisible();
  await page.getByRole("link", { name: "Go to the overview" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Overview" })).toBeVisible();
});
