// The page of one key: beside the list on a wide window, else in its place.

import { unavailable } from "./fixtures/answers";
import { violations } from "./fixtures/axe";
import { CLIPBOARD } from "./fixtures/clipboard";
import { expect, test } from "./fixtures/test";
import { KEY, SECRETS } from "./pages/keys";

test.use({ permissions: CLIPBOARD, viewport: { width: 1440, height: 900 } });

test("a key is opened from its row, and Escape, Close and Back return to it", async ({ keys, page, api }) => {
  for (const name of ["a", "b", "c"]) await api.create({ name });
  const { id } = (await api.keys()).find((key) => key.name === "b")!;
  await keys.open("?tab=keys&sort=name");
  const opened = keys.pageOf("b");
  for (const leave of [() => page.keyboard.press("Escape"), () => opened.close.click(), () => page.goBack()]) {
    await keys.row("b").link.click();
    await expect(opened.title).toBeFocused();
    await expect(page).toHaveURL(`${SECRETS}?tab=keys&sort=name&key=${id}`);
    await expect(keys.row("b").link).toHaveAttribute("aria-current", "true");
    await expect(keys.names(), "the list stays beside it").toHaveText(["a", "b", "c"]);
    await leave();
    await expect(opened.root).toBeHidden();
    await expect(keys.row("b").link).toBeFocused();
    await expect(page).toHaveURL(`${SECRETS}?tab=keys&sort=name`);
  }
  // From one to another, and back to the list in one step.
  await keys.row("a").link.click();
  await expect(keys.pageOf("a").title).toBeFocused();
  await keys.row("c").link.click();
  await expect(keys.pageOf("c").title).toBeFocused();
  await page.goBack();
  await expect(page).toHaveURL(`${SECRETS}?tab=keys&sort=name`);
  await expect(keys.row("c").link).toBeFocused();
  await page.goForward();
  await expect(keys.pageOf("c").title).toBeVisible();
});

test("it tells what the row has no room for", async ({ keys, page, api, server, clipboard }) => {
  const scopes = Array.from({ length: 11 }, (_, n) => `orders-${n}:write`).sort();
  const made = await api.create({ name: "ci", scopes, expiresAt: "2099-07-31T21:59:59Z", rateLimit: { requests: 100, windowSeconds: 60 }, allowedNetworks: ["127.0.0.0/8"] });
  await api.create({ name: "ci-2" });
  await api.change("ci-2", { enabled: false });
  const { key, prefix } = await api.replace("ci", 3_600);
  expect(await server.statusOf(key)).toBe(200);
  await keys.open(`?tab=keys&key=${made.id}`);
  const opened = keys.pageOf("ci");
  await expect(opened.title).toBeFocused();
  await expect(opened.root).toContainText("Active");
  await expect(opened.fact("Scopes").getByRole("listitem")).toHaveText(scopes);
  await expect(opened.fact("Limits")).toHaveText("100 requests per minutefrom 127.0.0.0/8");
  await expect(opened.fact("Expires")).toContainText("31 Jul 2099");
  await expect(opened.fact("Created")).toContainText("by ada@example.com");
  await expect(opened.fact("Last used")).toContainText(/just now.*from 127\.0\.0\.1/);
  await expect(opened.fact("Old key")).toContainText(`Old key ${made.prefix}... works until`);
  await expect(opened.fact("Id")).toHaveText(made.id);

  await opened.copyId.click();
  await expect(opened.copyId).toHaveText("Copied");
  expect(await clipboard.text()).toBe(made.id);
  await opened.copyPrefix.click();
  await expect(opened.copyPrefix).toHaveText("Copied");
  expect(await clipboard.text()).toBe(prefix);
  await expect(opened.command).toHaveValue(`curl -H 'x-api-key: kw_...' ${server.url}/api/verify`);

  // Only what is about this key.
  await expect(opened.entries).toHaveCount(2);
  await expect(opened.entries.nth(0)).toContainText("Rotated by ada@example.com");
  await expect(opened.entries.nth(1)).toContainText("Created by ada@example.com");
  await expect(opened.allEntries).toHaveAttribute("href", "/admin/audit?action=key&target=ci");
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await violations(page)).toEqual([]);
  }
});

