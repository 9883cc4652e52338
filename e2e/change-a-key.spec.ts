import { expect, test } from "./fixtures/test";

test("a key is renamed, and callers see the new name at once", async ({ keys, api, server }) => {
  const { key } = await api.create({ name: "old name" });
  await keys.open();
  await keys.row("old name").choose("Rename");
  await expect(keys.dialog.root).toHaveAccessibleName("Rename “old name”");
  const name = keys.dialog.name;
  await expect(name).toHaveValue("old name");
  await name.fill(" neuer Näme ");
  await name.press("Enter");
  await expect(keys.dialog.root).toBeHidden();
  await expect(keys.names()).toHaveText(["neuer Näme"]);
  await expect(keys.says("Renamed to “neuer Näme”")).toBeVisible();
  await expect(keys.row("neuer Näme").actions).toBeFocused();
  const verified = await server.verify(key);
  expect(verified.status).toBe(200);
  expect(decodeURIComponent(verified.headers.get("x-keyward-key-name")!)).toBe("neuer Näme");
});

test("a name that is blank, too long or taken is refused in the dialog", async ({ keys, api, watch }) => {
  await api.create({ name: "taken" });
  const { id } = await api.create({ name: "mine" });
  await keys.open();
  await keys.row("mine").choose("Rename");
  const name = keys.dialog.name;
  const save = keys.dialog.save;
  for (const [text, sentence] of [["  ", "Name is required"], ["x".repeat(65), "Name must be 64 characters or fewer"]] as const) {
    await name.fill(text);
    await save.click();
    await expect(name).toHaveAccessibleDescription(sentence);
  }
  watch.expectFailure(409, `/api/keys/${id}`);
  await name.fill("taken");
  await save.click();
  await expect(name).toHaveAccessibleDescription('An API key named "taken" already exists');
  await keys.dialog.cancel.click();
  await expect(keys.dialog.root).toBeHidden();
  await expect(keys.names()).toHaveText(["mine", "taken"]);
  await expect(keys.row("mine").actions).toBeFocused();
});

test("Escape closes the menu and the dialog, and changes nothing", async ({ keys, api, page }) => {
  await api.create({ name: "mine" });
  await keys.open();
  await keys.row("mine").actions.click();
  await expect(keys.row("mine").item("Rename")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(keys.row("mine").item("Rename")).toBeHidden();
  await expect(keys.row("mine").actions).toBeFocused();
  await keys.row("mine").rename("other");
  await page.keyboard.press("Escape");
  await expect(keys.dialog.root).toBeHidden();
  await expect(keys.names()).toHaveText(["mine"]);
  await expect(keys.row("mine").actions).toBeFocused();
  // It begins with the name of the key again, not with what was typed.
  await keys.row("mine").choose("Rename");
  await expect(keys.dialog.name).toHaveValue("mine");
});

test("a disabled key is refused until it is enabled", async ({ keys, api, server }) => {
  const { key } = await api.create({ name: "ci" });
  await keys.open();
  expect(await server.statusOf(key)).toBe(200);
  await keys.row("ci").choose("Disable");
  await expect(keys.row("ci").status).toHaveText(/Disabled/);
  await expect(keys.says("“ci” disabled")).toBeVisible();
  expect(await server.statusOf(key)).toBe(401);
  await keys.page.reload();
  await expect(keys.row("ci").status).toHaveText(/Disabled/);
  await keys.row("ci").choose("Enable");
  await expect(keys.row("ci").status).toHaveText(/Active/);
  expect(await server.statusOf(key)).toBe(200);
});

test("a change that fails is an alert and leaves the row as it was", async ({ keys, api, network }) => {
  const { id } = await api.create({ name: "ci" });
  await keys.open();
  await network.fail(`PATCH /api/keys/${id}`);
  await keys.row("ci").choose("Disable");
  await expect(keys.alert).toContainText("“ci” was not disabled. The database did not answer, so nothing was changed. Try again.");
  await expect(keys.row("ci").status).toHaveText(/Active/);

  await keys.row("ci").rename("other");
  await keys.dialog.save.click();
  await expect(keys.dialog.error).toContainText("The database did not answer, so nothing was changed. Try again.");
  await expect(keys.dialog.name).toHaveValue("other");
  await network.restore();
  await keys.dialog.save.click();
  await expect(keys.names()).toHaveText(["other"]);
});

test("the expiry is changed, and taken away again", async ({ keys, api }) => {
  await api.create({ name: "ci" });
  await keys.open();
  await expect(keys.row("ci").expires).toHaveText("Never");
  await keys.row("ci").choose("Change expiry");
  await expect(keys.dialog.root).toHaveAccessibleName("Change expiry of “ci”");
  await keys.dialog.expires.selectOption("7 days");
  await keys.dialog.save.click();
  await expect(keys.dialog.root).toBeHidden();
  await expect(keys.row("ci").expires).toContainText("Expires in 7 days");
  await expect(keys.row("ci").actions).toBeFocused();
  const inDays = (Date.parse((await api.keys())[0]!.expiresAt!) - Date.now()) / 86_400_000;
  expect(inDays).toBeGreaterThan(6.99);
  expect(inDays).toBeLessThanOrEqual(7);

  await keys.row("ci").choose("Change expiry");
  await expect(keys.dialog.expires).toHaveValue("date");
  await keys.dialog.expiryDate.fill("2020-01-01");
  await keys.dialog.save.click();
  await expect(keys.dialog.expiryDate).toHaveAccessibleDescription(/Choose a date in the future/);
  await keys.dialog.expires.selectOption("Never");
  await keys.dialog.save.click();
  await expect(keys.row("ci").expires).toHaveText("Never");
  expect((await api.keys())[0]!.expiresAt).toBeNull();
});

test("the dialog shows the day that was chosen before", async ({ keys, api }) => {
  await api.create({ name: "ci", expiresAt: "2099-07-31T21:59:59Z" });
  await keys.open();
  await keys.row("ci").choose("Change expiry");
  await expect(keys.dialog.expiryDate).toHaveValue("2099-07-31");
  await keys.dialog.save.click();
  await expect(keys.dialog.root).toBeHidden();
  expect(Date.parse((await api.keys())[0]!.expiresAt!)).toBe(Date.parse("2099-07-31T21:59:59Z"));
});

test("a key that has expired is refused and shown as such", async ({ keys, api, server }) => {
  const { key } = await api.create({ name: "short", expiresAt: new Date(Date.now() + 1_500).toISOString() });
  await api.create({ name: "long" });
  expect(await server.statusOf(key)).toBe(200);
  await expect.poll(() => server.statusOf(key)).toBe(401);
  await keys.open("?tab=keys&status=expired");
  await expect(keys.names()).toHaveText(["short"]);
  await expect(keys.row("short").status).toHaveText(/Expired/);
  await expect(keys.row("short").expires).toContainText("Expired");
});
