import { unavailable } from "./fixtures/answers";
import { expect, test } from "./fixtures/test";
import { KEY } from "./pages/keys";

test("the first click arms, the second deletes, and the key is refused from then on", async ({ keys, api, server }) => {
  const { key } = await api.create({ name: "old" });
  await api.create({ name: "kept" });
  expect(await server.statusOf(key)).toBe(200);
  await keys.open();
  await keys.row("old").delete.click();
  await expect(keys.row("old").confirm).toBeVisible();
  await expect(keys.row("old").confirm).toHaveText("Confirm delete");
  await expect(keys.row("old").confirm).toBeFocused();
  expect(await api.keys()).toHaveLength(2);
  expect(await server.statusOf(key)).toBe(200);

  await keys.row("old").confirm.click();
  await expect(keys.names()).toHaveText(["kept"]);
  await expect(keys.says("“old” deleted")).toBeVisible();
  expect(await server.statusOf(key)).toBe(401);
  expect(await api.keys()).toHaveLength(1);
  await keys.page.reload();
  await expect(keys.names()).toHaveText(["kept"]);
});

test("a double click on the question is one request", async ({ keys, api, network }) => {
  await api.create({ name: "a" });
  await keys.open();
  const requests = network.requests("DELETE /api/keys/*");
  await keys.row("a").delete.click();
  await keys.row("a").confirm.dblclick();
  await expect(keys.empty).toBeVisible();
  await expect(keys.alert).toHaveCount(0);
  expect(requests).toHaveLength(1);
});

test("arming another row moves the question there", async ({ keys, api }) => {
  for (const name of ["a", "b"]) await api.create({ name });
  await keys.open();
  await keys.row("a").delete.click();
  await expect(keys.row("a").confirm).toBeVisible();
  await keys.row("b").delete.click();
  await expect(keys.row("b").confirm).toBeVisible();
  await expect(keys.row("a").delete).toBeVisible();
  await expect(keys.page.getByRole("button", { name: /^Confirm delete/ })).toHaveCount(1);
  await keys.row("a").delete.click();
  expect(await api.keys()).toHaveLength(2);
});

test("left alone it disarms after three seconds, and not before", async ({ keys, api }) => {
  await api.create({ name: "a" });
  await keys.open();
  await keys.row("a").delete.click();
  await keys.title.click();
  await expect(keys.row("a").confirm).not.toBeFocused();
  const left = Date.now();
  await keys.page.waitForTimeout(2_000);
  await expect(keys.row("a").confirm).toBeVisible();
  await expect(keys.row("a").delete).toBeVisible({ timeout: 3_000 });
  expect(Date.now() - left).toBeGreaterThan(2_500);
  await keys.row("a").delete.click();
  await expect(keys.row("a").confirm).toBeVisible();
  expect(await api.keys()).toHaveLength(1);
});

test("it stays armed as long as it has the focus", async ({ keys, api }) => {
  await api.create({ name: "a" });
  await keys.open();
  await keys.row("a").delete.click();
  await keys.title.hover();
  await keys.page.waitForTimeout(4_500);
  await expect(keys.row("a").confirm).toBeFocused();
});

test("it stays armed as long as the pointer is on it", async ({ keys, api }) => {
  await api.create({ name: "a" });
  await keys.open();
  await keys.row("a").delete.click();
  await keys.row("a").confirm.blur();
  await keys.page.waitForTimeout(4_500);
  await expect(keys.row("a").confirm).toBeVisible();
  await keys.title.hover();
  await expect(keys.row("a").delete).toBeVisible({ timeout: 5_000 });
});

test("Escape disarms and leaves the focus where it is", async ({ keys, api }) => {
  await api.create({ name: "a" });
  await keys.open();
  await keys.row("a").delete.press("Enter");
  await expect(keys.row("a").confirm).toBeFocused();
  await keys.page.keyboard.press("Escape");
  await expect(keys.row("a").delete).toBeFocused();
  await keys.page.keyboard.press("Enter");
  await expect(keys.row("a").confirm).toBeFocused();
  expect(await api.keys()).toHaveLength(1);
});

test("what the armed button means is announced", async ({ keys, api }) => {
  await api.create({ name: "a" });
  await keys.open();
  await keys.row("a").delete.click();
  const live = keys.page.locator("[aria-live=polite]").filter({ hasText: "Activate again to delete a. Escape cancels." });
  await expect(live).toHaveCount(1);
  await keys.page.keyboard.press("Escape");
  await expect(live).toHaveCount(0);
});

test("the focus goes to the next row, to the row above, and at last to the add button", async ({ keys, api }) => {
  for (const name of ["c", "b", "a"]) await api.create({ name });
  await keys.open();
  await expect(keys.names()).toHaveText(["a", "b", "c"]);
  for (const [name, next] of [["b", "c"], ["c", "a"]] as const) {
    await keys.row(name).remove();
    await expect(keys.row(next).delete).toBeFocused();
  }
  await keys.row("a").remove();
  await expect(keys.empty).toBeVisible();
  await expect(keys.add).toBeFocused();
});

test("the row stays until the server has answered", async ({ keys, api, network }) => {
  await api.create({ name: "a" });
  await keys.open();
  const requests = network.requests("DELETE /api/keys/*");
  const answer = await network.hold("DELETE /api/keys/*");
  await keys.row("a").remove();
  await expect(keys.row("a").deleting).toBeVisible();
  await keys.row("a").deleting.press("Enter");
  await keys.row("a").deleting.dispatchEvent("click");
  await expect(keys.row("a").root).toBeVisible();
  answer();
  await expect(keys.empty).toBeVisible();
  expect(requests).toHaveLength(1);
});

test("a deletion that fails is an alert, and the row stays with its key", async ({ keys, api, server, page, network }) => {
  const { key, id } = await api.create({ name: "a" });
  await keys.open();
  await network.fail(`DELETE /api/keys/${id}`, unavailable("req-42"));
  await keys.row("a").remove();
  await expect(keys.alert).toContainText("“a” was not deleted. The database did not answer, so nothing was changed. Try again.");
  await expect(keys.alert).toContainText("req-42");
  await expect(keys.row("a").delete).toBeVisible();
  expect(await server.statusOf(key)).toBe(200);
  // An error stays until it is closed; a success goes by itself after six seconds.
  await page.waitForTimeout(6_500);
  await expect(keys.alert).toBeVisible();
  await keys.closeAlert.click();
  await expect(keys.alert).toBeHidden();

  await network.restore();
  await keys.row("a").remove();
  await expect(keys.empty).toBeVisible();
  expect(await server.statusOf(key)).toBe(401);
});

test("a key that somebody else has deleted goes from the list", async ({ keys, api, watch }) => {
  const { id } = await api.create({ name: "a" });
  await api.create({ name: "b" });
  await keys.open();
  await expect(keys.names()).toHaveText(["b", "a"]);
  await api.delete("a");
  watch.expectFailure(404, `/api/keys/${id}`);
  await keys.row("a").remove();
  await expect(keys.alert).toContainText("“a” was not deleted.");
  await keys.refresh.click();
  await expect(keys.names()).toHaveText(["b"]);
});

test("a name is free again after its key was deleted", async ({ keys, server }) => {
  await keys.open();
  const first = await keys.create("a");
  await keys.row("a").remove();
  await expect(keys.empty).toBeVisible();
  await keys.banner("a").giveUp();
  const second = await keys.create("a");
  expect(second).toMatch(KEY);
  expect(await server.statusOf(first)).toBe(401);
  expect(await server.statusOf(second)).toBe(200);
});
