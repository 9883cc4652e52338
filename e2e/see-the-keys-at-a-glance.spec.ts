// Rows of one or two lines, as many columns as there is room for, cards on a phone.

import { violations } from "./fixtures/axe";
import { expect, test } from "./fixtures/test";
import type { Page } from "@playwright/test";
import type { Api } from "./fixtures/api";

const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();

/** What a usual list has, and 64 characters without a place to break. */
async function usual(api: Api, count: number) {
  const long = "a-name-that-is-64-characters-long-and-has-no-place-to-break-xxxx";
  await api.create({ name: long, scopes: Array.from({ length: 12 }, (_, n) => `orders-${n}:write`), expiresAt: inDays(3) });
  await api.create({ name: "limited", scopes: ["secrets:read", "providers:resolve"], rateLimit: { requests: 100, windowSeconds: 60 }, allowedNetworks: ["10.0.0.0/8"] });
  for (let n = 2; n < count; n += 1) {
    await api.create({ name: `service-${n}`, scopes: ["secrets:read:BILLING_*", "orders:write", "keys:verify"].slice(0, n % 4), expiresAt: inDays(100 + n) });
  }
}

const heights = (page: Page) =>
  page.getByRole("table").getByRole("row").filter({ has: page.getByRole("rowheader") })
    .evaluateAll((rows) => rows.map((row) => row.getBoundingClientRect().height));

/** The headings that can be seen, and whether each stands above the cells of its column. */
const columns = (page: Page) =>
  page.getByRole("columnheader").evaluateAll((headings) =>
    headings.filter((one) => one.checkVisibility()).map((one) => {
      const cells = [...document.querySelectorAll(`tbody .${one.className}`)];
      const { x } = one.getBoundingClientRect();
      const isAbove = cells.every((cell) => Math.abs(cell.getBoundingClientRect().x - x) < 1);
      return isAbove ? one.textContent!.replace(/[\u2191\u2193\s]+$/, "").trim() : `${one.textContent} out of place`;
    }),
  );

test("at 1440 px a row is at most 46 px high, and 14 keys are in view", async ({ keys, page, api }) => {
  await page.setViewportSize({ width: 1440, height: 900 });
  await usual(api, 16);
  await keys.open();
  await expect(keys.names()).toHaveCount(16);
  expect(Math.max(...(await heights(page)))).toBeLessThanOrEqual(46);
  await expect(keys.rows.nth(13)).toBeInViewport({ ratio: 1 });
  const first = (await keys.rows.first().boundingBox())!.y;
  expect(first, "the rows begin in the upper quarter").toBeLessThanOrEqual(230);
  expect(await columns(page)).toEqual(["Name", "Key", "Scopes", "Created", "Last used", "Expires", "Status", "Actions"]);
  expect(await violations(page)).toEqual([]);
});

for (const [room, shown] of [
  [72, ["Name", "Key", "Scopes", "Created", "Last used", "Expires", "Status", "Actions"]],
  [60, ["Name", "Key", "Scopes", "Last used", "Expires", "Status", "Actions"]],
  [54, ["Name", "Key", "Last used", "Expires", "Status", "Actions"]],
  [44, ["Name", "Key", "Expires", "Status", "Actions"]],
] as const) {
  test(`with ${room} rem of room the table has ${shown.length} columns`, async ({ keys, page, api }) => {
    await usual(api, 5);
    await keys.open();
    await expect(keys.names()).toHaveCount(5);
    await page.setViewportSize({ width: 1600, height: 900 });
    const { width } = (await keys.table.boundingBox())!;
    const around = 1600 - (await page.evaluate(() => document.querySelector("main")!.getBoundingClientRect().width)) + 48;
    expect(width).toBe(72 * 16);
    await page.setViewportSize({ width: around + room * 16, height: 900 });
    expect((await keys.table.boundingBox())!.width).toBe(room * 16);
    expect(await columns(page)).toEqual(shown);
    expect(Math.max(...(await heights(page)))).toBeLessThanOrEqual(46);
  });
}

test("on a phone a key is a card of at most 100 px", async ({ keys, page, api }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await usual(api, 50);
  await keys.open();
  await expect(keys.names()).toHaveCount(50);
  expect(Math.max(...(await heights(page)))).toBeLessThanOrEqual(100);
  await expect(keys.row("service-5").lastUsed).toBeVisible();
  await expect(keys.row("service-5").expires).toBeVisible();
  await keys.row("service-5").delete.click();
  await expect(keys.row("service-5").confirm).toBeVisible();
  expect(Math.max(...(await heights(page)))).toBeLessThanOrEqual(100);
  expect(await page.evaluate(() => document.scrollingElement!.scrollHeight)).toBeLessThan(5_500);
  expect(await violations(page)).toEqual([]);
});

test("a row has three tab stops, also while keys are selected, and on a phone", async ({ keys, page, api }) => {
  await usual(api, 4);
  await api.replace("service-3", 3_600);
  await keys.open();
  const stops = () =>
    keys.rows.evaluateAll((rows) =>
      rows.map((row) => [...row.querySelectorAll<HTMLElement>("a, button, input, [tabindex]")].filter((one) => one.tabIndex >= 0 && one.checkVisibility()).length),
    );
  await expect(keys.names()).toHaveCount(4);
  expect(await stops()).toEqual([3, 3, 3, 3]);
  await keys.select.click();
  await expect(keys.row("service-3").box).toBeVisible();
  expect(await stops()).toEqual([3, 3, 3, 3]);
  await keys.select.click();
  await page.setViewportSize({ width: 390, height: 844 });
  expect(await stops()).toEqual([3, 3, 3, 3]);
});
