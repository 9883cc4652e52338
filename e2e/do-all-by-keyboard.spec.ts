// What a person does with a mouse, done without one.

import { CLIPBOARD } from "./fixtures/clipboard";
import { ADMIN } from "./fixtures/server";
import { expect, test } from "./fixtures/test";
import { KEY, KeysPage, SECRETS } from "./pages/keys";

test.use({ permissions: CLIPBOARD });

test("the whole story without a mouse", async ({ page, server, signIn, shell, clipboard }) => {
  const keys = new KeysPage(page);
  const { keyboard } = page;

  await page.goto("/login");
  await expect(signIn.email).toBeFocused();
  await keyboard.type(ADMIN.email);
  await keyboard.press("Tab");
  await keyboard.type(ADMIN.password);
  await keyboard.press("Enter");
  await shell.tabTo(shell.navLink("API keys"));
  await keyboard.press("Enter");
  await expect(page).toHaveURL(`${SECRETS}?tab=keys`);
  await expect(keys.empty).toBeVisible();

  // Create.
  await shell.tabTo(keys.add);
  await keyboard.press("Enter");
  await expect(keys.form.name).toBeFocused();
  await keyboard.type("production");
  await keyboard.press("Tab");
  await expect(keys.form.expires).toBeFocused();
  await keyboard.press("ArrowDown");
  await shell.tabTo(keys.form.scope("secrets:read"));
  await keyboard.press("Space");
  await shell.tabTo(keys.form.create);
  await keyboard.press("Enter");

  // Copy and dismiss.
  const banner = keys.banner("production");
  await expect(banner.key).toHaveValue(KEY);
  await expect(banner.copy).toBeFocused();
  await keyboard.press("Enter");
  await expect(banner.copied).toBeVisible();
  const key = await clipboard.text();
  expect(await server.statusOf(key)).toBe(200);
  await expect(banner.done).toBeFocused();
  await keyboard.press("Enter");
  await expect(keys.banners).toHaveCount(0);
  await expect(keys.add).toBeFocused();
  await expect(keys.row("production").expires).not.toHaveText("Never");

  // Find.
  await shell.tabTo(keys.search);
  await keyboard.type("prod");
  await expect(page).toHaveURL(/q=prod/);

  // Rename by the menu.
  await shell.tabTo(keys.row("production").actions);
  await keyboard.press("Enter");
  await shell.tabTo(keys.row("production").item("Rename"));
  await keyboard.press("Enter");
  await expect(keys.dialog.name).toBeFocused();
  await keyboard.press("Control+A");
  await keyboard.type("prod-2");
  await keyboard.press("Enter");
  await expect(keys.dialog.root).toBeHidden();
  await expect(keys.row("prod-2").actions).toBeFocused();

  // Its page, and back to its row.
  await shell.tabTo(keys.row("prod-2").link, "Shift+Tab");
  await keyboard.press("Enter");
  const keyPage = keys.pageOf("prod-2");
  await expect(keyPage.title).toBeFocused();
  await shell.tabTo(keyPage.changeScopes);
  await keyboard.press("Enter");
  await expect(keys.dialog.fields.scope("secrets:read")).toBeFocused();
  await keyboard.press("Space");
  await shell.tabTo(keys.dialog.save);
  await keyboard.press("Enter");
  await expect(keyPage.changeScopes).toBeFocused();
  await expect(keyPage.fact("Scopes")).toContainText("None");
  await keyboard.press("Escape");
  await expect(keyPage.root).toBeHidden();
  await expect(keys.row("prod-2").link).toBeFocused();
  await shell.tabTo(keys.row("prod-2").actions);

  // Disable by the menu.
  await keyboard.press("Space");
  await shell.tabTo(keys.row("prod-2").item("Disable"));
  await keyboard.press("Space");
  await expect(keys.row("prod-2").status).toHaveText(/Disabled/);
  expect(await server.statusOf(key)).toBe(401);

  // Delete.
  await shell.tabTo(keys.row("prod-2").delete, "Shift+Tab");
  await keyboard.press("Enter");
  await expect(keys.row("prod-2").confirm).toBeFocused();
  await keyboard.press("Enter");
  await expect(keys.empty).toBeVisible();
  await expect(keys.add).toBeFocused();

  // Leave.
  await shell.tabTo(shell.account, "Shift+Tab");
  await keyboard.press("Enter");
  await shell.tabTo(shell.signOut);
  await keyboard.press("Enter");
  await expect(signIn.email).toBeFocused();
});

test("a key is rotated, and its limits are changed, without a mouse", async ({ keys, page, api, server, shell }) => {
  const { keyboard } = page;
  const old = await api.create({ name: "ci" });
  await keys.open();
  const choose = async (item: string) => {
    await shell.tabTo(keys.row("ci").actions);
    await keyboard.press("Enter");
    await shell.tabTo(page.getByRole("button", { name: item, exact: true }));
    await keyboard.press("Enter");
  };

  await choose("Rotate");
  await expect(keys.dialog.grace).toBeFocused();
  await keyboard.press("ArrowUp");
  await expect(keys.dialog.grace).toHaveValue("21600");
  await shell.tabTo(keys.dialog.rotate);
  await keyboard.press("Enter");
  const banner = keys.banner("ci");
  await expect(banner.copy).toBeFocused();
  const key = await banner.key.inputValue();
  await keyboard.press("Enter");
  await expect(banner.done).toBeFocused();
  await keyboard.press("Enter");

  await shell.tabTo(keys.row("ci").endOverlap);
  await keyboard.press("Enter");
  await expect(keys.row("ci").overlap).toBeHidden();
  await expect(keys.row("ci").actions).toBeFocused();
  expect(await server.statusOf(old.key)).toBe(401);

  await choose("Change limits");
  await expect(keys.dialog.limits.requests).toBeFocused();
  await keyboard.type("1");
  await keyboard.press("Tab");
  await expect(keys.dialog.limits.per).toBeFocused();
  await keyboard.press("Tab");
  await expect(keys.dialog.limits.networks).toBeFocused();
  await keyboard.type("127.0.0.0/8");
  await keyboard.press("Enter");
  await keyboard.type("::1");
  await shell.tabTo(keys.dialog.save);
  await keyboard.press("Enter");
  await expect(keys.dialog.root).toBeHidden();
  await expect(keys.row("ci").actions).toBeFocused();
  await expect(keys.row("ci").scopes).toContainText("1 request per minute");
  await expect(keys.row("ci").scopes).toContainText("from 127.0.0.0/8, ::1");
  expect(await server.statusOf(key)).toBe(200);
  expect(await server.statusOf(key)).toBe(429);

  // Limits that are folded away open with a key as well.
  await shell.tabTo(keys.add, "Shift+Tab");
  await keyboard.press("Enter");
  await shell.tabTo(keys.form.more);
  await keyboard.press("Enter");
  await expect(keys.form.limits.requests).toBeVisible();
  await keyboard.press("Tab");
  await expect(keys.form.limits.requests).toBeFocused();
});

test("the theme is switched with the arrow keys", async ({ keys, page, shell }) => {
  await keys.open();
  await shell.tabTo(shell.account);
  await page.keyboard.press("Enter");
  await shell.tabTo(shell.theme("System"));
  await page.keyboard.press("ArrowRight");
  await expect(shell.theme("Light")).toBeChecked();
  await page.keyboard.press("ArrowRight");
  await expect(shell.theme("Dark")).toBeChecked();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
});
