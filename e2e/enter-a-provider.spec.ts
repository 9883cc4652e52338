// Entering the key of a provider.

import { unavailable } from "./fixtures/answers";
import { violations } from "./fixtures/axe";
import { everythingIn } from "./fixtures/everything";
import { MODEL, MODEL_KEY, OPENROUTER, PLANTED, PROVIDER_KEY, storeOpenrouter } from "./fixtures/planted";
import { expect, test } from "./fixtures/test";

test("the whole story: enter, ask, replace, change and delete", async ({ providers, page, api, watch }) => {
  const { form, which } = providers;
  await providers.open();
  await expect(providers.empty).toBeVisible();
  expect(await violations(page)).toEqual([]);
  await providers.add.click();
  await expect(form.provider).toBeFocused();
  await expect(form.value).toHaveAttribute("type", "password");
  await form.fill({ provider: "openrouter", ...OPENROUTER });
  expect(await violations(page)).toEqual([]);
  await page.keyboard.press("Enter");
  await expect(providers.dialog).toBeHidden();
  await expect(providers.says("“openrouter” added")).toBeVisible();
  await expect(providers.add).toBeFocused();
  const card = providers.card("openrouter");
  await expect(card.fact("Key")).toHaveText("...ab12");
  await expect(card.fact("Base URL")).toHaveText("https://openrouter.example/v1");
  await expect(card.fact("Note")).toHaveText("of the newsletter");
  await expect(card.fact("Updated")).toContainText("just now");
  expect(await everythingIn(page)).not.toMatch(PLANTED);
  expect(await api.resolve("openrouter")).toMatchObject({ value: PROVIDER_KEY, source: "provider" });

  await card.addModel.click();
  await expect(providers.dialog).toHaveAccessibleName("Add a model key to “openrouter”");
  await form.fill({ model: MODEL, value: MODEL_KEY });
  await form.save.click();
  const model = providers.model("openrouter", MODEL);
  await expect(model.root).toContainText(MODEL);
  await expect(model.root).toContainText("...cd34");
  await expect(card.addModel).toBeFocused();
  expect(await everythingIn(page)).not.toMatch(PLANTED);
  expect(await api.resolve("openrouter", MODEL)).toMatchObject({ value: MODEL_KEY, source: "model" });

  await which.ask("openrouter", MODEL);
  await expect(which.answer).toContainText("The model's own key ...cd34");
  await expect(which.answer).toContainText(`The model "${MODEL}" of "openrouter" has a key of its own.`);
  await which.ask("openrouter", "another");
  await expect(which.answer).toContainText("The provider's key ...ab12");
  await expect(which.answer).toContainText('The model "another" has no key of its own');
  watch.expectFailure(404, "/api/resolve");
  await which.ask("mistral", "large");
  await expect(which.answer).toContainText("None");
  await expect(which.answer).toContainText('No key is stored for the model "large" of "mistral"');
  expect(await violations(page)).toEqual([]);

  // The answer goes with what it was about.
  await which.ask("openrouter", MODEL);
  await expect(which.answer).toContainText("The model's own key");
  await model.delete.click();
  await expect(providers.dialog).toHaveAccessibleName(`Delete the key of “${MODEL}”?`);
  await expect(providers.dialog).toContainText("Programs that ask for this model get the key of openrouter.");
  expect(await violations(page)).toEqual([]);
  await form.confirm.click();
  await expect(model.root).toBeHidden();
  await expect(card.addModel).toBeFocused();
  await expect(which.answer).toBeEmpty();
  await which.check.click();
  await expect(which.answer).toContainText("The provider's key ...ab12");

  await card.replace.click();
  await expect(providers.dialog).toHaveAccessibleName("Replace the key of “openrouter”");
  await form.value.fill(MODEL_KEY);
  await form.save.click();
  await expect(card.fact("Key")).toHaveText("...cd34");
  await expect(card.replace).toBeFocused();
  // What was not asked for stays.
  await expect(card.fact("Note")).toHaveText("of the newsletter");

  await card.edit.click();
  await expect(form.baseUrl).toHaveValue("https://openrouter.example/v1");
  await expect(form.value).toHaveCount(0);
  await form.fill({ baseUrl: "http://localhost:11434", note: "" });
  await form.save.click();
  await expect(card.fact("Base URL")).toHaveText("http://localhost:11434");
  await expect(card.fact("Note")).toHaveCount(0);
  await expect(card.edit).toBeFocused();
  expect(await api.resolve("openrouter")).toMatchObject({ value: MODEL_KEY });

  await card.delete.click();
  await expect(providers.dialog).toContainText("Its key is deleted");
  await form.confirm.click();
  await expect(providers.empty).toBeVisible();
  await expect(providers.add).toBeFocused();
  expect(await everythingIn(page)).not.toMatch(PLANTED);
  expect(await api.providerNames()).toEqual([]);
});

