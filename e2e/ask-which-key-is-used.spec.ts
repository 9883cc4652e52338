// Asking which key a program would get, without reading it.

import { problem, unavailable } from "./fixtures/answers";
import { MODEL, PLANTED, storeOpenrouter } from "./fixtures/planted";
import { expect, test } from "./fixtures/test";

test.describe("the box", () => {
  test("refuses what is no name, and offers the names there are", async ({ providers, page, api }) => {
    await storeOpenrouter(api);
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

  test("never shows an answer to another question", async ({ providers, page, api, network }) => {
    await storeOpenrouter(api);
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
    const answer = await network.hold("GET /api/resolve");
    await providers.which.check.click();
    await expect(providers.which.checking).toBeVisible();
    await providers.which.model.fill("another");
    answer();
    // It says so once the answer is here.
    await expect(providers.which.check).toBeVisible();
    await expect(providers.which.answer).toBeEmpty();
  });

  test("distinguishes a server that fails from a key that is missing", async ({ providers, api, network }) => {
    await storeOpenrouter(api);
    await providers.open();
    await network.fail("GET /api/resolve", unavailable("req-9"));
    await providers.which.ask("openrouter");
    await expect(providers.which.error).toContainText("req-9");
    await expect(providers.which.answer).toBeEmpty();
    await network.restore();
    await network.fail("GET /api/resolve", problem(400, "Not that one", "req-9", [{ field: "model", message: "Not that one" }]));
    await providers.which.check.click();
    await expect(providers.which.model).toHaveAccessibleDescription(/Not that one/);
    await expect(providers.which.error).toBeHidden();
  });

  test("gives no key away, neither to the page nor to the log", async ({ providers, api, network }) => {
    await storeOpenrouter(api);
    const answers = network.answers();
    await providers.open();
    await providers.which.ask("openrouter", MODEL);
    await expect(providers.which.answer).toContainText("...cd34");
    expect(await answers()).not.toMatch(PLANTED);
    expect(await api.entries("provider.resolve"), "to ask which key is no reading of it").toEqual([]);
  });
});
