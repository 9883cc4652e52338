// Deleting a provider, with the keys of its models.

import { unavailable } from "./fixtures/answers";
import { MODEL, MODEL_KEY, PROVIDER_KEY, storeOpenrouter } from "./fixtures/planted";
import { expect, test } from "./fixtures/test";

test.describe("a provider", () => {
  test("takes the keys of its models with it, and says how many", async ({ providers, page, api }) => {
    await storeOpenrouter(api);
    await api.setModel("openrouter", "second", MODEL_KEY);
    await api.setProvider("zai", { value: PROVIDER_KEY });
    await providers.open();
    const card = providers.card("openrouter");
    await card.delete.focus();
    await page.keyboard.press("Enter");
    await expect(providers.dialog).toHaveAccessibleName("Delete “openrouter”?");
    await expect(providers.dialog).toContainText("Its key and the keys of 2 models are deleted");
    await expect(providers.form.cancel).toBeFocused();
    await page.keyboard.press("Escape");
    await expect(card.delete).toBeFocused();
    expect(await api.providerNames()).toEqual(["openrouter", "zai"]);
    await page.keyboard.press("Enter");
    await providers.form.confirm.press("Enter");
    await expect(providers.names()).toHaveText(["zai"]);
    await expect(providers.card("zai").delete).toBeFocused();
    expect(await api.providerNames()).toEqual(["zai"]);
    await expect(api.resolve("openrouter", MODEL)).rejects.toThrow("404");
  });

  test("that cannot be deleted stays, and the dialog says why", async ({ providers, api, network }) => {
    await storeOpenrouter(api);
    await providers.open();
    await network.fail("DELETE /api/providers/openrouter", unavailable("req-9"));
    await providers.card("openrouter").delete.click();
    await providers.form.confirm.click();
    await expect(providers.form.error).toContainText("req-9");
    await providers.form.cancel.click();
    await expect(providers.names()).toHaveText(["openrouter"]);
    expect(await api.providerNames()).toEqual(["openrouter"]);
  });

  test("that somebody else has deleted is said to be gone", async ({ providers, api, watch }) => {
    await storeOpenrouter(api);
    await providers.open();
    await providers.card("openrouter").edit.click();
    await providers.form.note.fill("changed");
    await api.deleteProvider("openrouter");
    watch.expectFailure(404, "/api/providers/openrouter");
    await providers.form.save.click();
    await expect(providers.form.error).toContainText("openrouter");
    expect(await api.providerNames()).toEqual([]);
  });
});
