// Finding a provider in the list.

import { unavailable } from "./fixtures/answers";
import { violations } from "./fixtures/axe";
import { everythingIn } from "./fixtures/everything";
import { PLANTED, PROVIDER_KEY, storeOpenrouter } from "./fixtures/planted";
import { expect, test } from "./fixtures/test";
import { PROVIDERS_TAB } from "./pages/providers";

test.describe("the list", () => {
  test("is searched by name, in whatever case, and the address keeps it", async ({ providers, page, api }) => {
    await storeOpenrouter(api);
    await api.setProvider("zai", { value: PROVIDER_KEY });
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
    await providers.clearSearch.click();
    await expect(providers.names()).toHaveText(["openrouter", "zai"]);
    await expect(page).toHaveURL(PROVIDERS_TAB);
  });

  test("that cannot be loaded is a failure with its request id, and no empty list", async ({ providers, page, api, network }) => {
    await storeOpenrouter(api);
    await network.fail("GET /api/providers", unavailable("req-9"));
    await providers.open();
    await expect(providers.failed).toContainText("req-9");
    await expect(providers.empty).toBeHidden();
    expect(await violations(page)).toEqual([]);
    await network.restore();
    await providers.retry.click();
    await expect(providers.names()).toHaveText(["openrouter"]);
  });

  test("says what is encrypted and what is not", async ({ providers, page }) => {
    await providers.open();
    await expect(page.getByText("Base URL and note are stored as plain text, not encrypted.")).toBeVisible();
    await expect(page.getByText("The last 4 characters stay readable so that you can recognise a key.")).toBeVisible();
    await expect(page.getByLabel("Example")).toContainText("/api/resolve?provider=openai&model=gpt-5'");
  });

  test("leads to the sign-in page when the session is lost, and back", async ({ providers, page, context, watch, signIn }) => {
    await providers.open();
    await expect(providers.empty).toBeVisible();
    await context.clearCookies();
    await providers.begin({ provider: "openai", value: PROVIDER_KEY });
    watch.expectFailure(401, "/api/providers");
    await providers.form.save.click();
    await expect(signIn.title).toBeVisible();
    expect(await everythingIn(page)).not.toMatch(PLANTED);
    await signIn.signIn();
    await expect(page).toHaveURL(PROVIDERS_TAB);
    await expect(providers.empty).toBeVisible();
  });
});
