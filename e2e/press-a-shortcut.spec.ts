import { violations } from "./fixtures/axe";
import { expect, test } from "./fixtures/test";
import { SECRETS } from "./pages/keys";

test("a slash goes to the search, and is typed where one types", async ({ api, keys, page }) => {
  await api.create({ name: "a/b" });
  await keys.open();
  await expect(keys.search).toBeVisible();
  await page.keyboard.press("/");
  await expect(keys.search).toBeFocused();
  await expect(keys.search).toHaveValue("");
  await page.keyboard.type("a/b");
  await expect(keys.search).toHaveValue("a/b");
});

test("n opens the form of a new key, also from the overview", async ({ keys, overview, page }) => {
  await keys.open();
  await expect(keys.add).toBeVisible();
  await page.keyboard.press("n");
  await expect(keys.form.name).toBeFocused();
  await expect(keys.form.name).toHaveValue("");
  await overview.open();
  await page.keyboard.press("n");
  await expect(page).toHaveURL(new RegExp(`^[^?]*${SECRETS}\\?tab=keys`));
  await expect(keys.form.name).toBeFocused();
});

test("a question mark lists the keys, which can be switched off for good", async ({ keys, overview, page, shell }) => {
  await overview.open();
  await page.keyboard.press("?");
  await expect(shell.shortcuts).toBeVisible();
  expect(await violations(page)).toEqual([]);
  // While a dialog is open, keys are the dialog's.
  await page.keyboard.press("n");
  await expect(page).toHaveURL("/");
  await shell.shortcuts.getByRole("checkbox", { name: "Use single keys" }).uncheck();
  await shell.shortcuts.getByRole("button", { name: "Close" }).click();

  await page.keyboard.press("n");
  await page.reload();
  await expect(overview.title).toBeVisible();
  await page.keyboard.press("?");
  await page.keyboard.press("n");
  await expect(page).toHaveURL("/");
  await expect(shell.shortcuts).toBeHidden();

  await shell.openAccount();
  await page.getByRole("button", { name: "Keyboard shortcuts" }).click();
  await shell.shortcuts.getByRole("checkbox").check();
  await page.keyboard.press("Escape");
  await page.keyboard.press("n");
  await expect(keys.form.name).toBeFocused();
});

test("with a modifier the keys are the browser's", async ({ keys, page, shell }) => {
  await keys.open();
  await expect(keys.add).toBeVisible();
  await page.keyboard.press("Alt+n");
  await page.keyboard.press("Control+/");
  await expect(keys.form.name).toBeHidden();
  await expect(keys.search).toBeHidden();
  await expect(shell.shortcuts).toBeHidden();
});
