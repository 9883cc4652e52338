import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures/test";

const DARK = 128 * 3;

/** How bright the page is, as the sum of red, green and blue of its ground. */
const brightness = (page: Page) =>
  page.evaluate(() => {
    const colour = getComputedStyle(document.body).backgroundColor;
    return (colour.match(/\d+/g) ?? []).slice(0, 3).reduce((sum, part) => sum + Number(part), 0);
  });

test("a theme is chosen by hand, and remembered", async ({ keys, page, shell }) => {
  await page.emulateMedia({ colorScheme: "light" });
  await keys.open();
  await shell.openAccount();
  await expect(shell.theme("System")).toBeChecked();
  expect(await brightness(page)).toBeGreaterThan(DARK);

  await shell.choose("Dark");
  await expect(shell.theme("Dark")).toBeChecked();
  expect(await brightness(page)).toBeLessThan(DARK);
  expect(await page.evaluate(() => ({ ...localStorage }))).toEqual({ "keyward-theme": "dark" });
  await page.reload();
  await shell.openAccount();
  await expect(shell.theme("Dark")).toBeChecked();
  expect(await brightness(page)).toBeLessThan(DARK);
  await shell.leave();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  expect(await brightness(page)).toBeLessThan(DARK);
});

test("a theme chosen by hand wins over the system's, and System follows it", async ({ keys, page, shell }) => {
  await page.emulateMedia({ colorScheme: "dark" });
  await keys.open();
  expect(await brightness(page)).toBeLessThan(DARK);
  await shell.choose("Light");
  expect(await brightness(page)).toBeGreaterThan(DARK);
  await shell.choose("System");
  expect(await brightness(page)).toBeLessThan(DARK);
  await page.emulateMedia({ colorScheme: "light" });
  expect(await brightness(page)).toBeGreaterThan(DARK);
});

test("the remembered theme is there before the application is", async ({ keys, page, watch, shell }) => {
  await page.emulateMedia({ colorScheme: "light" });
  await keys.open();
  await shell.choose("Dark");
  const start = await page.locator("script[type=module]").getAttribute("src");
  await page.route(`**${start}`, (route) => route.abort());
  watch.expectFailure("network", start!);
  await page.reload();
  await expect(shell.main).toHaveCount(0);
  expect(await brightness(page)).toBeLessThan(DARK);
});

test("a browser that blocks storage still has a page and a switch", async ({ keys, page, shell }) => {
  await page.addInitScript(() => {
    Object.defineProperty(window, "localStorage", {
      get: () => {
        throw new DOMException("blocked", "SecurityError");
      },
    });
  });
  await keys.open();
  await shell.choose("Dark");
  expect(await brightness(page)).toBeLessThan(DARK);
});
