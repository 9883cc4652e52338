import type { Locator, Page } from "@playwright/test";
import { expect, test } from "./fixtures/test";
import { KEY, KeysPage, SECRETS, SignInPage } from "./fixtures/pages";
import { ADMIN } from "./fixtures/server";

/** Presses Tab until the element has the focus, as a person would. */
async function tabTo(page: Page, target: Locator, key: "Tab" | "Shift+Tab" = "Tab") {
  for (let presses = 0; presses < 40; presses += 1) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press(key);
  }
  throw new Error(`no number of Tabs leads to ${target}`);
}

test.use({ permissions: ["clipboard-read", "clipboard-write"] });

test("the whole story without a mouse", async ({ page, server }) => {
  const keys = new KeysPage(page);
  const { keyboard } = page;

  await page.goto("/login");
  await expect(new SignInPage(page).email).toBeFocused();
  await keyboard.type(ADMIN.email);
  await keyboard.press("Tab");
  await keyboard.type(ADMIN.password);
  await keyboard.press("Enter");
  await expect(page).toHaveURL(SECRETS);
  await expect(keys.empty).toBeVisible();

  // Create.
  await tabTo(page, keys.add);
  await keyboard.press("Enter");
  await expect(keys.form.name).toBeFocused();
  await keyboard.type("production");
  await keyboard.press("Tab");
  await expect(keys.form.expires).toBeFocused();
  await keyboard.press("ArrowDown");
  await tabTo(page, keys.form.scope("secrets:read"));
  await keyboard.press("Space");
  await tabTo(page, keys.form.create);
  await keyboard.press("Enter");

  // Copy and dismiss.
  const banner = keys.banner("production");
  await expect(banner.key).toHaveValue(KEY);
  await expect(banner.copy).toBeFocused();
  await keyboard.press("Enter");
  await expect(banner.copied).toBeVisible();
  const key = await page.evaluate(() => navigator.clipboard.readText());
  expect((await server.verify(key)).status).toBe(200);
  await tabTo(page, banner.dismiss);
  await keyboard.press("Enter");
  await expect(keys.banners).toHaveCount(0);
  await expect(keys.add).toBeFocused();
  await expect(keys.row("production").expires).not.toHaveText("Never");

  // Find.
  await tabTo(page, keys.search);
  await keyboard.type("prod");
  await expect(page).toHaveURL(/q=prod/);

  // Rename by the menu.
  await tabTo(page, keys.row("production").actions);
  await keyboard.press("Enter");
  await tabTo(page, page.getByRole("button", { name: "Rename", exact: true }));
  await keyboard.press("Enter");
  await expect(keys.dialog.getByLabel("Name")).toBeFocused();
  await keyboard.press("Control+A");
  await keyboard.type("prod-2");
  await keyboard.press("Enter");
  await expect(keys.dialog).toBeHidden();
  await expect(keys.row("prod-2").actions).toBeFocused();

  // Disable by the menu.
  await keyboard.press("Space");
  await tabTo(page, page.getByRole("button", { name: "Disable", exact: true }));
  await keyboard.press("Space");
  await expect(keys.row("prod-2").status).toHaveText(/Disabled/);
  expect((await server.verify(key)).status).toBe(401);

  // Delete.
  await tabTo(page, keys.row("prod-2").delete, "Shift+Tab");
  await keyboard.press("Enter");
  await expect(keys.row("prod-2").confirm).toBeFocused();
  await keyboard.press("Enter");
  await expect(keys.empty).toBeVisible();
  await expect(keys.add).toBeFocused();

  // Leave.
  await tabTo(page, page.getByRole("button", { name: "Sign out" }), "Shift+Tab");
  await keyboard.press("Enter");
  await expect(new SignInPage(page).email).toBeFocused();
});

