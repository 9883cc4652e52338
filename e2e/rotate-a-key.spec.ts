// Replacing a key while programs go on using it: the old one works beside the new one for a
// while.

import { unavailable } from "./fixtures/answers";
import { CLIPBOARD } from "./fixtures/clipboard";
import { everythingIn } from "./fixtures/everything";
import { expect, test } from "./fixtures/test";
import { CREATED, ROTATED } from "./pages/key-banner";
import { KEY } from "./pages/keys";

test.use({ permissions: CLIPBOARD });

test("the old key works beside the new one until its overlap is ended", async ({ keys, api, server, page }) => {
  const old = await api.create({ name: "production", scopes: ["orders:write"] });
  await api.create({ name: "other" });
  await keys.open();
  await keys.row("production").choose("Rotate");
  await expect(keys.dialog.root).toHaveAccessibleName("Rotate “production”");
  await expect(keys.dialog.root).toContainText("A new key is made and shown once.");
  await expect(keys.dialog.root).toContainText("Name, id, scopes and limits stay as they are.");
  await expect(keys.dialog.root).not.toContainText("Two keys work at present");
  await expect(keys.dialog.grace.getByRole("option")).toHaveText(["No time: refuse it now", "15 minutes", "1 hour", "6 hours", "24 hours"]);
  await expect(keys.dialog.grace).toHaveValue("86400");
  await keys.dialog.rotate.click();
  await expect(keys.dialog.root).toBeHidden();

  const banner = keys.banner("production");
  await expect(banner.key).toHaveValue(KEY);
  await expect(banner.status).toHaveText(ROTATED);
  await expect(banner.copy).toBeFocused();
  const key = await banner.key.inputValue();
  expect(key).not.toBe(old.key);
  await expect(keys.names()).toHaveText(["other", "production"]);
  const row = keys.row("production");
  await expect(row.prefix).toHaveText(`${key.slice(0, 8)}...`);
  await expect(row.overlap).toContainText(`Old key ${old.prefix}... works until`);
  await expect(row.overlap).toContainText("not used yet");
  const ends = Date.parse((await row.overlap.getByRole("time").getAttribute("datetime"))!);
  expect(Math.abs(ends - Date.now() - 86_400_000)).toBeLessThan(60_000);

  for (const one of [old.key, key]) {
    const answer = await server.verify(one);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ data: { keyId: old.id, name: "production", scopes: ["orders:write"] } });
  }
  // The server writes down at most every five seconds that the old one was used.
  await expect(async () => {
    await keys.refresh.click();
    await expect(row.overlap).toContainText(/last used (just now|1 minute ago)/, { timeout: 500 });
  }).toPass({ timeout: 12_000, intervals: [1_000] });

  await row.endOverlap.click();
  await expect(row.overlap).toBeHidden();
  await expect(keys.says("Overlap of “production” ended")).toBeVisible();
  await expect(row.actions).toBeFocused();
  expect(await server.statusOf(old.key)).toBe(401);
  expect(await server.statusOf(key)).toBe(200);
  const rotated = (await api.keys()).find(({ id }) => id === old.id);
  expect(rotated).toMatchObject({ name: "production", enabled: true });
  expect(rotated).not.toHaveProperty("overlap");

  await banner.copy.click();
  await banner.done.click();
  await expect(keys.banners).toHaveCount(0);
  expect(await everythingIn(page)).not.toContain(key.slice(8));
  await page.reload();
  await expect(row.root).toBeVisible();
  expect(await everythingIn(page)).not.toContain(key.slice(8));
  expect(await server.statusOf(key)).toBe(200);
});

test("a key that leaked is replaced at once", async ({ keys, api, server }) => {
  const old = await api.create({ name: "ci" });
  await keys.open();
  await keys.row("ci").choose("Rotate");
  await keys.dialog.grace.selectOption("No time: refuse it now");
  await keys.dialog.rotate.click();
  await expect(keys.banner("ci").key).toHaveValue(KEY);
  expect(await server.statusOf(old.key)).toBe(401);
  expect(await server.statusOf(await keys.banner("ci").key.inputValue())).toBe(200);
  await expect(keys.row("ci").overlap).toBeHidden();
  await keys.row("ci").actions.click();
  await expect(keys.row("ci").item("Rotate")).toBeVisible();
  await expect(keys.row("ci").item("End overlap now")).toBeHidden();
});

