// Keeping a secret: what the dialog takes, refuses and sends.

import { unavailable } from "./fixtures/answers";
import { everythingIn } from "./fixtures/everything";
import { PLANTED, SECRET } from "./fixtures/planted";
import { expect, test } from "./fixtures/test";

test.describe("adding", () => {
  test("keeps it, and lists it without its value", async ({ secrets, page, api }) => {
    await secrets.open();
    await expect(secrets.empty).toBeVisible();
    await secrets.add.click();
    await expect(secrets.form.key).toBeFocused();
    await expect(secrets.form.value).toHaveAttribute("type", "password");
    await expect(secrets.form.value).toHaveAttribute("autocomplete", "off");
    await secrets.form.fill(SECRET);
    await page.keyboard.press("Enter");
    await expect(secrets.dialog).toBeHidden();
    await expect(secrets.says("“DATABASE_URL” added")).toBeVisible();
    await expect(secrets.row("DATABASE_URL").description).toHaveText("of the billing service");
    await expect(secrets.row("DATABASE_URL").updated).toContainText("just now");
    await expect(secrets.add).toBeFocused();
    expect(await everythingIn(page)).not.toMatch(PLANTED);
    expect(await api.valueOf("DATABASE_URL")).toBe(SECRET.value);
  });

  test("says about key, value and description what the server says", async ({ secrets, api }) => {
    const wrong = { key: "my-key", value: "", description: "x".repeat(501) };
    const errors = await api.refusal("POST", "/api/secrets", wrong);
    await secrets.open();
    await secrets.submit(wrong);
    for (const { message } of errors) await expect(secrets.dialog.getByText(message, { exact: true })).toBeVisible();
    await expect(secrets.form.key).toHaveAccessibleDescription(/Key must be SCREAMING_SNAKE_CASE \(e\.g\., MY_API_KEY\)/);
    await expect(secrets.form.value).toHaveAccessibleDescription(/Value is required/);
    await expect(secrets.form.description).toHaveAccessibleDescription(/Text must be 500 characters or fewer/);
    await expect(secrets.form.key).toHaveAttribute("aria-invalid", "true");
    expect(await api.secrets()).toEqual([]);
  });

  test("says that a key is taken, and changes nothing", async ({ secrets, api, watch }) => {
    await api.keep(SECRET);
    await secrets.open();
    await secrets.begin({ key: "DATABASE_URL", value: "another" });
    watch.expectFailure(409, "/api/secrets");
    await secrets.form.save.click();
    await expect(secrets.form.key).toHaveAccessibleDescription(/Secret with key "DATABASE_URL" already exists/);
    await expect(secrets.form.value).toHaveValue("another");
    expect(await api.valueOf("DATABASE_URL")).toBe(SECRET.value);
  });

  test("makes one secret of a double click", async ({ secrets, api, network }) => {
    const asked = network.requests("POST /api/secrets");
    await secrets.open();
    await secrets.begin(SECRET);
    await secrets.form.save.dblclick();
    await expect(secrets.row("DATABASE_URL").root).toBeVisible();
    expect(asked).toHaveLength(1);
    expect(await api.secrets()).toHaveLength(1);
  });

  test("can be left while it is sent, and the page lives on", async ({ secrets, page, watch, network }) => {
    const answer = await network.hold("POST /api/secrets", unavailable());
    await secrets.open();
    await secrets.submit(SECRET);
    await page.keyboard.press("Escape");
    await expect(secrets.dialog).toBeHidden();
    watch.expectFailure(503, "/api/secrets");
    const failed = page.waitForResponse((response) => response.request().method() === "POST");
    answer();
    await failed;
    await secrets.add.click();
    await expect(secrets.form.error).toBeHidden();
    await expect(secrets.form.key).toBeFocused();
  });

  test("leaves nothing behind when it is cancelled", async ({ secrets, page, api }) => {
    await secrets.open();
    await secrets.begin(SECRET);
    await page.keyboard.press("Escape");
    await expect(secrets.dialog).toBeHidden();
    await expect(secrets.add).toBeFocused();
    // Its fields go a moment after it.
    await expect.poll(() => everythingIn(page)).not.toMatch(PLANTED);
    expect(await api.secrets()).toEqual([]);
  });
});
