// The list of providers, its dialogs and the box below it.

import { expect, state, test } from "./look";
import { AWAY, providersOf } from "./samples";

test(state("providers-loading"), async ({ providers, network }) => {
  await network.hold("GET /api/providers");
  await providers.open();
  await expect(providers.loading).toBeVisible();
});

test(state("providers-failed"), async ({ providers, network }) => {
  await network.fail("GET /api/providers", AWAY);
  await providers.open();
  await expect(providers.failed).toBeVisible();
});

test(state("providers-empty"), async ({ providers }) => {
  await providers.open();
  await expect(providers.empty).toBeVisible();
});

test(state("providers-no-match"), async ({ providers, api }) => {
  await providersOf(api);
  await providers.open("&q=nothing");
  await expect(providers.noMatch).toBeVisible();
});

test(state("providers-list"), async ({ providers, api }) => {
  await providersOf(api);
  await providers.open();
  await providers.which.ask("openai", "gpt-5");
  await expect(providers.which.answer).toContainText("The model's own key");
});

test(state("provider-none"), async ({ providers, api, watch }) => {
  await providersOf(api);
  await providers.open("&q=local");
  watch.expectFailure(404, "/api/resolve");
  await providers.which.ask("mistral", "m".repeat(200));
  await expect(providers.which.answer).toContainText("None");
});

test(state("provider-form-with-mistakes"), async ({ providers }) => {
  await providers.open();
  await providers.submit({ provider: "OpenAI", baseUrl: "api.openai.com" });
  await expect(providers.dialog.getByText("Value is required")).toBeVisible();
});

test(state("provider-form-failed"), async ({ providers, api, network }) => {
  await providersOf(api);
  await providers.open();
  await network.fail("PUT /api/providers/azure/models/gpt-5", AWAY);
  await providers.model("azure", "gpt-5").replace.click();
  await providers.form.fill({ value: "new" });
  await providers.form.save.click();
  await expect(providers.form.error).toBeVisible();
});

test(state("provider-delete"), async ({ providers, api }) => {
  await providersOf(api);
  await providers.open();
  await providers.card("openai").delete.click();
  await expect(providers.form.confirm).toBeVisible();
});
