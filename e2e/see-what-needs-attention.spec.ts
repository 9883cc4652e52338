import { violations } from "./fixtures/axe";
import { unavailable } from "./fixtures/answers";
import { expect, test } from "./fixtures/test";
import { KeysPage, SECRETS } from "./pages/keys";

const DAY = 86_400_000;
const inDays = (days: number) => new Date(Date.now() + days * DAY).toISOString();

test("what needs a person is said, the worst first, each with its one action", async ({ api, overview, page, server, shell }) => {
  const soon = await api.create({ name: "soon", expiresAt: inDays(3) });
  await api.create({ name: "writer", scopes: ["secrets:write"] });
  expect(await server.statusOf(soon.key)).toBe(200);
  await server.restart();

  await overview.open();
  await expect(overview.items).toContainText([
    "Copy SECRETS_ENCRYPTION_KEY to a safe place. Without it nothing here can ever be read again.",
    "“soon” expires in 3 days and is in use.",
    "“writer” never expires and may write secrets.",
    "Only ada@example.com can administer this server.",
  ]);
  await expect(overview.calm).toBeHidden();
  await expect(shell.navLink("Overview")).toContainText("2 need attention");
  for (const item of await overview.items.all()) expect(await item.getByRole("link").or(item.getByRole("button")).count()).toBe(1);
  expect(await violations(page)).toEqual([]);

  await overview.items.filter({ hasText: "soon" }).getByRole("link").click();
  await expect(page).toHaveURL(`${SECRETS}?tab=keys&key=${soon.id}`);
});

test("the copy of the root key is asked for until somebody says that there is one", async ({ api, overview, page, shell }) => {
  await overview.open();
  await overview.keepsCopy.click();
  await expect(overview.calm).toBeVisible();
  await expect(shell.navLink("Overview")).not.toContainText("need attention");
  await page.reload();
  await expect(overview.calm).toBeVisible();
  expect(await violations(page)).toEqual([]);
  expect(await api.entries("encryption.keep")).toHaveLength(1);
});

test("a failed note of the copy is an alert, and the sentence stays", async ({ overview, page, network }) => {
  await overview.open();
  await network.fail("PUT /api/overview/root-key-kept", unavailable("req-3"));
  await overview.keepsCopy.click();
  await expect(page.getByRole("alert")).toContainText("req-3");
  await expect(overview.keepsCopy).toBeVisible();
});

test("the calls of a day are bars, and a table behind them", async ({ api, overview, page, server }) => {
  const { key } = await api.create({ name: "caller" });
  for (let call = 0; call < 5; call += 1) await server.verify(key);
  for (let call = 0; call < 2; call += 1) await server.verify("kw_wrong");
  await server.restart();

  await overview.open();
  await expect(overview.bars).toHaveAccessibleName(/: 5 accepted and 2 refused in all, at most 7 in an hour\.$/);
  await page.getByText("Show as table").click();
  await expect(overview.table.getByRole("row")).toHaveCount(25);
  const [, now, before] = await overview.table.getByRole("row").all();
  // The hour may have changed meanwhile.
  await expect((await now!.innerText()) + (await before!.innerText())).toMatch(/5\s+2/);
  expect(await violations(page)).toEqual([]);
});

test("what is stored is counted, and each number leads to its list", async ({ api, overview, page }) => {
  await api.create({ name: "one" });
  await api.create({ name: "two" });
  await api.change("two", { enabled: false });
  await api.keep({ key: "TOKEN", value: "planted" });
  await overview.open();
  await expect(overview.count("API keys")).toContainText("2");
  await expect(overview.count("of them active")).toContainText("1");
  await expect(overview.count("secrets")).toContainText("1");
  await expect(overview.count("providers")).toContainText("0");
  await overview.count("of them active").click();
  await expect(new KeysPage(page).names()).toHaveText(["one"]);
});

test("the last changes are sentences, the newest first", async ({ api, overview }) => {
  await api.create({ name: "one" });
  await api.keep({ key: "TOKEN", value: "planted" });
  await overview.open();
  await expect(overview.changes.nth(0)).toContainText(/added TOKEN/);
  await expect(overview.changes.nth(1)).toContainText(/created API key one/);
});

test("an overview that cannot be loaded says so, and tries again", async ({ overview, page, network }) => {
  await network.fail("GET /api/overview", unavailable("req-1"));
  await page.goto("/");
  await expect(page.getByRole("alert")).toContainText("The overview could not be loaded");
  await expect(page.getByRole("alert")).toContainText("req-1");
  await network.restore();
  await page.getByRole("button", { name: "Retry" }).click();
  await expect(overview.keepsCopy).toBeVisible();
});
