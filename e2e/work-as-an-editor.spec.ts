import { OPENROUTER, storeOpenrouter } from "./fixtures/planted";
import { expect, test } from "./fixtures/test";

test.use({ role: "editor" });

test("an editor makes keys, and gives none that manages Keyward", async ({ keys }) => {
  await keys.open();
  await keys.begin("ci");
  const box = keys.form.scope("keys:write");
  await expect(box).toBeDisabled();
  await expect(keys.form.scopes.getByText("Only an admin gives these.")).toBeVisible();
  await keys.form.otherScopes.fill("orders:write keys:read");
  await keys.form.create.click();
  await expect(keys.form.otherScopes).toHaveAccessibleDescription(/Only an admin gives keys:read/);
  await keys.form.otherScopes.fill("orders:write");
  await keys.form.create.click();
  await expect(keys.row("ci").root).toBeVisible();
});

test("a key that manages Keyward is disabled or deleted by an editor, and not changed", async ({ keys, api, page }) => {
  await api.create({ name: "terraform", scopes: ["keys:write:ci-*"] });
  await keys.open();
  await keys.row("terraform").actions.click();
  await expect(page.getByText("It manages Keyward, so only an admin may change it.")).toBeVisible();
  for (const name of ["Rename", "Rotate", "Change scopes"]) {
    await expect(page.getByRole("button", { name, exact: true })).toHaveAttribute("aria-disabled", "true");
  }
  await page.getByRole("button", { name: "Disable", exact: true }).click();
  await expect(keys.row("terraform").status).toHaveText(/Disabled/);
  await keys.row("terraform").actions.click();
  await expect(page.getByRole("button", { name: "Enable", exact: true })).toHaveAttribute("aria-disabled", "true");
});

test("a base URL is an admin's, and an editor reads why", async ({ providers, api, page }) => {
  await storeOpenrouter(api);
  await providers.open();
  await page.getByRole("button", { name: "Edit details of openrouter" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText(OPENROUTER.baseUrl);
  await expect(dialog).toContainText("Only an admin changes it");
  await expect(dialog.getByRole("textbox", { name: "Base URL" })).toHaveCount(0);
  await dialog.getByLabel("Note").fill("of the shop");
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("of the shop")).toBeVisible();
  expect((await api.providers())[0]!.baseUrl).toBe(OPENROUTER.baseUrl);
});
