// Deleting a secret.

import { unavailable } from "./fixtures/answers";
import { SECRET } from "./fixtures/planted";
import { expect, test } from "./fixtures/test";

test.describe("deleting", () => {
  test("names the secret, and hands the focus on", async ({ secrets, page, api }) => {
    for (const key of ["A_KEY", "B_KEY"]) await api.keep({ key, value: "v" });
    await secrets.open();
    await secrets.row("A_KEY").choose("Delete");
    await expect(secrets.dialog).toHaveAccessibleName("Delete “A_KEY”?");
    await expect(secrets.dialog).toContainText("Programs that read it get 404. The value cannot be restored.");
    await expect(secrets.form.cancel).toBeFocused();
    await page.keyboard.press("Escape");
    await expect(secrets.dialog).toBeHidden();
    await expect(secrets.row("A_KEY").actions).toBeFocused();
    expect(await api.secrets()).toHaveLength(2);
    await secrets.row("A_KEY").choose("Delete");
    await secrets.form.confirm.press("Enter");
    await expect(secrets.says("“A_KEY” deleted")).toBeVisible();
    await expect(secrets.names()).toHaveText(["B_KEY"]);
    await expect(secrets.row("B_KEY").actions).toBeFocused();
    await secrets.row("B_KEY").choose("Delete");
    await secrets.form.confirm.press("Enter");
    await expect(secrets.empty).toBeVisible();
    await expect(secrets.add).toBeFocused();
    expect(await api.secrets()).toEqual([]);
  });

  test("that fails says so and leaves the secret", async ({ secrets, api, network }) => {
    await api.keep(SECRET);
    await secrets.open();
    await network.fail("DELETE /api/secrets/DATABASE_URL", unavailable("req-3"));
    await secrets.row("DATABASE_URL").choose("Delete");
    await secrets.form.confirm.click();
    await expect(secrets.form.error).toContainText("req-3");
    await secrets.form.cancel.click();
    await expect(secrets.names()).toHaveText(["DATABASE_URL"]);
    expect(await api.valueOf("DATABASE_URL")).toBe(SECRET.value);
  });
});