test("scopes are changed, and hold at once", async ({ keys, api, server }) => {
  await api.keep({ key: "GITHUB_TOKEN", value: "v" });
  const { id, key } = await api.create({ name: "ci", scopes: ["orders:write", "secrets:read:A", "keys:verify"] });
  await keys.open(`?tab=keys&key=${id}`);
  const opened = keys.pageOf("ci");
  expect((await server.call("/api/secrets/GITHUB_TOKEN", key)).status).toBe(403);
  await opened.changeScopes.click();
  await expect(keys.dialog.root).toHaveAccessibleName("Change scopes of “ci”");
  const { fields } = keys.dialog;
  await expect(fields.scope("secrets:read")).toBeChecked();
  await expect(fields.narrowing("secrets:read")).toHaveValue("A");
  await expect(fields.scope("keys:verify")).toBeChecked();
  await expect(fields.scope("secrets:write")).not.toBeChecked();
  await expect(fields.otherScopes).toHaveValue("orders:write");
  await fields.narrowing("secrets:read").fill("GITHUB_*");
  await fields.scope("keys:verify").uncheck();
  await fields.otherScopes.fill("Not!");
  await keys.dialog.save.click();
  await expect(fields.otherScopes).toHaveAccessibleDescription(/Scope must look like/);
  await fields.otherScopes.fill("orders:read");
  await keys.dialog.save.click();
  await expect(keys.dialog.root).toBeHidden();
  await expect(opened.changeScopes).toBeFocused();
  await expect(keys.says("Scopes of “ci” changed")).toBeVisible();
  await expect(opened.fact("Scopes").getByRole("listitem")).toHaveText(["orders:read", "secrets:read:GITHUB_*"]);
  await expect(opened.entries.first()).toContainText("Changed by");
  expect((await api.keys())[0]!.scopes).toEqual(["orders:read", "secrets:read:GITHUB_*"]);
  expect((await server.call("/api/secrets/GITHUB_TOKEN", key)).status).toBe(200);

  // From the menu of the row as well, and down to none.
  await keys.row("ci").choose("Change scopes");
  await fields.scope("secrets:read").uncheck();
  await fields.otherScopes.fill("");
  await keys.dialog.save.click();
  await expect(opened.fact("Scopes")).toContainText("None");
  expect((await server.call("/api/secrets/GITHUB_TOKEN", key)).status).toBe(403);
});

test("scopes that cannot be changed stay, and the dialog says why", async ({ keys, api, network }) => {
  const { id } = await api.create({ name: "ci", scopes: ["orders:write"] });
  await keys.open(`?tab=keys&key=${id}`);
  await network.fail(`PATCH /api/keys/${id}`, unavailable("req-5"));
  await keys.pageOf("ci").changeScopes.click();
  await keys.dialog.fields.otherScopes.fill("");
  await keys.dialog.save.click();
  await expect(keys.dialog.error).toContainText("req-5");
  await keys.dialog.cancel.click();
  await expect(keys.pageOf("ci").fact("Scopes")).toContainText("orders:write");
});

test("what ends a key says what it means, and does it", async ({ keys, api, server }) => {
  for (const name of ["first", "ci", "last"]) await api.create({ name });
  const old = (await api.keys()).find((key) => key.name === "ci")!;
  await keys.open("?tab=keys&sort=name");
  await keys.row("ci").link.click();
  const opened = keys.pageOf("ci");
  await expect(opened.root).toContainText("Programs that use it get 401. This cannot be undone.");
  await expect(opened.root).toContainText("A new key is made. The old one works beside it for as long as you choose.");

  await opened.rotate.click();
  await keys.dialog.rotate.click();
  const banner = keys.banner("ci");
  await expect(banner.key).toHaveValue(KEY);
  await expect(banner.copy).toBeFocused();
  await expect(banner.dismiss, "the page of the key does not cover it").toBeInViewport({ ratio: 1 });
  const key = await banner.key.inputValue();
  await banner.copy.click();
  await banner.done.click();
  await opened.endOverlap.click();
  await expect(opened.endOverlap).toBeHidden();
  await expect(opened.title).toBeFocused();

  await opened.disable.click();
  await expect(opened.enable).toBeFocused();
  await expect(opened.root).toContainText("Disabled");
  await expect(keys.row("ci").status).toHaveText(/Disabled/);
  expect(await server.statusOf(key)).toBe(401);
  await opened.enable.click();
  await expect(opened.disable).toBeVisible();
  expect(await server.statusOf(key)).toBe(200);

  // Only one of its two buttons is armed; Escape disarms it and closes nothing.
  await opened.delete.click();
  await expect(opened.confirm).toBeFocused();
  await expect(keys.row("ci").delete).toBeVisible();
  await keys.page.keyboard.press("Escape");
  await expect(opened.delete).toBeFocused();
  await opened.delete.click();
  await opened.confirm.click();
  await expect(opened.root).toBeHidden();
  await expect(keys.names()).toHaveText(["first", "last"]);
  await expect(keys.row("first").link).toBeFocused();
  expect(await server.statusOf(key)).toBe(401);
  expect(old.name).toBe("ci");
});