test.describe("what is typed", () => {
  test("is refused with the sentences of the server", async ({ providers, api }) => {
    const said = async (path: string, body: object) => (await api.refusal("PUT", path, body))[0]!.message;
    await providers.open();
    await providers.submit({ provider: "OpenAI", baseUrl: "https://ada:secret@x.example", note: "x".repeat(501) });
    const { provider, value, baseUrl, note } = providers.form;
    const good = { value: "v" };
    await expect(provider).toHaveAccessibleDescription(new RegExp(await said("/api/providers/OpenAI", good)));
    await expect(value).toHaveAccessibleDescription(new RegExp(await said("/api/providers/a", { value: "" })));
    await expect(baseUrl).toHaveAccessibleDescription(new RegExp(await said("/api/providers/a", { ...good, baseUrl: "https://ada:secret@x.example" })));
    await expect(note).toHaveAccessibleDescription(new RegExp(await said("/api/providers/a", { ...good, note: "x".repeat(501) })));
    await expect(provider).toHaveAttribute("aria-invalid", "true");
    expect(await api.providerNames()).toEqual([]);
  });

  test("is not kept in the page when the dialog is left", async ({ providers, page, api }) => {
    await providers.open();
    await providers.begin({ provider: "openai", value: PROVIDER_KEY });
    await page.keyboard.press("Escape");
    await expect(providers.dialog).toBeHidden();
    await expect(providers.add).toBeFocused();
    expect(await everythingIn(page)).not.toMatch(PLANTED);
    await providers.add.click();
    await expect(providers.form.provider).toHaveValue("");
    await expect(providers.form.value).toHaveValue("");
    expect(await api.providerNames()).toEqual([]);
  });

  test("never replaces the key of a provider or model that is there already", async ({ providers, api }) => {
    await providers.open();
    await expect(providers.empty).toBeVisible();
    await providers.begin({ provider: "openrouter", value: "another" });
    // Somebody else was faster: the page does not know of it yet.
    await storeOpenrouter(api);
    await providers.form.save.click();
    await expect(providers.form.provider).toHaveAccessibleDescription(/“openrouter” is already here; use Replace key/);
    await expect(providers.form.value).toHaveValue("another");
    await providers.form.cancel.click();
    await providers.card("openrouter").addModel.click();
    await providers.form.fill({ model: MODEL, value: "another" });
    await providers.form.save.click();
    await expect(providers.form.model).toHaveAccessibleDescription(/is already here; use Replace/);
    expect(await api.resolve("openrouter")).toMatchObject({ value: PROVIDER_KEY });
    expect(await api.resolve("openrouter", MODEL)).toMatchObject({ value: MODEL_KEY });
  });

  test("stays as it was filled in when the server fails", async ({ providers, api, network }) => {
    await providers.open();
    await network.fail("PUT /api/providers/openai", unavailable("req-9"));
    await providers.submit({ provider: "openai", value: PROVIDER_KEY });
    await expect(providers.form.error).toContainText("req-9");
    await expect(providers.form.value).toHaveValue(PROVIDER_KEY);
    await network.restore();
    await providers.form.save.click();
    await expect(providers.card("openai").fact("Key")).toHaveText("...ab12");
    expect(await api.providerNames()).toEqual(["openai"]);
  });

  test("goes once, whatever the finger does", async ({ providers, network }) => {
    const asked = network.requests("* /api/providers/*");
    await providers.open();
    await providers.begin({ provider: "openai", value: PROVIDER_KEY });
    await providers.form.save.dblclick();
    await expect(providers.names()).toHaveText(["openai"]);
    expect(asked).toHaveLength(1);
    // Nothing is changed, so nothing is sent.
    await providers.card("openai").edit.click();
    await providers.form.save.click();
    await expect(providers.dialog).toBeHidden();
    expect(asked).toHaveLength(1);
  });

  test("can be left while it is sent, and the page lives on", async ({ providers, page, watch, network }) => {
    const answer = await network.hold("PUT /api/providers/openai", unavailable("req-9"));
    await providers.open();
    await providers.submit({ provider: "openai", value: PROVIDER_KEY });
    await page.keyboard.press("Escape");
    await expect(providers.dialog).toBeHidden();
    watch.expectFailure(503, "/api/providers/openai");
    const failed = page.waitForResponse("**/api/providers/openai");
    answer();
    await failed;
    await providers.add.click();
    await expect(providers.form.error).toBeHidden();
    await expect(providers.form.provider).toBeFocused();
  });
});
