// The servers of the store: which of them answer, and how long one that does not may accept keys.

import { unavailable } from "./fixtures/answers";
import { violations } from "./fixtures/axe";
import { SILENT, STOPPED, THIS, replica, replicas } from "./fixtures/servers";
import { expect, test } from "./fixtures/test";

const REPLICAS = "GET /api/admin/replicas";

test("one server on SQLite is named, up to date, and needs no lease", async ({ servers, api, page, server, shell }) => {
  await api.create({ name: "a" });
  await page.goto("/");
  await shell.navLink("Servers").click();
  await expect(servers.names()).toHaveText([new RegExp(`:${new URL(server.url).port} This one$`)]);
  const [address] = (await servers.names().innerText()).split(/\s/);
  await expect(servers.cell(address!, "State")).toHaveText("Active");
  await expect(servers.cell(address!, "Last change")).toHaveText(/^\d+ up to date$/);
  await expect(servers.cell(address!, "Lease left")).toHaveText("Not needed");
  await expect(servers.cell(address!, "Started")).toContainText("just now");
  await expect(page.getByText("One server on SQLite: a change is in effect at once.")).toBeVisible();
  expect(await violations(page)).toEqual([]);
  await page.getByRole("link", { name: "how to connect it" }).click();
  await expect(page.getByRole("heading", { level: 2, name: "Several servers" })).toBeInViewport();
});

test("of several servers each says how far it is, and one that is silent until when it may accept keys", async ({ servers, network, page }) => {
  await network.answer(REPLICAS, replicas([THIS, SILENT, STOPPED]));
  await servers.open();
  await expect(page.getByText("A lease lets a server accept keys for 5 s at a time")).toContainText("refused everywhere within 5 s.");
  await expect(servers.names()).toHaveText(["keys-1:8080 This one", "keys-2:8080", "keys-3:8080"]);
  await expect(servers.summary).toHaveText("2 of 3 servers are silent.");
  await expect(servers.cell("keys-1:8080", "State")).toHaveText("Active");
  await expect(servers.cell("keys-1:8080", "Last change")).toHaveText(/^1\s204 up to date$/);
  await expect(servers.cell("keys-1:8080", "Lease left")).toHaveText("4.2 s");
  await expect(servers.cell("keys-2:8080", "State")).toHaveText(/^\s*Silent for 3.1\ss\s*May accept keys for 1.9\ss more$/);
  await expect(servers.cell("keys-2:8080", "Last change")).toHaveText(/^1\s202 2 changes behind$/);
  await expect(servers.cell("keys-3:8080", "State")).toHaveText(/^\s*Silent for 12\ss\s*Accepts nothing since \d\d:\d\d:\d\d$/);
  const since = await servers.cell("keys-3:8080", "State").getByRole("time").getAttribute("datetime");
  expect(Math.abs(Date.now() - 7_000 - Date.parse(since!))).toBeLessThan(5_000);
  await expect(servers.cell("keys-3:8080", "Lease left")).toHaveText("Over");
  await expect(page.getByText("leaves this list with the next key that is deleted or disabled")).toBeVisible();
  await expect(page.getByText("run different versions")).toBeHidden();
  expect(await violations(page)).toEqual([]);
});

test("a lease that goes on without the database is counted in full", async ({ servers, network, page }) => {
  const updated = replica("keys-2:8080", { version: "0.2.0", leaseLeftMs: 34_600 });
  await network.answer(REPLICAS, replicas([THIS, updated], { withoutDatabaseMs: 30_000 }));
  await servers.open();
  await expect(page.getByText("goes on for 30 s more and then stops, so a deleted key is refused everywhere within 35 s.")).toBeVisible();
  await expect(servers.summary).toHaveText("2 servers, all of them answer.");
  await expect(servers.cell("keys-2:8080", "Lease left")).toHaveText("34 s");
  await expect(page.getByText("The servers run different versions of Keyward.")).toBeVisible();
});

test("it follows the servers while it is in view, and keeps the focus where it is", async ({ servers, network, page }) => {
  await network.answer(REPLICAS, replicas([THIS, { ...SILENT, silentMs: 400, leaseLeftMs: 4600 }]));
  await servers.open();
  await expect(servers.summary).toHaveText("2 servers, all of them answer.");
  const joined = servers.cell("keys-2:8080", "Started").locator("[tabindex]");
  await joined.focus();
  await network.restore();
  await network.answer(REPLICAS, replicas([THIS, SILENT]));
  await expect(servers.summary).toHaveText("1 of 2 servers is silent.");
  await network.restore();
  const last = Date.now() - STOPPED.silentMs;
  await page.route("**/api/admin/replicas", (route) => {
    const stopped = { ...STOPPED, id: SILENT.id, address: SILENT.address, silentMs: Date.now() - last };
    return route.fulfill({ json: { data: replicas([THIS, stopped]) } });
  });
  await expect(servers.cell("keys-2:8080", "State")).toContainText("Accepts nothing since");
  const since = await servers.cell("keys-2:8080", "State").getByRole("time").innerText();
  const requests = network.requests(REPLICAS);
  await expect.poll(() => requests.length).toBeGreaterThan(1);
  await expect(servers.cell("keys-2:8080", "State").getByRole("time")).toHaveText(since);
  await expect(joined).toBeFocused();
  await network.restore();
  await network.answer(REPLICAS, replicas([THIS]));
  await expect(servers.names()).toHaveText(["keys-1:8080 This one"]);
});

test("a page that is not in view asks for nothing, and at once when it is again", async ({ servers, network, page }) => {
  await network.answer(REPLICAS, replicas([THIS]));
  await page.clock.install();
  await servers.open();
  await expect(servers.names()).toHaveCount(1);
  const requests = network.requests(REPLICAS);
  const turn = (hidden: boolean) =>
    page.evaluate((hidden) => {
      Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
      document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
    }, hidden);
  await turn(true);
  await page.clock.fastForward(20_000);
  expect(requests).toEqual([]);
  await turn(false);
  await expect.poll(() => requests.length).toBe(1);
  await page.clock.fastForward(2_000);
  await expect.poll(() => requests.length).toBe(2);
});

test("another page does not ask for the servers any more", async ({ servers, network, page, shell }) => {
  await servers.open();
  await expect(servers.names()).toHaveCount(1);
  await shell.navLink("Encryption").click();
  await expect(page.getByRole("heading", { level: 1, name: "Encryption" })).toBeVisible();
  const requests = network.requests(REPLICAS);
  await page.waitForTimeout(2_500);
  expect(requests).toEqual([]);
});

test("servers that cannot be loaded are a failure, and Retry works", async ({ servers, network }) => {
  await network.fail(REPLICAS, unavailable("req-3"));
  await servers.open();
  await expect(servers.failed).toContainText("req-3");
  const requests = network.requests(REPLICAS);
  await servers.page.waitForTimeout(2_500);
  expect(requests, "a person tries again").toEqual([]);
  await network.restore();
  await servers.retry.click();
  await expect(servers.names()).toHaveCount(1);
  await expect(servers.failed).toBeHidden();
});

test("what cannot be renewed stays, and is said to be old", async ({ servers, network, page }) => {
  await servers.open();
  await expect(servers.names()).toHaveCount(1);
  await network.fail(REPLICAS, unavailable());
  await expect(servers.summary).toHaveText(/^Not up to date since \d\d:\d\d:\d\d\. The database did not answer/);
  await expect(servers.names()).toHaveCount(1);
  expect(await violations(page)).toEqual([]);
  await network.restore();
  await expect(servers.summary).toBeHidden();
});
