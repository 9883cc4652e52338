// The page of one key, and several keys at once.

import { violations } from "../fixtures/axe";
import { HEIGHT, THEMES, expect, picture, state, test } from "./look";
import { AWAY, replaced, rows } from "./samples";

test(state("key-page"), async ({ keys, api, server }) => {
  await replaced(api, server);
  const { id } = (await api.keys()).find((key) => key.name === "production")!;
  await keys.open(`?tab=keys&key=${id}`);
  await expect(keys.pageOf("production").entries.first()).toBeVisible();
});

test(state("key-page-full"), async ({ keys, api, network }) => {
  await rows(api);
  const { id } = (await api.keys()).find((key) => key.name.startsWith("a-name-that"))!;
  await network.fail("PATCH /api/keys/*", AWAY);
  await keys.open(`?tab=keys&key=${id}`);
  const opened = keys.pageOf("a-name-that-is-64-characters-long-and-has-no-place-to-break-xxxx");
  await expect(opened.entries.first()).toBeVisible();
  await opened.disable.click();
  await expect(opened.alert).toBeVisible();
});

test(state("key-page-unknown"), async ({ keys, api, watch }) => {
  await rows(api);
  watch.expectFailure(404, "/api/keys/unknown");
  await keys.open("?tab=keys&key=unknown");
  await expect(keys.pageOf("API key").alert).toBeVisible();
});

test(state("key-change-scopes"), async ({ keys, api }) => {
  await rows(api);
  await keys.open();
  await keys.row("production").choose("Change scopes");
  await expect(keys.dialog.fields.scope("secrets:read")).toBeChecked();
});

test(state("keys-selected"), async ({ keys, api }) => {
  await rows(api);
  await keys.open();
  await keys.select.click();
  for (const name of ["staging", "production"]) await keys.row(name).box.check();
  await expect(keys.chosen.root).toContainText("2 selected");
});

test(state("keys-delete-selected"), async ({ keys, api }) => {
  await rows(api);
  await keys.open();
  await keys.select.click();
  await keys.chosen.all.check();
  await keys.chosen.delete.click();
  await keys.chosen.confirm.click();
  await expect(keys.chosen.dialog.getByText(/^Type \d+ to delete/)).toBeVisible();
});

test("on a wide window the list and the page of a key are side by side", async ({ keys, page, api, server }) => {
  await page.setViewportSize({ width: 1440, height: HEIGHT });
  await replaced(api, server);
  for (let n = 0; n < 12; n += 1) await api.create({ name: `service-${n}`, scopes: n % 2 ? ["secrets:read", "orders:write"] : [] });
  await keys.open();
  await expect(keys.names()).toHaveCount(16);
  for (const colorScheme of THEMES) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await picture(page, `keys-1440-${colorScheme}`);
    expect(await violations(page)).toEqual([]);
  }
  await keys.row("production").link.click();
  await expect(keys.pageOf("production").entries.first()).toBeVisible();
  for (const colorScheme of THEMES) {
    await page.emulateMedia({ colorScheme });
    await picture(page, `key-page-1440-${colorScheme}`);
    expect(await violations(page)).toEqual([]);
  }
  await page.setViewportSize({ width: 768, height: HEIGHT });
  await keys.pageOf("production").close.click();
  await expect(keys.table).toBeVisible();
  await picture(page, "keys-768-dark");
});
