// Creating a key: what the form takes, refuses and sends.

import { unavailable } from "./fixtures/answers";
import { expect, test } from "./fixtures/test";
import { KEY } from "./pages/keys";

test.describe("the form", () => {
  test("opens with the name focused, and the button waits", async ({ keys }) => {
    await keys.open();
    const before = await keys.add.boundingBox();
    await keys.add.click();
    await expect(keys.form.name).toBeFocused();
    await expect(keys.form.name).toHaveAttribute("placeholder", "e.g. production");
    await expect(keys.add).toBeDisabled();
    expect(await keys.add.boundingBox()).toEqual(before);
    await keys.form.cancel.click();
    await expect(keys.form.root).toBeHidden();
    await expect(keys.add).toBeFocused();
    await keys.add.press("Enter");
    await expect(keys.form.name).toBeFocused();
    await keys.page.keyboard.press("Escape");
    await expect(keys.form.root).toBeHidden();
    await expect(keys.add).toBeFocused();
  });

  for (const [what, name] of [
    ["no name", ""],
    ["white space alone", " \u00a0\u3000"],
    ["65 characters", "x".repeat(65)],
    ["a control character", "a\u0007b"],
  ] as const) {
    test(`says about ${what} what the server says`, async ({ keys, api }) => {
      const errors = await api.refusal("POST", "/api/keys", { name });
      expect(errors).toHaveLength(1);

      await keys.open();
      await keys.begin(name);
      await keys.form.create.click();
      await expect(keys.form.name).toHaveAccessibleDescription(errors[0]!.message);
      await expect(keys.form.root.getByText(errors[0]!.message, { exact: true })).toBeVisible();
      await expect(keys.form.name).toHaveAttribute("aria-invalid", "true");
      await expect(keys.form.name).toBeFocused();
      expect(await api.keys()).toEqual([]);
    });
  }

  test("uses the sentences that were agreed", async ({ keys }) => {
    await keys.open();
    await keys.add.click();
    await keys.form.create.click();
    await expect(keys.form.name).toHaveAccessibleDescription("Name is required");
    await keys.form.name.fill("x".repeat(65));
    await keys.form.create.click();
    await expect(keys.form.name).toHaveAccessibleDescription("Name must be 64 characters or fewer");
  });

  test("says that a name is taken, and lets it be changed", async ({ keys, api, watch }) => {
    await api.create({ name: "production" });
    await keys.open();
    await keys.begin("  production ");
    watch.expectFailure(409, "/api/keys");
    await keys.form.create.click();
    await expect(keys.form.name).toHaveAccessibleDescription('An API key named "production" already exists');
    await expect(keys.form.name).toBeFocused();
    await expect(keys.banners).toHaveCount(0);
    await keys.form.name.fill("staging");
    await keys.form.name.press("Enter");
    await expect(keys.banner("staging").key).toHaveValue(KEY);
    await expect(keys.names()).toHaveText(["staging", "production"]);
  });

  test("takes 64 characters of any script, and trims", async ({ keys, api }) => {
    const name = "🔑".repeat(64);
    await keys.open();
    await keys.create(`  ${name}`.trimEnd()).catch(() => undefined);
    await expect(keys.row(name).root).toBeVisible();
    expect((await api.keys()).map((key) => key.name)).toEqual([name]);
  });

  test("shows a name that looks like markup as the text it is", async ({ keys }) => {
    const name = `<img src=x onerror="document.title='owned'"> & 'co'`;
    await keys.open();
    await keys.create(name);
    await expect(keys.row(name).root).toBeVisible();
    await expect(keys.page).toHaveTitle("API keys - Keyward");
    expect(await keys.page.locator("img[src='x']").count()).toBe(0);
  });

  test("sends expiry and scopes with the name", async ({ keys, server }) => {
    await keys.open();
    await keys.add.click();
    await expect(keys.form.expires.getByRole("option")).toHaveText(["Never", "7 days", "30 days", "90 days", "1 year", "On a date"]);
    await keys.form.name.fill("scoped");
    await keys.form.expires.selectOption("7 days");
    await keys.form.scope("secrets:read").check();
    await keys.form.scope("keys:verify").check();
    await keys.form.otherScopes.fill("orders:write, orders:read");
    await keys.form.create.click();
    const key = await keys.newKey("scoped");
    await expect(keys.row("scoped").scopes.getByRole("listitem")).toHaveText(["keys:verify", "orders:read", "orders:write", /^\s*\+1 more/]);
    await expect(keys.row("scoped").expires).toContainText("Expires in 7 days");
    const verified = await server.verify(key);
    expect(verified.headers.get("x-keyward-scopes")).toBe("keys:verify orders:read orders:write secrets:read");
  });

  test("takes a date, and none that is over", async ({ keys, api }) => {
    await keys.open();
    await keys.add.click();
    await expect(keys.form.expiryDate).toBeHidden();
    await keys.form.name.fill("dated");
    await keys.form.expires.selectOption("On a date");
    await keys.form.create.click();
    await expect(keys.form.expiryDate).toHaveAccessibleDescription(/Choose a date/);
    await keys.form.expiryDate.fill("2020-01-01");
    await keys.form.create.click();
    await expect(keys.form.expiryDate).toHaveAccessibleDescription(/Choose a date in the future/);
    expect(await api.keys()).toEqual([]);
    // The last second of that day where the person is: Berlin, in summer.
    await keys.form.expiryDate.fill("2099-07-31");
    await keys.form.create.click();
    await expect(keys.row("dated").expires).toContainText("31 Jul 2099");
    expect(new Date((await api.keys())[0]!.expiresAt!).toISOString()).toBe("2099-07-31T21:59:59.000Z");
  });

  test("refuses a scope that is none with the sentence of the server", async ({ keys, api }) => {
    const [error] = await api.refusal("POST", "/api/keys", { name: "a", scopes: ["Not A Scope!"] });
    await keys.open();
    await keys.begin("a");
    await keys.form.otherScopes.fill("Not!");
    await keys.form.create.click();
    await expect(keys.form.otherScopes).toHaveAccessibleDescription(new RegExp(error!.message.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")));
    expect(await api.keys()).toEqual([]);
  });

  test("makes one key of a double click", async ({ keys, api, network }) => {
    await keys.open();
    await keys.begin("once");
    await keys.form.create.dblclick();
    await expect(keys.banner("once").key).toHaveValue(KEY);
    expect(await api.keys()).toHaveLength(1);
    await expect(keys.alert).toHaveCount(0);

    // Faster than any finger: two submissions before the page can draw itself.
    const posts = network.requests("POST /api/keys");
    await keys.begin("twice");
    await keys.form.root.evaluate((form: HTMLFormElement) => {
      form.requestSubmit();
      form.requestSubmit();
    });
    await expect(keys.banner("twice").key).toHaveValue(KEY);
    expect(posts).toHaveLength(1);
    expect(await api.keys()).toHaveLength(2);
  });

  test("says that it is creating, and cannot be cancelled meanwhile", async ({ keys, network }) => {
    await keys.open();
    const answer = await network.hold("POST /api/keys");
    await keys.begin("slow");
    await keys.form.name.press("Enter");
    await expect(keys.form.creating).toBeVisible();
    await keys.form.cancel.click();
    await expect(keys.form.root).toBeVisible();
    answer();
    await expect(keys.banner("slow").key).toHaveValue(KEY);
    await expect(keys.form.root).toBeHidden();
  });

  test("stays as it was filled in when the server fails", async ({ keys, api, network }) => {
    await keys.open();
    await network.fail("POST /api/keys", unavailable("req-77"));
    await keys.begin("production");
    await keys.form.scope("secrets:read").check();
    await keys.form.create.click();
    await expect(keys.form.error).toContainText("The database did not answer, so nothing was changed. Try again.");
    await expect(keys.form.error).toContainText("req-77");
    await expect(keys.form.name).toHaveValue("production");
    await expect(keys.form.scope("secrets:read")).toBeChecked();
    await network.restore();
    await keys.form.create.click();
    await expect(keys.banner("production").key).toHaveValue(KEY);
    expect(await api.keys()).toHaveLength(1);
  });
});
