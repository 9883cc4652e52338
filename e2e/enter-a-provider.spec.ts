// Entering the keys of providers and their models: adding, replacing, deleting, which key
// would be used, and a program that gets it.

import { type Api, problem } from "./fixtures/api";
import { violations } from "./fixtures/axe";
import { KEY, KeysPage, PROVIDERS_TAB, SignInPage } from "./fixtures/pages";
import type { Server } from "./fixtures/server";
import { everythingIn, expect, test } from "./fixtures/test";

const VALUE = "sk-Planted-Provider-Value-ab12";
const OTHER = "sk-Planted-Model-Value-cd34";
/** What no part of the page may hold. */
const PLANTED = /Planted-(Provider|Model)-Value/;
const MODEL = "meta-llama/Llama-3.1:free";
const AWAY = problem(503, "The store cannot answer; try again", "req-9");

/** A program that asks for a key with one of its own. */
function resolve(server: Server, apiKey: string, provider: string): Promise<Response> {
  return fetch(`${server.url}/api/resolve?provider=${provider}`, { headers: { "x-api-key": apiKey } });
}

/** A provider with a key, and a model of it with another. */
async function arrange(api: Api) {
  await api.setProvider("openrouter", { value: VALUE, baseUrl: "https://openrouter.example/v1", note: "of the newsletter" });
  await api.setModel("openrouter", MODEL, OTHER);
}

const names = async (api: Api) => (await api.providers()).map((one) => one.provider);

test("the whole story: enter, ask, replace, change and delete", async ({ providers, page, api, watch }) => {
  const { form, which } = providers;
  await providers.open();
  await expect(providers.empty).toBeVisible();
  expect(await violations(page)).toEqual([]);
  await providers.add.click();
  await expect(form.provider).toBeFocused();
  await expect(form.value).toHaveAttribute("type", "password");
  await form.fill({ provider: "openrouter", value: VALUE, baseUrl: "https://openrouter.example/v1", note: "of the newsletter" });
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
  expect(await api.resolve("openrouter")).toMatchObject({ value: VALUE, source: "provider" });

  await card.addModel.click();
  await expect(providers.dialog).toHaveAccessibleName("Add a model key to “openrouter”");
  await form.fill({ model: MODEL, value: OTHER });
  await form.save.click();
  const model = providers.model("openrouter", MODEL);
  await expect(model.root).toContainText(MODEL);
  await expect(model.root).toContainText("...cd34");
  await expect(card.addModel).toBeFocused();
  expect(await everythingIn(page)).not.toMatch(PLANTED);
  expect(await api.resolve("openrouter", MODEL)).toMatchObject({ value: OTHER, source: "model" });

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
  await form.value.fill(OTHER);
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
  expect(await api.resolve("openrouter")).toMatchObject({ value: OTHER });

  await card.delete.click();
  await expect(providers.dialog).toContainText("Its key is deleted");
  await form.confirm.click();
  await expect(providers.empty).toBeVisible();
  await expect(providers.add).toBeFocused();
  expect(await everythingIn(page)).not.toMatch(PLANTED);
  expect(await names(api)).toEqual([]);
});

