// Narrowing a key to one provider.

import { MODEL_KEY, PROVIDER_KEY } from "./fixtures/planted";
import { expect, test } from "./fixtures/test";
import { KeysPage } from "./pages/keys";

test("a key that is narrowed in its form gets one provider and no other", async ({ page, providers, api, server }) => {
  await api.setProvider("openai", { value: PROVIDER_KEY });
  await api.setProvider("zai", { value: MODEL_KEY });
  await providers.open();
  const keys = new KeysPage(page);
  await keys.open();
  await keys.begin("narrow");
  await expect(keys.form.narrowing("providers:resolve")).toHaveCount(0);
  await keys.form.scope("providers:resolve").check();
  await keys.form.narrowing("providers:resolve").fill("OpenAI");
  await keys.form.create.click();
  await expect(keys.form.narrowing("providers:resolve")).toHaveAccessibleDescription(/providers:resolve is narrowed to a provider or the beginning of its name/);
  await keys.form.narrowing("providers:resolve").fill("openai");
  await keys.form.create.click();
  const key = await keys.newKey("narrow");
  await expect(keys.row("narrow").scopes.getByRole("listitem")).toHaveText(["providers:resolve:openai"]);
  const answer = await server.call("/api/resolve?provider=openai", key);
  expect(answer.status).toBe(200);
  expect(await answer.json()).toEqual({ data: { provider: "openai", model: null, value: PROVIDER_KEY, source: "provider" } });
  const refused = await server.call("/api/resolve?provider=zai", key);
  expect(refused.status).toBe(403);
  const { message } = (await refused.json()) as { message: string };
  expect(message).toContain("providers:resolve:zai");
});