test("a double click makes one rotation", async ({ keys, api, server, network }) => {
  const old = await api.create({ name: "ci" });
  const requests = network.requests("* /api/keys/*/rotate");
  await keys.open();
  await keys.row("ci").choose("Rotate");
  await keys.dialog.rotate.dblclick();
  await expect(keys.banner("ci").key).toHaveValue(KEY);
  expect(requests).toHaveLength(1);
  const first = await keys.banner("ci").key.inputValue();
  expect(await server.statusOf(old.key)).toBe(200);

  // Faster than any finger: two submissions before the page can draw itself.
  await keys.row("ci").choose("Rotate");
  await keys.dialog.root.locator("form").evaluate((form: HTMLFormElement) => {
    form.requestSubmit();
    form.requestSubmit();
  });
  await expect(keys.banner("ci").key).not.toHaveValue(first);
  await expect(keys.alert).toHaveCount(0);
  expect(requests).toHaveLength(2);
  expect(await server.statusOf(first)).toBe(200);
});

test("of three keys the oldest stops, as the dialog says", async ({ keys, api, server }) => {
  const oldest = await api.create({ name: "ci" });
  const old = await api.replace("ci", 3_600);
  await keys.open();
  await expect(keys.row("ci").overlap).toContainText(`Old key ${oldest.prefix}... works until`);
  await keys.row("ci").choose("Rotate");
  await expect(keys.dialog.root).toContainText(`Two keys work at present. The older one, ${oldest.prefix}..., stops working at once.`);
  await keys.dialog.rotate.click();
  const key = await keys.newKey("ci");
  await expect(keys.row("ci").overlap).toContainText(`Old key ${old.prefix}... works until`);
  expect(await server.statusOf(oldest.key)).toBe(401);
  expect(await server.statusOf(old.key)).toBe(200);
  expect(await server.statusOf(key)).toBe(200);
});

test("a new key takes the place of the one it replaces, on the page as well", async ({ keys, page }) => {
  await keys.open();
  const first = await keys.create("ci");
  await expect(keys.banner("ci").status).toHaveText(CREATED);
  await keys.row("ci").rotate();
  await expect(keys.banners.getByRole("status")).toHaveText([ROTATED]);
  await expect(keys.banner("ci").key).not.toHaveValue(first);
  expect(await everythingIn(page)).not.toContain(first.slice(8));
});

test("a rotation that fails says why and changes nothing", async ({ keys, api, server, watch, network }) => {
  const old = await api.create({ name: "ci" });
  const path = `/api/keys/${old.id}/rotate` as const;
  const expectUnrotated = async () => {
    const [kept] = await api.keys();
    expect(kept).toMatchObject({ prefix: old.prefix });
    expect(kept).not.toHaveProperty("overlap");
  };
  await keys.open();
  await network.fail(`POST ${path}`, unavailable("req-7"));
  await keys.row("ci").choose("Rotate");
  await keys.dialog.grace.selectOption("1 hour");
  await keys.dialog.rotate.click();
  await expect(keys.dialog.error).toContainText("The database did not answer, so nothing was changed. Try again.");
  await expect(keys.dialog.error).toContainText("req-7");
  await expect(keys.dialog.grace).toHaveValue("3600");
  await expect(keys.banners).toHaveCount(0);
  await keys.page.keyboard.press("Escape");
  await expect(keys.dialog.root).toBeHidden();
  await expect(keys.row("ci").prefix).toHaveText(`${old.prefix}...`);
  await expect(keys.row("ci").overlap).toBeHidden();
  await expectUnrotated();
  expect(await server.statusOf(old.key)).toBe(200);

  // A key that has expired is replaced by none.
  await network.restore();
  await api.change("ci", { expiresAt: new Date(Date.now() + 1_000).toISOString() });
  await expect.poll(() => server.statusOf(old.key)).toBe(401);
  const { message } = (await (await api.send("POST", path, { graceSeconds: 0 })).json()) as { message: string };
  watch.expectFailure(409, path);
  await keys.row("ci").rotate();
  await expect(keys.dialog.error).toContainText(message);
  await expectUnrotated();
});

test("while it is under way the button says so", async ({ keys, api, network }) => {
  await api.create({ name: "ci" });
  await keys.open();
  const answer = await network.hold("POST /api/keys/*/rotate");
  await keys.row("ci").rotate();
  await expect(keys.dialog.rotating).toHaveAttribute("aria-disabled", "true");
  // Who gives up waiting has not given up the key.
  await keys.dialog.cancel.click();
  await expect(keys.dialog.root).toBeHidden();
  answer();
  await expect(keys.banner("ci").key).toHaveValue(KEY);
});
