// Several keys are disabled or deleted together; each that fails is said, the others go on.

import { unavailable } from "./fixtures/answers";
import { violations } from "./fixtures/axe";
import { expect, test } from "./fixtures/test";

test.beforeEach(async ({ api }) => {
  for (const name of ["d", "c", "b", "a"]) await api.create({ name });
});

test("keys that are ticked are disabled together", async ({ keys, api, page }) => {
  await keys.open();
  await expect(keys.row("a").box).toBeHidden();
  await keys.select.click();
  await expect(keys.select).toHaveAttribute("aria-pressed", "true");
  await expect(keys.chosen.root).toContainText("0 selected");
  await expect(keys.chosen.disable).toHaveAttribute("aria-disabled", "true");
  for (const name of ["a", "c"]) await keys.row(name).box.check();
  await expect(keys.chosen.root).toContainText("2 selected");
  expect(await violations(page)).toEqual([]);
  await keys.chosen.disable.click();
  await expect(keys.chosen.root).toContainText("2 keys disabled.");
  for (const [name, status] of [["a", /Disabled/], ["b", /Active/], ["c", /Disabled/]] as const) {
    await expect(keys.row(name).status).toHaveText(status);
  }
  await expect(keys.row("a").box).not.toBeChecked();
  const enabled = (await api.keys()).filter((key) => key.enabled).map((key) => key.name);
  expect(enabled.sort()).toEqual(["b", "d"]);
  await keys.select.click();
  await expect(keys.chosen.root).toBeHidden();
  await expect(keys.row("a").delete).toBeVisible();
});

test("deletion asks for the number of keys", async ({ keys, api, page }) => {
  await keys.open();
  await keys.select.click();
  await keys.chosen.all.check();
  await keys.row("b").box.uncheck();
  await expect(keys.chosen.all).not.toBeChecked();
  await keys.chosen.delete.click();
  const { dialog, count, confirm } = keys.chosen;
  await expect(dialog).toHaveAccessibleName("Delete 3 keys?");
  await expect(dialog).toContainText("Programs that use them get 401. This cannot be undone.");
  await expect(dialog.getByRole("listitem")).toHaveText(["a", "c", "d"]);
  await confirm.click();
  await expect(count).toHaveAccessibleDescription(/Type 3 to delete 3 keys/);
  await count.fill("4");
  await count.press("Enter");
  await expect(count).toHaveAccessibleDescription(/Type 3 to delete 3 keys/);
  expect(await api.keys()).toHaveLength(4);
  expect(await violations(page)).toEqual([]);
  await count.fill(" 3 ");
  await count.press("Enter");
  await expect(dialog).toBeHidden();
  await expect(keys.names()).toHaveText(["b"]);
  await expect(keys.chosen.root).toContainText("3 keys deleted.");
  expect((await api.keys()).map((key) => key.name)).toEqual(["b"]);
});

test("one that fails is said in its row and stays ticked, the others go on", async ({ keys, api, network }) => {
  const { id } = (await api.keys()).find((key) => key.name === "b")!;
  await keys.open();
  await network.fail(`DELETE /api/keys/${id}`, unavailable("req-9"));
  await keys.select.click();
  for (const name of ["a", "b", "c"]) await keys.row(name).box.check();
  await keys.chosen.delete.click();
  await keys.chosen.count.fill("3");
  await keys.chosen.confirm.click();
  await expect(keys.names()).toHaveText(["b", "d"]);
  await expect(keys.alert).toContainText("“b” was not deleted.");
  await expect(keys.alert).toContainText("req-9");
  await expect(keys.chosen.root).toContainText("2 keys deleted. 1 key was not: its row says why.");
  await expect(keys.row("b").box).toBeChecked();
  await network.restore();
  await keys.chosen.delete.click();
  await keys.chosen.count.fill("1");
  await keys.chosen.confirm.click();
  await expect(keys.names()).toHaveText(["d"]);
  await expect(keys.alert).toHaveCount(0);
});

test("a key that is not shown any more is not meant", async ({ keys, api }) => {
  await keys.open();
  await keys.select.click();
  await keys.chosen.all.check();
  await expect(keys.chosen.root).toContainText("4 selected");
  await keys.search.fill("a");
  await expect(keys.names()).toHaveText(["a"]);
  await expect(keys.chosen.root).toContainText("1 selected");
  await keys.chosen.disable.click();
  await expect(keys.chosen.root).toContainText("1 key disabled.");
  expect((await api.keys()).filter((key) => !key.enabled).map((key) => key.name)).toEqual(["a"]);
});
