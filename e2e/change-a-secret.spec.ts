// Changing the value and the description of a secret.

import { unavailable } from "./fixtures/answers";
import { SECRET } from "./fixtures/planted";
import { expect, test } from "./fixtures/test";

test.describe("changing", () => {
  test("keeps the value when its field is left empty, and the key in any case", async ({ secrets, api }) => {
    await api.keep(SECRET);
    await secrets.open();
    await secrets.row("DATABASE_URL").choose("Edit");
    await expect(secrets.dialog).toHaveAccessibleName("Edit “DATABASE_URL”");
    await expect(secrets.form.key).toHaveCount(0);
    await expect(secrets.form.value).toHaveValue("");
    await expect(secrets.form.value).toHaveAccessibleDescription(/Leave it empty to keep the present value\./);
    await secrets.form.description.fill("of everything");
    await secrets.form.save.click();
    await expect(secrets.says("“DATABASE_URL” changed")).toBeVisible();
    await expect(secrets.row("DATABASE_URL").description).toHaveText("of everything");
    await expect(secrets.row("DATABASE_URL").actions).toBeFocused();
    expect(await api.valueOf("DATABASE_URL")).toBe(SECRET.value);
  });

  test("replaces the value, and takes a description away", async ({ secrets, api }) => {
    await api.keep(SECRET);
    await secrets.open();
    await secrets.row("DATABASE_URL").choose("Edit");
    await secrets.form.fill({ value: "new", description: "" });
    await secrets.form.save.click();
    await expect(secrets.row("DATABASE_URL").description).toHaveText("None");
    expect(await api.valueOf("DATABASE_URL")).toBe("new");
  });

  test("sends nothing when nothing is changed", async ({ secrets, api, network }) => {
    await api.keep(SECRET);
    await secrets.open();
    const asked = network.requests("* /api/secrets/*");
    await secrets.row("DATABASE_URL").choose("Edit");
    await secrets.form.save.click();
    await expect(secrets.dialog).toBeHidden();
    expect(asked).toEqual([]);
  });

  test("does not overwrite what somebody else has changed meanwhile", async ({ secrets, api, watch }) => {
    await api.keep(SECRET);
    await secrets.open();
    await secrets.row("DATABASE_URL").choose("Edit");
    await secrets.form.value.fill("mine");
    await api.changeSecret("DATABASE_URL", { value: "theirs", description: "changed by Grace" });
    watch.expectFailure(412, "/api/secrets/DATABASE_URL");
    await secrets.form.save.click();
    await expect(secrets.form.error).toContainText("ada@example.com changed this secret just now. Reload to see it; your text is kept.");
    expect(await api.valueOf("DATABASE_URL")).toBe("theirs");
    // What was typed stays; what was not touched is taken up.
    await secrets.form.reload.click();
    await expect(secrets.form.description).toHaveValue("changed by Grace");
    await expect(secrets.form.value).toHaveValue("mine");
    await expect(secrets.form.reload).toBeHidden();
    await secrets.form.save.click();
    await expect(secrets.dialog).toBeHidden();
    expect(await api.valueOf("DATABASE_URL")).toBe("mine");
    await expect(secrets.row("DATABASE_URL").description).toHaveText("changed by Grace");
  });

  test("stays as it was filled in when the server fails", async ({ secrets, api, network }) => {
    await api.keep(SECRET);
    await secrets.open();
    await network.fail("PUT /api/secrets/DATABASE_URL", unavailable("req-8"));
    await secrets.row("DATABASE_URL").choose("Edit");
    await secrets.form.value.fill("new");
    await secrets.form.save.click();
    await expect(secrets.form.error).toContainText("req-8");
    await expect(secrets.form.value).toHaveValue("new");
    await network.restore();
    await secrets.form.save.click();
    await expect(secrets.dialog).toBeHidden();
    expect(await api.valueOf("DATABASE_URL")).toBe("new");
  });
});
