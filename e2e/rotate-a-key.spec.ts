// Replacing a key while programs go on using it: the old one works beside the new one for
// a while, and not a moment longer than somebody wants it to.

import { problem } from "./fixtures/api";
import { CREATED, KEY, ROTATED } from "./fixtures/pages";
import { everythingIn, expect, test } from "./fixtures/test";

const ROTATE = "**/api/keys/*/rotate";
const OVERLAP = "**/api/keys/*/overlap";

test.use({ permissions: ["clipboard-read", "clipboard-write"] });

test("the old key works beside the new one until its overlap is ended", async ({ keys, api, server, page }) => {
  const old = await api.create({ name: "production", scopes: ["orders:write"] });
  await api.create({ name: "other" });
  await keys.open();
  await keys.row("production").choose("Rotate");
  await expect(keys.dialog).toHaveAccessibleName("Rotate “production”");
  await expect(keys.dialog).toContainText("A new key is made and shown once.");
  await expect(keys.dialog).toContainText("Name, id, scopes and limits stay as they are.");
  await expect(keys.dialog).not.toContainText("Two keys work at present");
  await expect(keys.grace.getByRole("option")).toHaveText(["No time: refuse it now", "15 minutes", "1 hour", "6 hours", "24 hours"]);
  await expect(keys.grace).toHaveValue("86400");
  await keys.rotate.click();
  await expect(keys.dialog).toBeHidden();

  const banner = keys.banner("production");
  await expect(banner.key).toHaveValue(KEY);
  await expect(banner.root.getByRole("status")).toHaveText(ROTATED);
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
  expect((await server.verify(old.key)).status).toBe(401);
  expect((await server.verify(key)).status).toBe(200);
  const rotated = (await api.keys()).find(({ id }) => id === old.id);
  expect(rotated).toMatchObject({ name: "production", enabled: true });
  expect(rotated).not.toHaveProperty("overlap");

  await banner.copy.click();
  await banner.dismiss.click();
  await expect(keys.banners).toHaveCount(0);
  expect(await everythingIn(page)).not.toContain(key.slice(8));
  await page.reload();
  await expect(row.root).toBeVisible();
  expect(await everythingIn(page)).not.toContain(key.slice(8));
  expect((await server.verify(key)).status).toBe(200);
});

test("a key that leaked is replaced at once", async ({ keys, api, server }) => {
  const old = await api.create({ name: "ci" });
  await keys.open();
  await keys.row("ci").choose("Rotate");
  await keys.grace.selectOption("No time: refuse it now");
  await keys.rotate.click();
  await expect(keys.banner("ci").key).toHaveValue(KEY);
  expect((await server.verify(old.key)).status).toBe(401);
  expect((await server.verify(await keys.banner("ci").key.inputValue())).status).toBe(200);
  await expect(keys.row("ci").overlap).toBeHidden();
  await keys.row("ci").actions.click();
  await expect(keys.page.getByRole("button", { name: "Rotate", exact: true })).toBeVisible();
  await expect(keys.page.getByRole("button", { name: "End overlap now", exact: true })).toBeHidden();
});

test("a double click makes one rotation", async ({ keys, api, server, page }) => {
  const old = await api.create({ name: "ci" });
  let requests = 0;
  page.on("request", (request) => void (request.url().endsWith("/rotate") && (requests += 1)));
  await keys.open();
  await keys.row("ci").choose("Rotate");
  await keys.rotate.dblclick();
  await expect(keys.banner("ci").key).toHaveValue(KEY);
  expect(requests).toBe(1);
  const first = await keys.banner("ci").key.inputValue();
  expect((await server.verify(old.key)).status).toBe(200);

  // Faster than any finger: two submissions before the page can draw itself.
  await keys.row("ci").choose("Rotate");
  await keys.dialog.locator("form").evaluate((form: HTMLFormElement) => {
    form.requestSubmit();
    form.requestSubmit();
  });
  await expect(keys.banner("ci").key).not.toHaveValue(first);
  await expect(keys.alert).toHaveCount(0);
  expect(requests).toBe(2);
  expect((await server.verify(first)).status).toBe(200);
});

test("of three keys the oldest stops, as the dialog says", async ({ keys, api, server }) => {
  const oldest = await api.create({ name: "ci" });
  const old = await api.replace("ci", 3_600);
  await keys.open();
  await expect(keys.row("ci").overlap).toContainText(`Old key ${oldest.prefix}... works until`);
  await keys.row("ci").choose("Rotate");
  await expect(keys.dialog).toContainText(`Two keys work at present. The older one, ${oldest.prefix}..., stops working at once.`);
  await keys.rotate.click();
  await expect(keys.banner("ci").key).toHaveValue(KEY);
  await expect(keys.row("ci").overlap).toContainText(`Old key ${old.prefix}... works until`);
  const key = await keys.banner("ci").key.inputValue();
  expect((await server.verify(oldest.key)).status).toBe(401);
  expect((await server.verify(old.key)).status).toBe(200);
  expect((await server.verify(key)).status).toBe(200);
});

