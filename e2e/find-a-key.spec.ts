import { expect, test } from "./fixtures/test";
import { SECRETS } from "./pages/keys";

test.beforeEach(async ({ api }) => {
  await api.create({ name: "Production" });
  await api.create({ name: "staging", scopes: ["orders:write"] });
  await api.create({ name: "laptop" });
  await api.change("laptop", { enabled: false });
});

test("the list is found by text, in whatever case, and the address keeps it", async ({ keys, page }) => {
  await keys.open();
  await expect(keys.names()).toHaveText(["laptop", "staging", "Production"]);
  await expect(keys.count).toHaveText("3 keys");
  const entries = await page.evaluate(() => history.length);
  await keys.search.pressSequentially("PROD");
  await expect(keys.search).toHaveValue("PROD");
  await expect(keys.search).toBeFocused();
  await expect(keys.names()).toHaveText(["Production"]);
  await expect(keys.count).toHaveText("1 key found");
  await expect(page).toHaveURL(`${SECRETS}?tab=keys&q=PROD`);
  expect(await page.evaluate(() => history.length)).toBe(entries);

  await page.reload();
  await expect(keys.search).toHaveValue("PROD");
  await expect(keys.names()).toHaveText(["Production"]);
  await keys.search.fill("");
  await expect(keys.names()).toHaveCount(3);
  await expect(page).toHaveURL(`${SECRETS}?tab=keys`);
});

test("the keys that have a scope are found by it, in the address as well", async ({ keys, api, page }) => {
  await api.create({ name: "reader", scopes: ["orders:read"] });
  await keys.open();
  await keys.scope.fill("orders:write");
  await expect(keys.names()).toHaveCount(4);
  await keys.scope.press("Enter");
  await expect(keys.names()).toHaveText(["staging"]);
  await expect(page).toHaveURL(`${SECRETS}?tab=keys&scope=orders%3Awrite`);
  await page.reload();
  await expect(keys.scope).toHaveValue("orders:write");
  await expect(keys.names()).toHaveText(["staging"]);
  await expect(keys.count).toHaveText("1 key found");
  await keys.scope.fill("");
  await keys.search.focus();
  await expect(keys.names()).toHaveCount(4);
});

test("the order is chosen, in the address as well", async ({ keys, page }) => {
  await keys.open();
  await keys.sort.selectOption("Name");
  await expect(keys.names()).toHaveText(["laptop", "Production", "staging"]);
  await expect(page).toHaveURL(`${SECRETS}?tab=keys&sort=name`);
  await page.reload();
  await expect(keys.sort).toHaveValue("name");
  await expect(keys.names()).toHaveText(["laptop", "Production", "staging"]);
  await expect(keys.count).toHaveText("3 keys");
  await keys.sort.selectOption("Oldest");
  await expect(keys.names()).toHaveText(["Production", "staging", "laptop"]);
  await keys.sort.selectOption("Newest");
  await expect(page).toHaveURL(`${SECRETS}?tab=keys`);
});

test("a heading sorts, and returns to the newest first", async ({ keys, page }) => {
  await page.setViewportSize({ width: 1440, height: 900 });
  await keys.open();
  await expect(keys.sort, "the headings do it").toBeHidden();
  await expect(keys.heading("Created")).toHaveAttribute("aria-sort", "descending");
  const sortBy = (name: string) => keys.heading(name).getByRole("button").click();
  await sortBy("Name");
  await expect(keys.names()).toHaveText(["laptop", "Production", "staging"]);
  await expect(keys.heading("Name")).toHaveAttribute("aria-sort", "ascending");
  await expect(keys.heading("Created")).not.toHaveAttribute("aria-sort");
  await expect(page).toHaveURL(`${SECRETS}?tab=keys&sort=name`);
  await sortBy("Name");
  await expect(page).toHaveURL(`${SECRETS}?tab=keys`);
  await sortBy("Created");
  await expect(keys.names()).toHaveText(["Production", "staging", "laptop"]);
  await expect(keys.heading("Created")).toHaveAttribute("aria-sort", "ascending");
  for (const name of ["Last used", "Expires"]) {
    await sortBy(name);
    await expect(keys.heading(name)).toHaveAttribute("aria-sort", /ending$/);
    await expect(page.locator("[aria-sort]")).toHaveCount(1);
  }
});

test("the list is narrowed to what may need a person, in the address as well", async ({ keys, api, page }) => {
  await api.change("Production", { expiresAt: new Date(Date.now() + 3 * 86_400_000).toISOString() });
  await keys.open();
  await expect(keys.show.getByRole("option")).toHaveText(["All", "Expires within 7 days", "Never expires", "Unused for 90 days"]);
  await keys.show.selectOption("Expires within 7 days");
  await expect(keys.names()).toHaveText(["Production"]);
  await expect(page).toHaveURL(`${SECRETS}?tab=keys&only=expires-soon`);
  await page.reload();
  await expect(keys.show).toHaveValue("expires-soon");
  await expect(keys.names()).toHaveText(["Production"]);
  await keys.show.selectOption("Never expires");
  await expect(keys.names()).toHaveText(["staging"]);
  await keys.show.selectOption("Unused for 90 days");
  await expect(keys.noMatch).toHaveText("No key matches these filters.");
  await keys.show.selectOption("All");
  await expect(keys.names()).toHaveCount(3);
});