test("a change that fails is said on the page of the key, and in its row once that is closed", async ({ keys, api, network }) => {
  const { id } = await api.create({ name: "ci" });
  await keys.open(`?tab=keys&key=${id}`);
  const opened = keys.pageOf("ci");
  await network.fail(`PATCH /api/keys/${id}`, unavailable("req-8"));
  await opened.disable.click();
  await expect(opened.alert).toContainText("“ci” was not disabled.");
  await expect(opened.alert).toContainText("req-8");
  await expect(keys.alert).toHaveCount(1);
  await opened.close.click();
  await expect(keys.table.getByRole("alert")).toContainText("req-8");
  await keys.closeAlert.click();
  await expect(keys.alert).toHaveCount(0);
});

test("an address opens it on any page of the list, and an id that no key has says so", async ({ keys, page, api, watch, network }) => {
  const { id } = await api.create({ name: "ci" });
  await keys.open(`?tab=keys&q=nothing&key=${id}`);
  await expect(keys.pageOf("ci").title).toBeVisible();
  await keys.pageOf("ci").rename.click();
  await keys.dialog.name.fill("renamed");
  await keys.dialog.save.click();
  await expect(keys.pageOf("renamed").title).toBeVisible();
  await keys.pageOf("renamed").close.click();
  await expect(page).toHaveURL(`${SECRETS}?tab=keys&q=nothing`);
  await expect(keys.noMatch).toBeVisible();

  watch.expectFailure(404, "/api/keys/unknown");
  await keys.open("?tab=keys&key=unknown");
  const unknown = keys.pageOf("API key");
  await expect(unknown.alert).toHaveText("No key has the id unknown.");
  expect(await violations(page)).toEqual([]);
  await unknown.close.click();
  await expect(keys.names()).toHaveText(["renamed"]);

  await network.fail(`GET /api/keys/${id}`, unavailable("req-6"));
  await keys.open(`?tab=keys&q=nothing&key=${id}`);
  await expect(unknown.alert).toContainText("The API key could not be loaded");
  await expect(unknown.alert).toContainText("req-6");
  await network.restore();
  await unknown.alert.getByRole("button", { name: "Retry" }).click();
  await expect(keys.pageOf("renamed").title).toBeVisible();
});

for (const width of [1280, 390]) {
  test(`at ${width} px it takes the place of the list, and a new key is still seen`, async ({ keys, page, api }) => {
    await page.setViewportSize({ width, height: 800 });
    for (let n = 0; n < 30; n += 1) await api.create({ name: `service-${n}` });
    await keys.open();
    await keys.row("service-3").link.scrollIntoViewIfNeeded();
    await page.waitForTimeout(300);
    const place = await page.evaluate(() => scrollY);
    await keys.row("service-3").link.click();
    const opened = keys.pageOf("service-3");
    await expect(opened.title).toBeFocused();
    await expect(opened.title).toBeInViewport({ ratio: 1 });
    await expect(keys.table).toBeHidden();
    await expect(keys.search).toBeHidden();
    expect(await violations(page)).toEqual([]);
    await opened.rotate.click();
    await keys.dialog.rotate.click();
    await expect(keys.banner("service-3").key).toBeInViewport();
    await keys.banner("service-3").copy.click();
    await keys.banner("service-3").done.click();
    await opened.close.click();
    await expect(keys.table).toBeVisible();
    await expect(keys.row("service-3").link).toBeFocused();
    await expect.poll(() => page.evaluate(() => scrollY)).toBe(place);
  });
}