test.describe("what is typed", () => {
  test("is refused with the sentences of the server", async ({ providers, api }) => {
    const said = async (path: string, body: object) => {
      const answer = await api.send("PUT", path, body);
      expect(answer.status).toBe(400);
      return ((await answer.json()) as { errors: { message: string }[] }).errors[0]!.message;
    };
    await providers.open();
    await providers.add.click();
    await providers.form.fill({ provider: "OpenAI", baseUrl: "https://ada:secret@x.example", note: "x".repeat(501) });
    await providers.form.save.click();
    const { provider, value, baseUrl, note } = providers.form;
    const good = { value: "v" };
    await expect(provider).toHaveAccessibleDescription(new RegExp(await said("/api/providers/OpenAI", good)));
    await expect(value).toHaveAccessibleDescription(new RegExp(await said("/api/providers/a", { value: "" })));
    await expect(baseUrl).toHaveAccessibleDescription(new RegExp(await said("/api/providers/a", { ...good, baseUrl: "https://ada:secret@x.example" })));
    await expect(note).toHaveAccessibleDescription(new RegExp(await said("/api/providers/a", { ...good, note: "x".repeat(501) })));
    await expect(provider).toHaveAttribute("aria-invalid", "true");
    expect(await names(api)).toEqual([]);
  });

  test("is refused for a model likewise", async ({ providers, api }) => {
    await arrange(api);
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

  test("is not kept in the page when the dialog is left", async ({ providers, page, api }) => {
    await providers.open();
    await providers.add.click();
    await providers.form.fill({ provider: "openai", value: VALUE });
    await page.keyboard.press("Escape");
    await expect(providers.dialog).toBeHidden();
    await expect(providers.add).toBeFocused();
    expect(await everythingIn(page)).not.toMatch(PLANTED);
    await providers.add.click();
    await expect(providers.form.provider).toHaveValue("");
    await expect(providers.form.value).toHaveValue("");
    expect(await names(api)).toEqual([]);
  });

  test("never replaces the key of a provider or model that is there already", async ({ providers, api }) => {
    await providers.open();
    await expect(providers.empty).toBeVisible();
    await providers.add.click();
    await providers.form.fill({ provider: "openrouter", value: "another" });
    // Somebody else was faster: the page does not know of it yet.
    await arrange(api);
    await providers.form.save.click();
    await expect(providers.form.provider).toHaveAccessibleDescription(/“openrouter” is already here; use Replace key/);
    await expect(providers.form.value).toHaveValue("another");
    await providers.form.cancel.click();
    await providers.card("openrouter").addModel.click();
    await providers.form.fill({ model: MODEL, value: "another" });
    await providers.form.save.click();
    await expect(providers.form.model).toHaveAccessibleDescription(/is already here; use Replace/);
    expect(await api.resolve("openrouter")).toMatchObject({ value: VALUE });
    expect(await api.resolve("openrouter", MODEL)).toMatchObject({ value: OTHER });
  });

  test("stays as it was filled in when the server fails", async ({ providers, page, api, watch }) => {
    await providers.open();
    await page.route("**/api/providers/*", (route) => route.fulfill(AWAY));
    watch.expectFailure(503, "/api/providers/openai");
    await providers.add.click();
    await providers.form.fill({ provider: "openai", value: VALUE });
    await providers.form.save.click();
    await expect(providers.form.error).toContainText("req-9");
    await expect(providers.form.value).toHaveValue(VALUE);
    await page.unroute("**/api/providers/*");
    await providers.form.save.click();
    await expect(providers.card("openai").fact("Key")).toHaveText("...ab12");
    expect(await names(api)).toEqual(["openai"]);
  });

  test("goes once, whatever the finger does", async ({ providers, page }) => {
    let asked = 0;
    await page.route("**/api/providers/*", (route) => {
      asked += 1;
      return route.continue();
    });
    await providers.open();
    await providers.add.click();
    await providers.form.fill({ provider: "openai", value: VALUE });
    await providers.form.save.dblclick();
    await expect(providers.names()).toHaveText(["openai"]);
    expect(asked).toBe(1);
    // Nothing is changed, so nothing is sent.
    await providers.card("openai").edit.click();
    await providers.form.save.click();
    await expect(providers.dialog).toBeHidden();
    expect(asked).toBe(1);
  });

  test("can be left while it is sent, and the page lives on", async ({ providers, page, watch }) => {
    let answer = () => {};
    const held = new Promise<void>((resolve) => (answer = resolve));
    await page.route("**/api/providers/*", async (route) => {
      await held;
      await route.fulfill(AWAY);
    });
    await providers.open();
    await providers.add.click();
    await providers.form.fill({ provider: "openai", value: VALUE });
    await providers.form.save.click();
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

test.describe("a provider", () => {
  test("whose key is short shows no part of it", async ({ providers, api }) => {
    await api.setProvider("local", { value: "short-key" });
    await providers.open();
    await expect(providers.card("local").fact("Key")).toHaveText("Too short for a hint");
  });

  test("without a key of its own says so, and takes one", async ({ providers, api }) => {
    await api.setModel("azure", "gpt-5", OTHER);
    await providers.open();
    const card = providers.card("azure");
    await expect(card.fact("Key")).toHaveText("None of its own");
    await expect(card.edit).toHaveCount(0);
    await providers.model("azure", "gpt-5").delete.click();
    await expect(providers.dialog).toContainText("get none, since azure has no key of its own");
    await providers.form.cancel.click();
    await card.addKey.click();
    await providers.form.fill({ value: VALUE, note: "shared" });
    await providers.form.save.click();
    await expect(providers.says("Key of “azure” added")).toBeVisible();
    await expect(card.fact("Key")).toHaveText("...ab12");
    await expect(card.fact("Note")).toHaveText("shared");
    // The button that was used says something else now, and keeps the focus.
    await expect(card.replace).toBeFocused();
    expect((await api.providers())[0]!.models).toHaveLength(1);
  });

  test("takes the keys of its models with it, and says how many", async ({ providers, page, api }) => {
    await arrange(api);
    await api.setModel("openrouter", "second", OTHER);
    await api.setProvider("zai", { value: VALUE });
    await providers.open();
    const card = providers.card("openrouter");
    await card.delete.focus();
    await page.keyboard.press("Enter");
    await expect(providers.dialog).toHaveAccessibleName("Delete “openrouter”?");
    await expect(providers.dialog).toContainText("Its key and the keys of 2 models are deleted");
    await expect(providers.form.cancel).toBeFocused();
    await page.keyboard.press("Escape");
    await expect(card.delete).toBeFocused();
    expect(await names(api)).toEqual(["openrouter", "zai"]);
    await page.keyboard.press("Enter");
    await providers.form.confirm.press("Enter");
    await expect(providers.names()).toHaveText(["zai"]);
    await expect(providers.card("zai").delete).toBeFocused();
    expect(await names(api)).toEqual(["zai"]);
    await expect(api.resolve("openrouter", MODEL)).rejects.toThrow("404");
  });

  test("that cannot be deleted stays, and the dialog says why", async ({ providers, page, api, watch }) => {
    await arrange(api);
    await providers.open();
    await page.route("**/api/providers/*", (route) => route.fulfill(AWAY));
    watch.expectFailure(503, "/api/providers/openrouter");
    await providers.card("openrouter").delete.click();
    await providers.form.confirm.click();
    await expect(providers.form.error).toContainText("req-9");
    await providers.form.cancel.click();
    await expect(providers.names()).toHaveText(["openrouter"]);
    expect(await names(api)).toEqual(["openrouter"]);
  });

  test("that somebody else has deleted is said to be gone", async ({ providers, api, watch }) => {
    await arrange(api);
    await providers.open();
    await providers.card("openrouter").edit.click();
    await providers.form.note.fill("changed");
    await api.send("DELETE", "/api/providers/openrouter");
    watch.expectFailure(404, "/api/providers/openrouter");
    await providers.form.save.click();
    await expect(providers.form.error).toContainText("openrouter");
    expect(await names(api)).toEqual([]);
  });

  test("hands the focus from one deleted model to the next", async ({ providers, api }) => {
    for (const model of ["a", "b"]) await api.setModel("azure", model, OTHER);
    await providers.open();
    await providers.model("azure", "a").delete.click();
    await providers.form.confirm.click();
    await expect(providers.model("azure", "b").delete).toBeFocused();
    await providers.model("azure", "b").replace.click();
    await expect(providers.dialog).toHaveAccessibleName("Replace the key of “b”");
    await providers.form.value.fill(VALUE);
    await providers.form.save.click();
    await expect(providers.model("azure", "b").root).toContainText("...ab12");
    // With the last model the provider goes, too.
    await providers.model("azure", "b").delete.click();
    await providers.form.confirm.click();
    await expect(providers.empty).toBeVisible();
    await expect(providers.add).toBeFocused();
  });
});

test.describe("the box", () => {
  test("refuses what is no name, and offers the names there are", async ({ providers, page, api }) => {
    await arrange(api);
    await providers.open();
    await providers.which.check.click();
    await expect(providers.which.provider).toHaveAccessibleDescription(/Provider must be 1 to 64 lower-case letters/);
    await providers.which.ask("openrouter", " x");
    await expect(providers.which.model).toHaveAccessibleDescription(/Model must not begin or end with white space/);
    await expect(providers.which.answer).toBeEmpty();
    const known = await providers.which.provider.evaluate((field: HTMLInputElement) => [...field.list!.options].map((one) => one.value));
    expect(known).toEqual(["openrouter"]);
    // Without a model it is the provider that is asked for, and no empty name is sent.
    const asked = page.waitForRequest("**/api/resolve?*");
    await providers.which.ask("openrouter");
    expect(new URL((await asked).url()).search).toBe("?provider=openrouter&explain=true");
    await expect(providers.which.answer).toContainText("The provider's key ...ab12");
  });

  test("never shows an answer to another question", async ({ providers, page, api }) => {
    await arrange(api);
    await providers.open();
    await providers.which.ask("openrouter", MODEL);
    await expect(providers.which.answer).toContainText("The model's own key");
    await providers.which.model.press("End");
    await page.keyboard.type("x");
    await expect(providers.which.answer).toBeEmpty();
    await providers.which.ask("openrouter", MODEL);
    await expect(providers.which.answer).toContainText("The model's own key");
    await providers.refresh.click();
    await expect(providers.which.answer).toBeEmpty();

    // Nor one that arrives when the question has changed.
    let answer = () => {};
    const held = new Promise<void>((resolve) => (answer = resolve));
    // The name of the model has a slash, which a glob would stop at.
    await page.route(/\/api\/resolve\?/, async (route) => {
      await held;
      await route.continue();
    });
    await providers.which.check.click();
    await expect(providers.which.root.getByRole("button", { name: "Checking..." })).toBeVisible();
    await providers.which.model.fill("another");
    answer();
    // It says so once the answer is here.
    await expect(providers.which.check).toBeVisible();
    await expect(providers.which.answer).toBeEmpty();
  });

  test("tells a server that fails from a key that is missing", async ({ providers, page, api, watch }) => {
    await arrange(api);
    await providers.open();
    await page.route("**/api/resolve?*", (route) => route.fulfill(AWAY));
    watch.expectFailure(503, "/api/resolve");
    await providers.which.ask("openrouter");
    await expect(providers.which.error).toContainText("req-9");
    await expect(providers.which.answer).toBeEmpty();
    const refusal = { ...JSON.parse(AWAY.body), status: 400, statusCode: 400, errors: [{ field: "model", message: "Not that one" }] };
    await page.unroute("**/api/resolve?*");
    await page.route("**/api/resolve?*", (route) => route.fulfill({ ...AWAY, status: 400, body: JSON.stringify(refusal) }));
    watch.expectFailure(400, "/api/resolve");
    await providers.which.check.click();
    await expect(providers.which.model).toHaveAccessibleDescription(/Not that one/);
    await expect(providers.which.error).toBeHidden();
  });

  test("gives no key away, neither to the page nor to the log", async ({ providers, page, api }) => {
    await arrange(api);
    const bodies: Promise<string>[] = [];
    page.on("response", (response) => response.url().includes("/api/") && bodies.push(response.text()));
    await providers.open();
    await providers.which.ask("openrouter", MODEL);
    await expect(providers.which.answer).toContainText("...cd34");
    expect((await Promise.all(bodies)).join("\n")).not.toMatch(PLANTED);
    const log = (await (await api.send("GET", "/api/admin/audit?action=provider.resolve&limit=50")).json()) as { data: unknown[] };
    expect(log.data, "to ask which key is no reading of it").toEqual([]);
  });
});

test.describe("the list", () => {
  test("is searched by name, in whatever case, and the address keeps it", async ({ providers, page, api }) => {
    await arrange(api);
    await api.setProvider("zai", { value: VALUE });
    await providers.open();
    await expect(providers.count).toHaveText("2 providers");
    await providers.search.fill("ROUTER");
    await expect(providers.names()).toHaveText(["openrouter"]);
    await expect(providers.count).toHaveText("1 provider found");
    await page.reload();
    await expect(providers.search).toHaveValue("ROUTER");
    await expect(providers.names()).toHaveText(["openrouter"]);
    await providers.search.fill("nothing");
    await expect(providers.noMatch).toBeVisible();
    await page.getByRole("button", { name: "Clear search" }).click();
    await expect(providers.names()).toHaveText(["openrouter", "zai"]);
    await expect(page).toHaveURL(PROVIDERS_TAB);
  });

  test("that cannot be loaded is a failure with its request id, and no empty list", async ({ providers, page, api, watch }) => {
    await arrange(api);
    await page.route("**/api/providers?*", (route) => route.fulfill(AWAY));
    watch.expectFailure(503, "/api/providers");
    await providers.open();
    await expect(providers.failed).toContainText("req-9");
    await expect(providers.empty).toBeHidden();
    expect(await violations(page)).toEqual([]);
    await page.unroute("**/api/providers?*");
    await providers.failed.getByRole("button", { name: "Retry" }).click();
    await expect(providers.names()).toHaveText(["openrouter"]);
  });

  test("says what is encrypted and what is not", async ({ providers, page }) => {
    await providers.open();
    await expect(page.getByText("Base URL and note are kept as plain text, not encrypted.")).toBeVisible();
    await expect(page.getByText("but for their last 4 characters")).toBeVisible();
    await expect(page.getByLabel("Example")).toContainText("/api/resolve?provider=openai&model=gpt-5'");
  });

  test("leads to the sign-in page when the session is lost, and back", async ({ providers, page, context, watch }) => {
    await providers.open();
    await expect(providers.empty).toBeVisible();
    await context.clearCookies();
    await providers.add.click();
    await providers.form.fill({ provider: "openai", value: VALUE });
    watch.expectFailure(401, "/api/providers");
    await providers.form.save.click();
    await expect(new SignInPage(page).title).toBeVisible();
    expect(await everythingIn(page)).not.toMatch(PLANTED);
    await new SignInPage(page).signIn();
    await expect(page).toHaveURL(PROVIDERS_TAB);
    await expect(providers.empty).toBeVisible();
  });
});

test("a key that is narrowed in its form gets one provider and no other", async ({ page, providers, api, server }) => {
  await api.setProvider("openai", { value: VALUE });
  await api.setProvider("zai", { value: OTHER });
  await providers.open();
  const keys = new KeysPage(page);
  await keys.open();
  await keys.add.click();
  await keys.form.name.fill("narrow");
  await expect(keys.form.narrowing("providers:resolve")).toHaveCount(0);
  await keys.form.scope("providers:resolve").check();
  await keys.form.narrowing("providers:resolve").fill("OpenAI");
  await keys.form.create.click();
  await expect(keys.form.narrowing("providers:resolve")).toHaveAccessibleDescription(/providers:resolve is narrowed to a provider or the beginning of its name/);
  await keys.form.narrowing("providers:resolve").fill("openai");
  await keys.form.create.click();
  await expect(keys.banner("narrow").key).toHaveValue(KEY);
  await expect(keys.row("narrow").scopes.getByRole("listitem")).toHaveText(["providers:resolve:openai"]);
  const key = await keys.banner("narrow").key.inputValue();
  const answer = await resolve(server, key, "openai");
  expect(answer.status).toBe(200);
  expect(await answer.json()).toEqual({ data: { provider: "openai", model: null, value: VALUE, source: "provider" } });
  const refused = await resolve(server, key, "zai");
  expect(refused.status).toBe(403);
  const { message } = (await refused.json()) as { message: string };
  expect(message).toContain("providers:resolve:zai");
});