test("a link may narrow the list further than the list to choose from", async ({ keys, api }) => {
  await api.create({ name: "writer", scopes: ["secrets:write"] });
  await api.replace("staging", 3_600);
  await keys.open("?tab=keys&only=writes-forever");
  await expect(keys.names()).toHaveText(["writer"]);
  await expect(keys.show.getByRole("option", { selected: true })).toHaveText("Never expires, may write");
  await keys.open("?tab=keys&only=overlapping");
  await expect(keys.names()).toHaveText(["staging"]);
  await expect(keys.show.getByRole("option", { selected: true })).toHaveText("Old key still works");
});

test("a key is found by its id", async ({ keys, api }) => {
  const { id } = (await api.keys()).find((key) => key.name === "staging")!;
  await keys.open();
  await keys.search.fill(` ${id} `);
  await expect(keys.names()).toHaveText(["staging"]);
});

test("a key is found by how it begins", async ({ keys, api }) => {
  const { prefix } = (await api.keys()).find((key) => key.name === "staging")!;
  await keys.open(`?q=${encodeURIComponent(prefix)}`);
  await expect(keys.names()).toHaveText(["staging"]);
});

test("the list is narrowed by status, in the address as well", async ({ keys, page }) => {
  await keys.open();
  await keys.status.selectOption("Disabled");
  await expect(keys.names()).toHaveText(["laptop"]);
  await expect(page).toHaveURL(`${SECRETS}?tab=keys&status=disabled`);
  await page.reload();
  await expect(keys.status).toHaveValue("disabled");
  await expect(keys.names()).toHaveText(["laptop"]);
  await keys.status.selectOption("Active");
  await expect(keys.names()).toHaveText(["staging", "Production"]);
  await keys.search.fill("sta");
  await expect(page).toHaveURL(`${SECRETS}?tab=keys&q=sta&status=active`);
  await expect(keys.names()).toHaveText(["staging"]);
  await keys.status.selectOption("All");
  await expect(page).toHaveURL(`${SECRETS}?tab=keys&q=sta`);
});

test("finding nothing is not having none", async ({ keys, page }) => {
  await keys.open();
  await keys.search.pressSequentially("nothing");
  await expect(keys.noMatch).toBeVisible();
  await expect(keys.empty).toBeHidden();
  await expect(keys.search).toBeFocused();
  await expect(keys.search).toHaveValue("nothing");
  await expect(keys.noMatch).toHaveText("No key matches nothing.");
  await expect(page.getByText("3 keys in all.")).toBeVisible();
  await expect(keys.count).toHaveText("0 keys found");
  await page.reload();
  await expect(keys.noMatch).toBeVisible();
  await page.getByRole("button", { name: "Clear filters" }).click();
  await expect(keys.names()).toHaveCount(3);
  await expect(keys.search).toHaveValue("");
  await expect(page).toHaveURL(`${SECRETS}?tab=keys`);
});

test("an address with a filter that does not exist shows all", async ({ keys }) => {
  await keys.open("?tab=nonsense&status=nonsense&sort=nonsense");
  await expect(keys.names()).toHaveCount(3);
});

test("a search for what is special in an address is a search for that text", async ({ keys, api, page }) => {
  await api.create({ name: "50% & more=#1?/ü +" });
  await keys.open();
  await keys.search.fill("% & more=#1?/ü +");
  await expect(keys.names()).toHaveText(["50% & more=#1?/ü +"]);
  await page.reload();
  await expect(keys.search).toHaveValue("% & more=#1?/ü +");
  await expect(keys.names()).toHaveText(["50% & more=#1?/ü +"]);
});

test("what looks like an escape of an address is the text that was typed", async ({ keys, api, page }) => {
  await api.create({ name: "100%25 %41" });
  await keys.open();
  await keys.search.pressSequentially("%25 %41");
  await expect(keys.search).toHaveValue("%25 %41");
  await expect(keys.names()).toHaveText(["100%25 %41"]);
  await page.reload();
  await expect(keys.search).toHaveValue("%25 %41");
  await expect(keys.names()).toHaveText(["100%25 %41"]);
});

test("a row that no longer fits the filter goes, and comes back", async ({ keys }) => {
  await keys.open("?tab=keys&status=active");
  await expect(keys.names()).toHaveText(["staging", "Production"]);
  await keys.row("staging").choose("Disable");
  await expect(keys.names()).toHaveText(["Production"]);
  await keys.status.selectOption("Disabled");
  await expect(keys.names()).toHaveText(["laptop", "staging"]);
  await keys.row("staging").choose("Enable");
  await expect(keys.names()).toHaveText(["laptop"]);
});

test("a key that was just created is shown above the others, whatever is looked for", async ({ keys }) => {
  await keys.open("?tab=keys&q=staging");
  await keys.create("fresh");
  await expect(keys.banners.getByText("fresh", { exact: true })).toBeVisible();
  await expect(keys.names()).toHaveText(["fresh", "staging"]);
  await keys.search.fill("");
  await expect(keys.names().first()).toHaveText("fresh");
});
