// Where the focus goes, and that it can be seen.

import { expect, test } from "./fixtures/test";

test("a row has at most three tab stops, and shows the scopes beyond three on request", async ({ keys, page, api, server }) => {
  const scopes = Array.from({ length: 11 }, (_, n) => `orders-${n}:write`).sort();
  const { key } = await api.create({ name: "many", scopes });
  await api.create({ name: "few", scopes: scopes.slice(0, 3) });
  for (const key of ["many", "few"]) await api.change(key, { expiresAt: "2099-01-01T00:00:00Z" });
  await server.verify(key);
  // What was used is written down when the server stops.
  await server.stop();
  await server.start();
  await keys.open();
  const many = keys.row("many");
  await expect(many.scopes.getByRole("listitem")).toHaveText([...scopes.slice(0, 3), /^\s*\+8 more/]);
  await expect(keys.row("few").scopes.getByRole("listitem")).toHaveCount(3);

  const more = many.scopes.getByText("+8 more");
  const all = many.scopes.getByRole("tooltip");
  await expect(all).toBeHidden();
  await more.hover();
  await expect(all).toHaveText(scopes.join(", "));
  await keys.title.hover();
  await expect(all).toBeHidden();
  await more.focus();
  await expect(all).toBeVisible();

  await many.link.focus();
  await page.keyboard.press("Tab");
  await expect(many.delete).toBeFocused();
  await page.keyboard.press("Tab");
  await expect(many.actions).toBeFocused();
  await page.keyboard.press("Tab");
  expect(await many.root.evaluate((row) => row.contains(document.activeElement))).toBe(false);
});

test("the first stop is a link that skips to the content", async ({ keys, page, shell }) => {
  await keys.open();
  const skip = shell.skip;
  await expect(skip).not.toBeInViewport();
  await page.keyboard.press("Tab");
  await expect(skip).toBeFocused();
  await expect(skip).toBeInViewport();
  await page.keyboard.press("Enter");
  await expect(shell.main).toBeFocused();
  await page.keyboard.press("Tab");
  expect(await page.evaluate(() => document.activeElement?.closest("main") !== null)).toBe(true);
});

test("wherever the focus goes, it can be seen", async ({ keys, page, api, shell }) => {
  await api.create({ name: "production", scopes: ["secrets:read"] });
  await keys.open();
  await keys.create("banner");
  await keys.add.click();
  const first = shell.skip;
  await first.focus();
  const stops: string[] = [];
  for (let presses = 0; presses < 60; presses += 1) {
    if (presses > 0) await page.keyboard.press("Tab");
    const stop = await page.evaluate(() => {
      const element = document.activeElement;
      if (!element || element === document.body) return null;
      const ring = (one: Element) => {
        const style = getComputedStyle(one);
        return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1) || style.boxShadow !== "none";
      };
      // The dot of a switch is drawn by the text beside it.
      const drawn = [element, element.parentElement!, element.nextElementSibling].some((one) => one && ring(one));
      const { width, height } = element.getBoundingClientRect();
      const name = element.getAttribute("aria-label") ?? element.textContent ?? "";
      return { what: `${element.tagName} ${element.id} ${name.trim().slice(0, 40)}`, drawn, width, height };
    });
    if (!stop) break;
    if (stops.length && stop.what === stops[0]) break;
    expect(stop.drawn, `${stop.what} shows that it has the focus`).toBe(true);
    stops.push(stop.what);
  }
  expect(stops.length).toBeGreaterThan(20);
});

test("a menu and a dialog keep the focus inside and give it back", async ({ keys, page, api, shell }) => {
  await api.create({ name: "a" });
  await keys.open();
  await keys.row("a").actions.focus();
  await page.keyboard.press("Enter");
  await shell.tabTo(keys.row("a").item("Change expiry"));
  await page.keyboard.press("Enter");
  await expect(keys.dialog.root).toBeVisible();
  for (let presses = 0; presses < 12; presses += 1) {
    await page.keyboard.press("Tab");
    const place = await page.evaluate(() => {
      const element = document.activeElement!;
      return element === document.body || element.closest("dialog") !== null;
    });
    expect(place, "the page behind the dialog cannot be reached").toBe(true);
  }
  await page.keyboard.press("Escape");
  await expect(keys.row("a").actions).toBeFocused();
});
