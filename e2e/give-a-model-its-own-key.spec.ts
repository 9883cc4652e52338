// Giving a model a key of its own, beside the key of its provider.

import { MODEL_KEY, PROVIDER_KEY, storeOpenrouter } from "./fixtures/planted";
import { expect, test } from "./fixtures/test";

test.describe("what is typed", () => {
  test("is refused for a model likewise", async ({ providers, api }) => {
    await storeOpenrouter(api);
    await providers.open();
    await providers.card("openrouter").addModel.click();
    await providers.form.fill({ model: " gpt-5" });
    await providers.form.save.click();
    await expect(providers.form.model).toHaveAccessibleDescription(/Model must not begin or end with white space/);
    await expect(providers.form.value).toHaveAccessibleDescription(/Value is required/);
    await providers.form.fill({ model: "x".repeat(256), value: "Bearer sk-1" });
    await providers.form.save.click();
    await expect(providers.form.model).toHaveAccessibleDescription(/Model must be 255 characters or fewer/);
    await expect(providers.form.value).toHaveAccessibleDescription(/Value must be the key alone, without "Bearer"/);
    expect((await api.providers())[0]!.models).toHaveLength(1);
  });
});

test.describe("a provider", () => {
  test("whose key is short shows no part of it", async ({ providers, api }) => {
    await api.setProvider("local", { value: "short-key" });
    await providers.open();
    await expect(providers.card("local").fact("Key")).toHaveText("Too short for a hint");
  });

  test("without a key of its own says so, and takes one", async ({ providers, api }) => {
    await api.setModel("azure", "gpt-5", MODEL_KEY);
    await providers.open();
    const card = providers.card("azure");
    await expect(card.fact("Key")).toHaveText("None of its own");
    await expect(card.edit).toHaveCount(0);
    await providers.model("azure", "gpt-5").delete.click();
    await expect(providers.dialog).toContainText("get none, since azure has no key of its own");
    await providers.form.cancel.click();
    await card.addKey.click();
    await providers.form.fill({ value: PROVIDER_KEY, note: "shared" });
    await providers.form.save.click();
    await expect(providers.says("Key of “azure” added")).toBeVisible();
    await expect(card.fact("Key")).toHaveText("...ab12");
    await expect(card.fact("Note")).toHaveText("shared");
    // The button that was used says something else now, and keeps the focus.
    await expect(card.replace).toBeFocused();
    expect((await api.providers())[0]!.models).toHaveLength(1);
  });

  test("hands the focus from one deleted model to the next", async ({ providers, api }) => {
    for (const model of ["a", "b"]) await api.setModel("azure", model, MODEL_KEY);
    await providers.open();
    await providers.model("azure", "a").delete.click();
    await providers.form.confirm.click();
    await expect(providers.model("azure", "b").delete).toBeFocused();
    await providers.model("azure", "b").replace.click();
    await expect(providers.dialog).toHaveAccessibleName("Replace the key of “b”");
    await providers.form.value.fill(PROVIDER_KEY);
    await providers.form.save.click();
    await expect(providers.model("azure", "b").root).toContainText("...ab12");
    // With the last model the provider goes, too.
    await providers.model("azure", "b").delete.click();
    await providers.form.confirm.click();
    await expect(providers.empty).toBeVisible();
    await expect(providers.add).toBeFocused();
  });
});
