// Very many keys are as usable as ten: the server is asked for a page of them, and searches,
// filters, sorts and counts.

import type { Page } from "@playwright/test";
import { violations } from "./fixtures/axe";
import { nameOf } from "./fixtures/many";
import { SECRETS, SECRETS_TAB } from "./fixtures/pages";
import { expect, test } from "./fixtures/test";

const KEYS = 2_500;

test.use({ serverOptions: { keys: KEYS } });

/** The names from one number down to another: the newest come first. */
const names = (from: number, to: number) => Array.from({ length: from - to + 1 }, (_, n) => nameOf(from - n));

/** What the list is asked for, as the queries of its requests. */
function questions(page: Page): URLSearchParams[] {
  const asked: URLSearchParams[] = [];
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (request.method() === "GET" && url.pathname === "/api/keys") asked.push(url.searchParams);
  });
  return asked;
}

test("a page has a hundred rows, and the pager leads from one to the next and back", async ({ keys, page }) => {
  const asked = questions(page);
  await keys.open();
  await expect(keys.names()).toHaveText(names(2_500, 2_401));
  await expect(keys.count).toHaveText(/^2\s500 keys$/);
  await expect(keys.pager.extent).toHaveText(/^1 to 100 of 2\s500$/);
  await expect(keys.pager.first).toBeHidden();
  await expect(keys.pager.previous).toBeHidden();

  await keys.pager.next.click();
  await expect(keys.names()).toHaveText(names(2_400, 2_301));
  await expect(keys.pager.extent).toHaveText(/^101 to 200 of 2\s500$/);
  await expect(page).toHaveURL(/\?tab=keys&cursor=[^&]+&start=101$/);
  expect(await page.evaluate(() => scrollY)).toBe(0);
  await expect(page.getByRole("main")).toBeFocused();

  await keys.pager.next.click();
  await expect(keys.pager.extent).toHaveText(/^201 to 300 of 2\s500$/);
  await keys.pager.previous.click();
  await expect(keys.names()).toHaveText(names(2_400, 2_301));
  await keys.pager.previous.click();
  await expect(keys.names()).toHaveText(names(2_500, 2_401));
  await expect(page).toHaveURL(`${SECRETS}?tab=keys`);
  await keys.pager.next.click();
  await keys.pager.first.click();
  await expect(keys.pager.extent).toHaveText(/^1 to 100 of 2\s500$/);
  expect(asked.every((question) => question.get("limit") === "100")).toBe(true);
});

test("the last page says where it ends, and no button leads beyond it", async ({ keys }) => {
  await keys.open("?tab=keys&q=billing-0024");
  await expect(keys.names()).toHaveCount(20);
  await expect(keys.pager.root).toBeHidden();
  await keys.search.fill("billing-00");
  await expect(keys.pager.extent).toHaveText("1 to 100 of 500");
  for (const start of [101, 201, 301, 401]) {
    await keys.pager.next.click();
    await expect(keys.pager.extent).toHaveText(`${start} to ${start + 99} of 500`);
  }
  await expect(keys.names().last()).toHaveText("billing-000005");
  await expect(keys.pager.next).toBeHidden();
});

test("a page is reloaded and bookmarked with its rows, and the way back is still there", async ({ keys, page, context }) => {
  await keys.open();
  await keys.pager.next.click();
  await expect(keys.pager.extent).toContainText("101 to 200");
  await keys.pager.next.click();
  await expect(keys.names()).toHaveText(names(2_300, 2_201));
  await page.reload();
  await expect(keys.names()).toHaveText(names(2_300, 2_201));
  await expect(keys.pager.extent).toHaveText(/^201 to 300 of 2\s500$/);
  await keys.pager.previous.click();
  await expect(keys.names()).toHaveText(names(2_400, 2_301));
  await page.goBack();

  const other = await context.newPage();
  await other.goto(page.url());
  await expect(other.getByRole("rowheader").first()).toHaveText(nameOf(2_300));
  await expect(other.getByRole("link", { name: "First", exact: true })).toBeVisible();
});

