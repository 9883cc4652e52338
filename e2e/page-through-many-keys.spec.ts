// Very many keys are as usable as ten: the server is asked for a page of them.

import { violations } from "./fixtures/axe";
import { nameOf } from "./fixtures/many";
import { expect, test } from "./fixtures/test";
import { SECRETS } from "./pages/keys";
import { SECRETS_TAB } from "./pages/secrets";

test.use({ serverOptions: { keys: 2_500 } });

/** The names from one number down to another: the newest come first. */
const names = (from: number, to: number) => Array.from({ length: from - to + 1 }, (_, n) => nameOf(from - n));

test("a page has a hundred rows, and the pager leads from one to the next and back", async ({ keys, page, shell, network }) => {
  const questions = network.requests("GET /api/keys");
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
  await expect(shell.main).toBeFocused();

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
  expect(questions.every((url) => url.searchParams.get("limit") === "100")).toBe(true);
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
  await expect(keys.names()).toHaveText(names(2_300, 2_201));

  const other = await context.newPage();
  await other.goto(page.url());
  await expect(other.getByRole("rowheader").first()).toHaveText(nameOf(2_300));
  await expect(other.getByRole("link", { name: "First", exact: true })).toBeVisible();
});

test("Back returns to the same page and row", async ({ keys, page, shell }) => {
  await keys.open();
  await keys.pager.next.click();
  await expect(keys.pager.extent).toContainText("101 to 200");
  const row = keys.row(nameOf(2_350)).root;
  await row.scrollIntoViewIfNeeded();
  await page.mouse.wheel(0, 217);
  await expect.poll(() => page.evaluate(() => scrollY)).toBeGreaterThan(500);
  await page.waitForTimeout(400);
  const place = await row.boundingBox();

  await shell.link("Audit log").click();
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
  await keys.row(nameOf(2_450)).remove();
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
  await keys.row(last!).remove();
  await expect(keys.names()).toHaveCount(100);
  await expect(page).toHaveURL(`${SECRETS}?tab=keys&q=billing-000`);
});

test("an address whose cursor no server knows shows the first page", async ({ keys, page, watch }) => {
  watch.expectFailure(400, "/api/keys");
  await keys.open("?tab=keys&cursor=nonsense&start=201");
  await expect(keys.pager.extent).toHaveText(/^1 to 100 of 2\s500$/);
  await expect(page).toHaveURL(`${SECRETS}?tab=keys`);
});

test("the pager is reached by keyboard and has no fault that axe knows", async ({ keys, page, shell }) => {
  await keys.open();
  await keys.pager.next.focus();
  await page.keyboard.press("Enter");
  await expect(keys.pager.extent).toContainText("101 to 200");
  await expect(shell.main).toBeFocused();
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
  await secrets.submit({ key: "ZULU", value: "v" });
  await expect(secrets.names()).toHaveText(["ZULU"]);
  await expect(secrets.search).toHaveValue("ZULU");
  await secrets.search.fill("");
  await expect(secrets.count).toHaveText("121 secrets");
  await secrets.pager.next.click();
  await expect(secrets.names()).toHaveCount(21);
  await expect(secrets.names().last()).toHaveText("ZULU");
  await expect(page).toHaveURL(new RegExp(`${SECRETS_TAB.replace("?", "\\?")}&cursor=[^&]+&start=101$`));
  await secrets.search.fill("_11");
  await expect(secrets.names()).toHaveCount(10);
});
