// With several servers a change that takes authority away says on how many of them it holds.

import { effective } from "./fixtures/answers";
import { expect, test } from "./fixtures/test";

const EVERYWHERE = effective(3, 0, 18);

test("a deletion says on how many servers the key is revoked, and how fast", async ({ keys, api, network }) => {
  for (const name of ["b", "a"]) await api.create({ name });
  await keys.open();
  await network.amend("DELETE /api/keys/*", EVERYWHERE);
  await keys.row("a").remove();
  await expect(keys.says("“a” deleted. Revoked on all 3 servers in 18 ms")).toBeVisible();
  await network.restore();
  await network.amend("DELETE /api/keys/*", effective(2, 1, 5012));
  await keys.row("b").remove();
  await expect(keys.says("“b” deleted. Revoked on 2 servers; 1 did not answer and can accept nothing any more")).toBeVisible();
});

test("one server alone is not spoken of", async ({ keys, api, network }) => {
  await api.create({ name: "a" });
  await keys.open();
  await network.amend("DELETE /api/keys/*", effective(1, 0, 4));
  await keys.row("a").remove();
  await expect(keys.says("“a” deleted")).toBeVisible();
});

test("other changes that take something away say the same", async ({ keys, api, network }) => {
  await api.create({ name: "ci", scopes: ["orders:write"] });
  await keys.open();
  await network.amend("PATCH /api/keys/*", EVERYWHERE);
  await keys.row("ci").choose("Disable");
  await expect(keys.says("“ci” disabled. In effect on all 3 servers in 18 ms")).toBeVisible();
  await network.restore();
  await keys.row("ci").choose("Enable");
  await expect(keys.says("“ci” enabled")).toBeVisible();

  await network.amend("POST /api/keys/*/rotate", EVERYWHERE);
  await keys.row("ci").choose("Rotate");
  await keys.dialog.grace.selectOption("0");
  await keys.dialog.rotate.click();
  await expect(keys.says("Old key of “ci” revoked on all 3 servers in 18 ms")).toBeVisible();
  // With an overlap it is not the old key that was taken away.
  await keys.row("ci").rotate();
  await expect(keys.says("Older key of “ci” revoked on all 3 servers in 18 ms")).toBeVisible();

  await network.amend("DELETE /api/keys/*/overlap", EVERYWHERE);
  await keys.row("ci").endOverlap.click();
  await expect(keys.says("Overlap of “ci” ended. Old key revoked on all 3 servers in 18 ms")).toBeVisible();
});

test("several keys name the servers once", async ({ keys, api, network }) => {
  for (const name of ["c", "b", "a"]) await api.create({ name });
  await keys.open();
  await keys.select.click();
  await network.amend("PATCH /api/keys/*", EVERYWHERE);
  for (const name of ["a", "b"]) await keys.row(name).box.check();
  await keys.chosen.disable.click();
  await expect(keys.chosen.root).toContainText("2 keys disabled, in effect on all 3 servers in 36 ms.");
  await network.amend("DELETE /api/keys/*", effective(2, 1, 18));
  await keys.row("c").box.check();
  await keys.chosen.delete.click();
  await keys.chosen.count.fill("1");
  await keys.chosen.confirm.click();
  await expect(keys.chosen.root).toContainText("1 key deleted, revoked on 2 servers; 1 did not answer and can accept nothing any more.");
});