test("Back returns to the same page and row", async ({ keys, page }) => {
  await keys.open();
  await keys.pager.next.click();
  await expect(keys.pager.extent).toContainText("101 to 200");
  const row = keys.row(nameOf(2_350)).root;
  await row.scrollIntoViewIfNeeded();
  await page.mouse.wheel(0, 217);
  await expect.poll(() => page.evaluate(() => scrollY)).toBeGreaterThan(500);
  await page.waitForTimeout(400);
  const place = await row.boundingBox();

  await page.getByRole("link", { name: "Audit log" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Audit log" })).toBeVisible();
  await page.goBack();
  await expect(keys.pager.extent).toContainText("101 to 200");
  await expect.poll(async () => (await row.boundingBox())?.y).toBeCloseTo(place!.y, 0);
  await page.reload();
  await expect.poll(async () => (await row.boundingBox())?.y).toBeCloseTo(place!.y, 0);

  // From the next page of the list, the way to which is below the rows.
  await keys.pager.next.click();
  await expect(keys.pager.extent).toContainText("201 to 300");
  expect(await page.evaluate(() => scrollY)).toBe(0);
  await page.goBack();
  await expect(keys.pager.extent).toContainText("101 to 200");
  await expect(keys.pager.next).toBeInViewport();
});

test("a search is one question for what was typed, not one for each letter", async ({ keys, page }) => {
  await keys.open();
  await expect(keys.names()).toHaveCount(100);
  const asked = questions(page);
  await keys.search.focus();
  // In one task: on a busy machine the pause between two keystrokes may be longer than that after
  // which the page asks.
  await keys.search.evaluate((input: HTMLInputElement, text) => {
    for (let length = 1; length <= text.length; length++) {
      input.value = text.slice(0, length);
      input.dispatchEvent(new InputEvent("input", { bubbles: true }));
    }
  }, "BILLING-0011");
  await expect(keys.count).toHaveText("20 keys found");
  await expect(keys.names().first()).toHaveText("billing-001195");
  await expect(keys.search).toBeFocused();
  expect(asked.map((question) => question.get("q"))).toEqual(["BILLING-0011"]);
  await page.reload();
  await expect(keys.search).toHaveValue("BILLING-0011");
  await expect(keys.names()).toHaveCount(20);
});

test("a search from a later page begins at the first", async ({ keys, page }) => {
  await keys.open();
  await keys.pager.next.click();
  await expect(keys.pager.extent).toContainText("101 to 200");
  await keys.search.fill("mail");
  await expect(keys.pager.extent).toHaveText("1 to 100 of 500");
  await expect(page).toHaveURL(`${SECRETS}?tab=keys&q=mail`);
  await page.goBack();
  await expect(keys.pager.extent).toHaveText(/^1 to 100 of 2\s500$/);
});

test("the last question wins, whichever answer comes last", async ({ keys, page }) => {
  await keys.open();
  await expect(keys.names()).toHaveCount(100);
  let answer = () => {};
  const held = new Promise<void>((resolve) => (answer = resolve));
  await page.route("**/api/keys?*q=billing*", async (route) => {
    await held;
    await route.continue();
  });
  const early = page.waitForRequest("**/api/keys?*q=billing*");
  await keys.search.fill("billing");
  await early;
  await keys.search.fill("orders");
  await expect(keys.names().first()).toHaveText(nameOf(2_496));
  const late = page.waitForResponse("**/api/keys?*q=billing*");
  answer();
  await late;
  await page.waitForTimeout(200);
  await expect(keys.names().first()).toHaveText(nameOf(2_496));
  await expect(keys.search).toHaveValue("orders");
});

test("filters and order go together with the pages, and the address keeps them", async ({ keys, page }) => {
  await keys.open();
  await keys.status.selectOption("Disabled");
  await expect(keys.count).toHaveText("250 keys found");
  await keys.sort.selectOption("Name");
  await keys.pager.next.click();
  await expect(keys.pager.extent).toHaveText("101 to 200 of 250");
  const shown = await keys.names().allInnerTexts();
  expect(shown).toEqual([...shown].sort());
  await page.reload();
  await expect(keys.status).toHaveValue("disabled");
  await expect(keys.sort).toHaveValue("name");
  await expect(keys.names()).toHaveText(shown);
  await keys.status.selectOption("Expired");
  await expect(keys.count).toHaveText("50 keys found");
  await keys.status.selectOption("All");
  await keys.scope.fill("orders:write");
  await keys.scope.press("Enter");
  await expect(keys.count).toHaveText("50 keys found");
});

test("a key that was just created is shown at once on any page", async ({ keys }) => {
  await keys.open();
  await keys.pager.next.click();
  await expect(keys.pager.extent).toContainText("101 to 200");
  await keys.create("fresh");
  await expect(keys.names().first()).toHaveText("fresh");
  await expect(keys.count).toHaveText(/^2\s501 keys$/);
  await keys.pager.first.click();
  await expect(keys.pager.extent).toHaveText(/^1 to 100 of 2\s501$/);
  await expect(keys.names().first()).toHaveText("fresh");
});

test("a deleted key gives way to the next of the following page, and the focus stays in the list", async ({ keys }) => {
  await keys.open();
  await keys.row(nameOf(2_450)).delete.click();
  await keys.row(nameOf(2_450)).confirm.click();
  await expect(keys.row(nameOf(2_450)).root).toBeHidden();
  await expect(keys.row(nameOf(2_449)).delete).toBeFocused();
  await expect(keys.names().last()).toHaveText(nameOf(2_400));
  await expect(keys.names()).toHaveCount(100);
  await expect(keys.pager.extent).toHaveText(/^1 to 100 of 2\s499$/);
  await expect(keys.row(nameOf(2_449)).delete).toBeFocused();
});

test("a page whose last key is deleted gives way to the first", async ({ keys, api, page }) => {
  await keys.open("?tab=keys&q=billing-000");
  await expect(keys.count).toHaveText("199 keys found");
  for (let number = 5; number < 495; number += 5) await api.delete(nameOf(number));
  await keys.pager.next.click();
  await expect(keys.pager.extent).toHaveText("101 to 101 of 101");
  const [last] = await keys.names().allInnerTexts();
  await keys.row(last!).delete.click();
  await keys.row(last!).confirm.click();
  await expect(keys.names()).toHaveCount(100);
  await expect(page).toHaveURL(`${SECRETS}?tab=keys&q=billing-000`);
});

test("an address whose cursor no server knows shows the first page", async ({ keys, page, watch }) => {
  watch.expectFailure(400, "/api/keys");
  await keys.open("?tab=keys&cursor=nonsense&start=201");
  await expect(keys.pager.extent).toHaveText(/^1 to 100 of 2\s500$/);
  await expect(page).toHaveURL(`${SECRETS}?tab=keys`);
});

test("a search that fails says so, and the field stays to try another", async ({ keys, page, watch }) => {
  await keys.open();
  await page.route("**/api/keys?*q=mail*", (route) => route.abort());
  watch.expectFailure("network", "/api/keys");
  await keys.search.fill("mail");
  await expect(keys.failed).toBeVisible();
  await expect(keys.search).toBeFocused();
  await keys.search.fill("edge");
  await expect(keys.count).toHaveText("500 keys found");
  await expect(keys.failed).toBeHidden();
});

test("the pager is reached by keyboard and has no fault that axe knows", async ({ keys, page }) => {
  await keys.open();
  await keys.pager.next.focus();
  await page.keyboard.press("Enter");
  await expect(keys.pager.extent).toContainText("101 to 200");
  await expect(page.getByRole("main")).toBeFocused();
  await page.keyboard.press("Tab");
  expect(await page.evaluate(() => document.activeElement?.closest("main") !== null)).toBe(true);
  await expect(keys.pager.previous).toBeVisible();
  expect(await violations(page)).toEqual([]);
});

test("secrets come in pages as well, and a new one is shown whichever page it is on", async ({ secrets, api, page }) => {
  test.slow();
  for (let n = 0; n < 120; n += 1) await api.keep({ key: `KEY_${String(n).padStart(3, "0")}`, value: "v" });
  await secrets.open();
  await expect(secrets.pager.extent).toHaveText("1 to 100 of 120");
  await secrets.add.click();
  await secrets.form.fill({ key: "ZULU", value: "v" });
  await secrets.form.save.click();
  await expect(secrets.keys()).toHaveText(["ZULU"]);
  await expect(secrets.search).toHaveValue("ZULU");
  await secrets.search.fill("");
  await expect(secrets.count).toHaveText("121 secrets");
  await secrets.pager.next.click();
  await expect(secrets.keys()).toHaveCount(21);
  await expect(secrets.keys().last()).toHaveText("ZULU");
  await expect(page).toHaveURL(new RegExp(`${SECRETS_TAB.replace("?", "\\?")}&cursor=[^&]+&start=101$`));
  await secrets.search.fill("_11");
  await expect(secrets.keys()).toHaveCount(10);
});
