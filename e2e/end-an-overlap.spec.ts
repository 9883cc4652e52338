// While a key that was replaced still works: it is shown, found, and ended before its time.

import { unavailable } from "./fixtures/answers";
import { expect, test } from "./fixtures/test";

test("an overlap that cannot be ended stays, and an alert says why", async ({ keys, api, server, network }) => {
  const old = await api.create({ name: "ci" });
  await api.replace("ci", 900);
  const requests = network.requests("DELETE /api/keys/*/overlap");
  await keys.open();
  await network.fail(`DELETE /api/keys/${old.id}/overlap`, unavailable("req-9"));
  await keys.row("ci").endOverlap.click();
  await expect(keys.alert).toContainText("Overlap of “ci” was not ended. The database did not answer, so nothing was changed. Try again.");
  await expect(keys.alert).toContainText("req-9");
  await expect(keys.row("ci").overlap).toContainText(`Old key ${old.prefix}... works until`);
  expect(requests).toHaveLength(1);
  expect(await server.statusOf(old.key)).toBe(200);
  await keys.closeAlert.click();

  // From the menu it works as well, and a second click asks for nothing.
  await network.restore();
  await keys.row("ci").choose("End overlap now");
  await expect(keys.row("ci").overlap).toBeHidden();
  expect(await server.statusOf(old.key)).toBe(401);
  await api.replace("ci", 900);
  await keys.refresh.click();
  await keys.row("ci").endOverlap.dblclick();
  await expect(keys.row("ci").overlap).toBeHidden();
  await expect(keys.alert).toHaveCount(0);
  expect(requests).toHaveLength(3);
});

test("somebody else may have ended it before", async ({ keys, api, watch }) => {
  const { id } = await api.create({ name: "ci" });
  await api.replace("ci", 900);
  await keys.open();
  await expect(keys.row("ci").overlap).toBeVisible();
  await api.endOverlap("ci");
  watch.expectFailure(404, `/api/keys/${id}/overlap`);
  await keys.row("ci").endOverlap.click();
  await expect(keys.alert).toContainText("Overlap of “ci” was not ended.");
  await keys.refresh.click();
  await expect(keys.row("ci").overlap).toBeHidden();
});

test("the note goes by itself when the old key stops", async ({ keys, api, page }) => {
  await api.create({ name: "ci" });
  await api.replace("ci", 3_600);
  await page.clock.install();
  await keys.open();
  await expect(keys.row("ci").overlap).toBeVisible();
  await page.clock.fastForward("59:30");
  await expect(keys.row("ci").overlap).toBeVisible();
  await page.clock.fastForward("01:00");
  await expect(keys.row("ci").overlap).toBeHidden();
});

test("the note of a disabled key does not say that it works", async ({ keys, api, server }) => {
  const old = await api.create({ name: "ci" });
  await api.replace("ci", 3_600);
  await keys.open();
  await keys.row("ci").choose("Disable");
  await expect(keys.row("ci").overlap).toContainText(`Old key ${old.prefix}... would work until`);
  expect(await server.statusOf(old.key)).toBe(401);
});

test("a key is found by the beginning of the one it replaced", async ({ keys, api }) => {
  const old = await api.create({ name: "ci" });
  await api.create({ name: "other" });
  await api.replace("ci", 3_600);
  await keys.open();
  await keys.search.fill(old.prefix);
  await expect(keys.names()).toHaveText(["ci"]);
});