test("a key is rotated, and its limits are changed, without a mouse", async ({ keys, page, api, server }) => {
  const { keyboard } = page;
  const old = await api.create({ name: "ci" });
  await keys.open();
  const choose = async (item: string) => {
    await tabTo(page, keys.row("ci").actions);
    await keyboard.press("Enter");
    await tabTo(page, page.getByRole("button", { name: item, exact: true }));
    await keyboard.press("Enter");
  };

  await choose("Rotate");
  await expect(keys.grace).toBeFocused();
  await keyboard.press("ArrowUp");
  await expect(keys.grace).toHaveValue("21600");
  await tabTo(page, keys.rotate);
  await keyboard.press("Enter");
  const banner = keys.banner("ci");
  await expect(banner.copy).toBeFocused();
  const key = await banner.key.inputValue();
  await keyboard.press("Enter");
  await tabTo(page, banner.dismiss);
  await keyboard.press("Enter");

  await tabTo(page, keys.row("ci").endOverlap);
  await keyboard.press("Enter");
  await expect(keys.row("ci").overlap).toBeHidden();
  await expect(keys.row("ci").actions).toBeFocused();
  expect((await server.verify(old.key)).status).toBe(401);

  await choose("Change limits");
  await expect(keys.limits.requests).toBeFocused();
  await keyboard.type("1");
  await keyboard.press("Tab");
  await expect(keys.limits.per).toBeFocused();
  await keyboard.press("Tab");
  await expect(keys.limits.networks).toBeFocused();
  await keyboard.type("127.0.0.0/8");
  await keyboard.press("Enter");
  await keyboard.type("::1");
  await tabTo(page, keys.save);
  await keyboard.press("Enter");
  await expect(keys.dialog).toBeHidden();
  await expect(keys.row("ci").actions).toBeFocused();
  await expect(keys.row("ci").scopes).toContainText("1 request per minute");
  await expect(keys.row("ci").scopes).toContainText("from 127.0.0.0/8, ::1");
  expect((await server.verify(key)).status).toBe(200);
  expect((await server.verify(key)).status).toBe(429);

  // Limits that are folded away open with a key as well.
  await tabTo(page, keys.add, "Shift+Tab");
  await keyboard.press("Enter");
  await tabTo(page, keys.form.more);
  await keyboard.press("Enter");
  await expect(keys.form.limits.requests).toBeVisible();
  await keyboard.press("Tab");
  await expect(keys.form.limits.requests).toBeFocused();
});

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
  await expect(many.lastUsed.getByRole("tooltip")).toBeVisible();

  await more.press("Tab");
  await expect(many.delete).toBeFocused();
  await page.keyboard.press("Tab");
  await expect(many.actions).toBeFocused();
  await page.keyboard.press("Tab");
  expect(await many.root.evaluate((row) => row.contains(document.activeElement))).toBe(false);
});

test("the first stop is a link that skips to the content", async ({ keys, page }) => {
  await keys.open();
  const skip = page.getByRole("link", { name: "Skip to content" });
  await expect(skip).not.toBeInViewport();
  await page.keyboard.press("Tab");
  await expect(skip).toBeFocused();
  await expect(skip).toBeInViewport();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("main")).toBeFocused();
  await page.keyboard.press("Tab");
  expect(await page.evaluate(() => document.activeElement?.closest("main") !== null)).toBe(true);
});

test("wherever the focus goes, it can be seen", async ({ keys, page, api }) => {
  await api.create({ name: "production", scopes: ["secrets:read"] });
  await keys.open();
  await keys.create("banner");
  await keys.add.click();
  const first = page.getByRole("link", { name: "Skip to content" });
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

test("a menu and a dialog keep the focus inside and give it back", async ({ keys, page, api }) => {
  await api.create({ name: "a" });
  await keys.open();
  await keys.row("a").actions.focus();
  await page.keyboard.press("Enter");
  await tabTo(page, page.getByRole("button", { name: "Change expiry", exact: true }));
  await page.keyboard.press("Enter");
  await expect(keys.dialog).toBeVisible();
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

test("the theme is switched with the arrow keys", async ({ keys, page }) => {
  await keys.open();
  await tabTo(page, page.getByRole("radio", { name: "System" }));
  await page.keyboard.press("ArrowRight");
  await expect(page.getByRole("radio", { name: "Light" })).toBeChecked();
  await page.keyboard.press("ArrowRight");
  await expect(page.getByRole("radio", { name: "Dark" })).toBeChecked();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
});
