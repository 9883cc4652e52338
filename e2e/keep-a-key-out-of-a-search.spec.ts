// A key in a search would be in the address, the history and the log of every proxy.

import { violations } from "./fixtures/axe";
import { CLIPBOARD } from "./fixtures/clipboard";
import { everythingIn } from "./fixtures/everything";
import { expect, test } from "./fixtures/test";
import { SECRETS } from "./pages/keys";

test.use({ permissions: CLIPBOARD });

for (const [what, around] of [
  ["a key", (key: string) => key],
  ["a header", (key: string) => `x-api-key: ${key}`],
  ["a command", (key: string) => `curl -H 'x-api-key: ${key}' https://keys.example/api/verify`],
  ["a line of a file", (key: string) => `\tAPI_KEY="${key}"\n`],
] as const) {
  test(`${what} that is pasted finds the key by its beginning, and no more of it goes anywhere`, async ({ keys, api, page, clipboard, network }) => {
    const { key, prefix } = await api.create({ name: "leaked" });
    await api.create({ name: "other" });
    await keys.open();
    await expect(keys.names()).toHaveCount(2);
    const asked = network.requests("GET /api/keys");
    await clipboard.write(around(key));
    await keys.search.focus();
    await page.keyboard.press("Control+V");
    await expect(keys.search).toHaveValue(prefix);
    await expect(keys.names()).toHaveText(["leaked"]);
    await expect(keys.search).toHaveAccessibleDescription("Only the first 8 characters of the key were kept.");
    await expect(page).toHaveURL(`${SECRETS}?tab=keys&q=${prefix}`);
    expect(await everythingIn(page)).not.toContain(key.slice(8, 16));
    expect(asked.length).toBeGreaterThan(0);
    for (const url of asked) expect(url.href).not.toContain(key.slice(8, 12));
    expect(await violations(page)).toEqual([]);

    await keys.search.fill("oth");
    await expect(keys.cut).toBeHidden();
    await expect(keys.names()).toHaveText(["other"]);
  });
}

test("a key that is typed or dropped stops at its eighth character", async ({ keys, api, page }) => {
  const { key, prefix } = await api.create({ name: "leaked" });
  await keys.open();
  await keys.search.pressSequentially(key.slice(0, 8));
  await expect(keys.cut).toBeHidden();
  await keys.search.pressSequentially(key.slice(8, 14));
  await expect(keys.search).toHaveValue(prefix);
  await expect(keys.cut).toBeVisible();
  await keys.search.fill(`${key}X and more`);
  await expect(keys.search).toHaveValue(prefix);
  await expect(page).toHaveURL(`${SECRETS}?tab=keys&q=${prefix}`);
});

test("an address with a key in it is replaced before the server is asked", async ({ keys, api, page, network }) => {
  const { key, prefix } = await api.create({ name: "leaked" });
  const asked = network.requests("GET /api/keys");
  await keys.open(`?tab=keys&q=Bearer%20${key}&sort=name`);
  await expect(page).toHaveURL(`${SECRETS}?tab=keys&q=${prefix}&sort=name`);
  await expect(keys.search).toHaveValue(prefix);
  await expect(keys.cut).toBeVisible();
  await expect(keys.names()).toHaveText(["leaked"]);
  for (const url of asked) expect(url.href).not.toContain(key.slice(8));
  expect(await page.evaluate(() => JSON.stringify([history.state, location.href]))).not.toContain(key.slice(8));
});

test("a name that begins like a key is still found", async ({ keys, api }) => {
  await api.create({ name: "kw_billing-2026" });
  await keys.open();
  await keys.search.fill("kw_bill");
  await expect(keys.names()).toHaveText(["kw_billing-2026"]);
  await expect(keys.cut).toBeHidden();
});

test("a search that does not look for keys refuses one", async ({ keys, secrets, audit, api, page, clipboard }) => {
  const { key } = await api.create({ name: "leaked" });
  await api.keep({ key: "A", value: "v" });
  await clipboard.allow();
  const refusal = page.getByText("A key was removed: this search does not look for keys.", { exact: true });
  const expectRefusal = async (field: typeof keys.scope) => {
    await clipboard.write(`x-api-key: ${key}`);
    await field.focus();
    await page.keyboard.press("Control+V");
    await expect(field).toHaveValue("");
    await expect(refusal).toBeVisible();
    await field.fill(key);
    await expect(field).toHaveValue("");
    await expect(field).toHaveAccessibleDescription("A key was removed: this search does not look for keys.");
    expect(page.url()).not.toContain("kw_");
    await field.fill("a");
    await expect(refusal).toHaveCount(0);
  };
  await keys.open();
  await expectRefusal(keys.scope);
  await secrets.open();
  await expectRefusal(secrets.search);
  await page.goto("/admin/audit");
  await expectRefusal(audit.target);
});
