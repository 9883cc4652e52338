// The list of API keys.

import { expect, state, test } from "./look";
import { AWAY, replaced, rows } from "./samples";

test(state("keys-loading"), async ({ keys, network }) => {
  await network.hold("GET /api/keys");
  await keys.open();
  await expect(keys.loading).toBeVisible();
});

test(state("keys-failed"), async ({ keys, network }) => {
  await network.fail("GET /api/keys", AWAY);
  await keys.open();
  await expect(keys.failed).toBeVisible();
});

test(state("keys-empty"), async ({ keys }) => {
  await keys.open();
  await expect(keys.empty).toBeVisible();
});

test(state("keys-list"), async ({ keys, api, server }) => {
  const key = await rows(api);
  await server.verify(key);
  await server.restart();
  await keys.open();
  await expect(keys.row("production").lastUsed).not.toHaveText("Never used");
});

test.describe(() => {
  test.use({ serverOptions: { keys: 12_345 } });

  test(state("keys-many"), async ({ keys }) => {
    await keys.open("?tab=keys&sort=oldest");
    await keys.pager.next.click();
    await expect(keys.pager.extent).toContainText("101 to 200");
  });

  test(state("keys-found"), async ({ keys }) => {
    await keys.open("?tab=keys&q=billing-0012&status=active");
    await expect(keys.count).toHaveText("8 keys found");
  });
});

test(state("keys-scopes"), async ({ keys, api }) => {
  await rows(api);
  await keys.open();
  await keys.rows.getByText(/^\+9 more/).focus();
  await expect(keys.rows.getByRole("tooltip").filter({ hasText: "orders-11:write" })).toBeVisible();
});

test(state("keys-no-match"), async ({ keys, api }) => {
  await rows(api);
  await keys.open("?q=nothing");
  await expect(keys.noMatch).toBeVisible();
});

test(state("keys-search-cut"), async ({ keys, api }) => {
  await rows(api);
  const { key } = await api.create({ name: "leaked" });
  await keys.open();
  await keys.search.fill(key);
  await expect(keys.cut).toBeVisible();
  await expect(keys.names()).toHaveText(["leaked"]);
});

test(state("keys-replaced"), async ({ keys, api, server }) => {
  await replaced(api, server);
  await keys.open();
  await expect(keys.row("production").overlap).toContainText("last used");
});