test("a new key takes the place of the one it replaces, on the page as well", async ({ keys, page }) => {
  await keys.open();
  const first = await keys.create("ci");
  await expect(keys.banner("ci").root.getByRole("status")).toHaveText(CREATED);
  await keys.row("ci").choose("Rotate");
  await keys.rotate.click();
  await expect(keys.banners.getByRole("status")).toHaveText([ROTATED]);
  await expect(keys.banner("ci").key).not.toHaveValue(first);
  expect(await everythingIn(page)).not.toContain(first.slice(8));
});

test("a rotation that fails says why and changes nothing", async ({ keys, api, server, page, watch }) => {
  const old = await api.create({ name: "ci" });
  const path = `/api/keys/${old.id}/rotate`;
  const expectUnrotated = async () => {
    const [kept] = await api.keys();
    expect(kept).toMatchObject({ prefix: old.prefix });
    expect(kept).not.toHaveProperty("overlap");
  };
  await keys.open();
  await page.route(ROTATE, (route) => route.fulfill(problem(503, "The store cannot answer; try again", "req-7")));
  watch.expectFailure(503, path);
  await keys.row("ci").choose("Rotate");
  await keys.grace.selectOption("1 hour");
  await keys.rotate.click();
  await expect(keys.dialog.getByRole("alert")).toContainText("The store cannot answer; try again");
  await expect(keys.dialog.getByRole("alert")).toContainText("req-7");
  await expect(keys.grace).toHaveValue("3600");
  await expect(keys.banners).toHaveCount(0);
  await keys.page.keyboard.press("Escape");
  await expect(keys.dialog).toBeHidden();
  await expect(keys.row("ci").prefix).toHaveText(`${old.prefix}...`);
  await expect(keys.row("ci").overlap).toBeHidden();
  await expectUnrotated();
  expect((await server.verify(old.key)).status).toBe(200);

  // A key that has expired is replaced by none.
  await page.unroute(ROTATE);
  await api.change("ci", { expiresAt: new Date(Date.now() + 1_000).toISOString() });
  await expect.poll(async () => (await server.verify(old.key)).status).toBe(401);
  const { message } = (await (await api.send("POST", path, { graceSeconds: 0 })).json()) as { message: string };
  watch.expectFailure(409, path);
  await keys.row("ci").choose("Rotate");
  await keys.rotate.click();
  await expect(keys.dialog.getByRole("alert")).toContainText(message);
  await expectUnrotated();
});

test("while it is under way the button says so", async ({ keys, api, page }) => {
  await api.create({ name: "ci" });
  let answer = () => {};
  const held = new Promise<void>((resolve) => (answer = resolve));
  await keys.open();
  await page.route(ROTATE, async (route) => {
    await held;
    await route.continue();
  });
  await keys.row("ci").choose("Rotate");
  await keys.rotate.click();
  await expect(keys.dialog.getByRole("button", { name: "Rotating...", exact: true })).toHaveAttribute("aria-disabled", "true");
  // Who gives up waiting has not given up the key.
  await keys.dialog.getByRole("button", { name: "Cancel" }).click();
  await expect(keys.dialog).toBeHidden();
  answer();
  await expect(keys.banner("ci").key).toHaveValue(KEY);
});

test("an overlap that cannot be ended stays, and an alert says why", async ({ keys, api, server, page, watch }) => {
  const old = await api.create({ name: "ci" });
  await api.replace("ci", 900);
  const path = `/api/keys/${old.id}/overlap`;
  let requests = 0;
  await keys.open();
  await page.route(OVERLAP, (route) => {
    requests += 1;
    return route.fulfill(problem(503, "The store cannot answer; try again", "req-9"));
  });
  watch.expectFailure(503, path);
  await keys.row("ci").endOverlap.click();
  await expect(keys.alert).toContainText("Overlap of “ci” was not ended. The store cannot answer; try again");
  await expect(keys.alert).toContainText("req-9");
  await expect(keys.row("ci").overlap).toContainText(`Old key ${old.prefix}... works until`);
  expect(requests).toBe(1);
  expect((await server.verify(old.key)).status).toBe(200);
  await keys.alert.getByRole("button", { name: "Close" }).click();

  // From the menu it works as well, and a second click asks for nothing.
  await page.unroute(OVERLAP);
  page.on("request", (request) => void (request.method() === "DELETE" && (requests += 1)));
  await keys.row("ci").choose("End overlap now");
  await expect(keys.row("ci").overlap).toBeHidden();
  expect((await server.verify(old.key)).status).toBe(401);
  await api.replace("ci", 900);
  await keys.refresh.click();
  await keys.row("ci").endOverlap.dblclick();
  await expect(keys.row("ci").overlap).toBeHidden();
  await expect(keys.alert).toHaveCount(0);
  expect(requests).toBe(3);
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
  expect((await server.verify(old.key)).status).toBe(401);
});

test("a key is found by the beginning of the one it replaced", async ({ keys, api }) => {
  const old = await api.create({ name: "ci" });
  await api.create({ name: "other" });
  await api.replace("ci", 3_600);
  await keys.open();
  await keys.search.fill(old.prefix);
  await expect(keys.names()).toHaveText(["ci"]);
});
