// Finding one of very many keys: the server searches, filters, sorts and counts.

import { nameOf } from "./fixtures/many";
import { expect, test } from "./fixtures/test";
import { SECRETS } from "./pages/keys";

test.use({ serverOptions: { keys: 2_500 } });

test("a search is one question for what was typed, not one for each letter", async ({ keys, page, network }) => {
  await keys.open();
  await expect(keys.names()).toHaveCount(100);
  const questions = network.requests("GET /api/keys");
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
  expect(questions.map((url) => url.searchParams.get("q"))).toEqual(["BILLING-0011"]);
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
