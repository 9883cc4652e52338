// A small window that is touched: what is tapped is 44 px high and wide, and nothing sticks out.

import type { Locator, Page } from "@playwright/test";
import { ADMIN } from "./fixtures/server";
import { expect, test } from "./fixtures/test";
import { providersOf, vault } from "./looks/samples";

test.use({ hasTouch: true, isMobile: true, viewport: { width: 390, height: 844 } });

/** What is smaller than WCAG 2.2, 2.5.5 asks for. */
function small(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll("main :is(button, select, summary, a.button, input, textarea), dialog button")]
      .filter((one) => one.checkVisibility() && !one.matches("[type=checkbox], [type=radio], textarea[readonly]"))
      .map((one) => ({ what: one.getAttribute("aria-label") ?? one.textContent, box: one.getBoundingClientRect() }))
      .filter(({ box }) => box.width > 0 && (box.width < 44 || box.height < 44))
      .map(({ what, box }) => `${what} ${box.width} x ${box.height}`),
  );
}

const isWide = (page: Page) => page.evaluate(() => document.scrollingElement!.scrollWidth > innerWidth);

/** The menu that is open ends where its button ends. */
async function endsWith(page: Page, button: Locator) {
  const [menu, own] = await Promise.all([page.locator(".menu:popover-open"), button].map((one) => one.boundingBox()));
  expect(menu!.x + menu!.width).toBeCloseTo(own!.x + own!.width, 0);
}

test("people, their menus and the sessions of one", async ({ users, account, page, api }) => {
  await api.invite("grace@example.com", "viewer");
  await users.open();
  await users.actions(ADMIN.email).tap();
  await endsWith(page, users.actions(ADMIN.email));
  expect(await small(page)).toEqual([]);
  expect(await isWide(page)).toBe(false);
  await account.open();
  await expect(account.rows()).toHaveCount(2);
  expect(await small(page)).toEqual([]);
  expect(await isWide(page)).toBe(false);
});

test("secrets, their menu and their forms", async ({ secrets, page, api }) => {
  await vault(api);
  await secrets.open();
  await secrets.row("GITHUB_TOKEN").reveal.tap();
  await expect(secrets.row("GITHUB_TOKEN").value).toBeVisible();
  await secrets.row("GITHUB_TOKEN").actions.tap();
  await endsWith(page, secrets.row("GITHUB_TOKEN").actions);
  expect(await small(page)).toEqual([]);
  expect(await isWide(page)).toBe(false);
  await page.getByRole("button", { name: "Edit", exact: true }).tap();
  await expect(secrets.form.save).toBeVisible();
  expect(await small(page)).toEqual([]);
});

test("providers and the box that asks which key is used", async ({ providers, page, api }) => {
  await providersOf(api);
  await providers.open();
  await expect(providers.card("openai").root).toBeVisible();
  expect(await small(page)).toEqual([]);
  expect(await isWide(page)).toBe(false);
});

test("the audit log and its filters", async ({ audit, page }) => {
  await audit.open();
  await expect(audit.verified).toBeVisible();
  await audit.rows.first().getByRole("button").tap();
  await expect(audit.details).toBeVisible();
  expect(await small(page)).toEqual([]);
  expect(await isWide(page)).toBe(false);
});

test("encryption and its question", async ({ encryption, page }) => {
  await encryption.open();
  await encryption.rotate.tap();
  await expect(encryption.confirm).toBeVisible();
  expect(await small(page)).toEqual([]);
});
