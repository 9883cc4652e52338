// What depends on the window and on what a person has set in the browser.

import { violations } from "../fixtures/axe";
import { expect, test } from "../fixtures/test";
import { HEIGHT, picture, THEMES } from "./look";
import { rows } from "./samples";

test("under 720 px the navigation is behind a button", async ({ keys, page, shell }) => {
  await page.setViewportSize({ width: 719, height: HEIGHT });
  await keys.open();
  const menu = shell.menu;
  const link = shell.navLink("API keys");
  await expect(link).toBeHidden();
  await menu.click();
  await expect(link).toBeVisible();
  for (const colorScheme of THEMES) {
    await page.setViewportSize({ width: 360, height: HEIGHT });
    await page.emulateMedia({ colorScheme });
    await picture(page, `navigation-360-${colorScheme}`);
    expect(await violations(page), colorScheme).toEqual([]);
  }
  await page.keyboard.press("Escape");
  await expect(link).toBeHidden();
  await expect(menu).toBeFocused();
  await menu.click();
  await link.click();
  await expect(link).toBeHidden();
  await page.setViewportSize({ width: 721, height: HEIGHT });
  await expect(menu).toBeHidden();
  await expect(link).toBeVisible();
});

test("with forced colours nothing is lost", async ({ keys, page, api }) => {
  await rows(api);
  await page.emulateMedia({ forcedColors: "active" });
  await keys.open();
  await keys.add.click();
  await picture(page, "forced-colours-1280");
  // Borders are what is left of a design when its grounds are taken away.
  for (const part of [keys.add, keys.form.name, keys.form.create, keys.row("staging").delete]) {
    const border = await part.evaluate((element) => getComputedStyle(element).borderTopWidth);
    expect(parseFloat(border)).toBeGreaterThan(0);
  }
  expect(await violations(page)).toEqual([]);
});

test("who wants no motion gets none", async ({ keys, page, network }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await network.hold("GET /api/keys");
  await keys.open();
  await expect(keys.loading).toBeVisible();
  const moving = await page.evaluate(() =>
    document.getAnimations().filter((one) => Number(one.effect?.getComputedTiming().duration ?? 0) > 1 && one.playState === "running").length,
  );
  expect(moving).toBe(0);
});

test("what is tapped on a small screen is large enough", async ({ keys, page, api }) => {
  await api.create({ name: "production" });
  await page.setViewportSize({ width: 360, height: 740 });
  await keys.open();
  await keys.create("ci");
  await keys.add.click();
  // WCAG 2.2, 2.5.8: 24 by 24 CSS pixels.
  const small = await page.evaluate(() =>
    [...document.querySelectorAll("button, select, input:not([type=checkbox], [type=radio]), textarea")]
      .filter((one) => one.checkVisibility())
      .map((one) => ({ what: one.getAttribute("aria-label") ?? one.textContent, box: one.getBoundingClientRect() }))
      .filter(({ box }) => box.width > 0 && (box.width < 24 || box.height < 24))
      .map(({ what, box }) => `${what} ${box.width} x ${box.height}`),
  );
  expect(small).toEqual([]);
});

test("without JavaScript the page says what it needs", async ({ browser, server }) => {
  const page = await browser.newPage({ javaScriptEnabled: false });
  await page.goto(`${server.url}/login`);
  await expect(page.locator("noscript p")).toBeVisible();
  await expect(page.locator("noscript p")).toContainText("Keyward needs JavaScript and WebAssembly.");
  await page.screenshot({ path: "results/screenshots/without-javascript-1280.png" });
  await page.close();
});
