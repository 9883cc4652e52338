// Rotating the data key: what a person is told before, meanwhile and afterwards.

import { problem } from "./fixtures/api";
import { SecretsPage } from "./fixtures/pages";
import { expect, test } from "./fixtures/test";

const STATUS = "**/api/admin/encryption";
const ROTATE = "**/api/admin/encryption/rotate";

test("a rotation is asked about, done and told, and every value stays readable", async ({ encryption, page, api }) => {
  await api.keep({ key: "A_KEY", value: "value-a" });
  await api.keep({ key: "B_KEY", value: "value-b" });
  await encryption.open();
  await expect(encryption.card("Active key")).toHaveText("Version 1");
  await expect(encryption.card("Sealed values")).toHaveText("2");
  await expect(encryption.card("Legacy values")).toHaveText("0");
  await expect(encryption.version(1)).toContainText("Active");

  await encryption.rotate.click();
  await expect(encryption.dialog).toContainText("re-encrypts every value");
  await expect(encryption.dialog).toContainText("older backups have their own");
  await encryption.confirm.click();
  await expect(encryption.result).toHaveText("Version 2 is active. 2 values were re-encrypted.");
  await expect(encryption.card("Active key")).toHaveText("Version 2");
  await expect(encryption.version(2)).toContainText("Active");
  await expect(encryption.version(2)).toContainText("ada@example.com");
  await expect(encryption.version(1)).toContainText("Retired");
  await expect(encryption.rotate).toBeFocused();
  expect(await api.encryption()).toMatchObject({ activeVersion: 2, secrets: 2, legacy: 0 });
  expect(await api.valueOf("A_KEY")).toBe("value-a");

  const secrets = new SecretsPage(page);
  await secrets.open();
  await secrets.row("B_KEY").reveal.click();
  await expect(secrets.row("B_KEY").value).toHaveValue("value-b");
});

test("who says no changes nothing", async ({ encryption, page, api }) => {
  await encryption.open();
  await encryption.rotate.click();
  await expect(encryption.dialog.getByRole("button", { name: "Cancel" })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(encryption.dialog).toBeHidden();
  await expect(encryption.rotate).toBeFocused();
  expect((await api.encryption()).activeVersion).toBe(1);
});

test("while it runs the page shows how far it has come", async ({ encryption, page, api }) => {
  await api.keep({ key: "A_KEY", value: "value-a" });
  const status = await api.encryption();
  let done = () => {};
  const held = new Promise<void>((resolve) => (done = resolve));
  await encryption.open();
  await page.route(ROTATE, async (route) => {
    await held;
    await route.continue();
  });
  let looks = 0;
  await page.route(STATUS, async (route) => {
    looks += 1;
    const rotation = { reEncrypted: looks === 1 ? 312 : 900, total: 1204 };
    await route.fulfill({ json: { data: { ...status, rotation } } });
  });
  await encryption.rotate.click();
  await encryption.confirm.click();
  await expect(encryption.rotating).toHaveAttribute("aria-disabled", "true");
  await expect(encryption.progress).toHaveAccessibleName(/^312 of 1\s204 values re-encrypted$/);
  await expect(encryption.progress).toHaveAccessibleName(/^900 of 1\s204 values re-encrypted$/);
  await expect(encryption.progress).toHaveAttribute("max", "1204");
  await page.unroute(STATUS);
  done();
  await expect(encryption.result).toHaveText("Version 2 is active. 1 value was re-encrypted.");
  await expect(encryption.progress).toBeHidden();
});

test("a rotation that somebody else began is shown until it is over", async ({ encryption, page, api }) => {
  const status = await api.encryption();
  await page.route(STATUS, (route) => route.fulfill({ json: { data: { ...status, rotation: { reEncrypted: 1, total: 4 } } } }));
  await encryption.open();
  await expect(encryption.progress).toHaveAccessibleName("1 of 4 values re-encrypted");
  await expect(encryption.rotating).toBeVisible();
  await page.unroute(STATUS);
  await expect(encryption.progress).toBeHidden();
  await expect(encryption.rotate).toBeVisible();
});

test("that one runs already is said", async ({ encryption, page, api, watch }) => {
  await encryption.open();
  await page.route(ROTATE, (route) => route.fulfill(problem(409, "A rotation is running already", "req-4")));
  watch.expectFailure(409, "/api/admin/encryption/rotate");
  await encryption.rotate.click();
  await encryption.confirm.click();
  await expect(encryption.refusal).toContainText("A rotation is running already");
  await expect(encryption.rotate).toBeVisible();
  expect((await api.encryption()).activeVersion).toBe(1);
});

test("a state that cannot be loaded is a failure with its request id", async ({ encryption, page, watch }) => {
  await page.route(STATUS, (route) => route.fulfill(problem(503, "The store cannot answer; try again", "req-2")));
  watch.expectFailure(503, "/api/admin/encryption");
  await encryption.open();
  await expect(encryption.failed).toContainText("req-2");
  await page.unroute(STATUS);
  await encryption.failed.getByRole("button", { name: "Retry" }).click();
  await expect(encryption.card("Active key")).toHaveText("Version 1");
});

test("the words say what root key, data keys and rotation are", async ({ encryption, page }) => {
  await encryption.open();
  await expect(page.getByRole("heading", { level: 2, name: "How it works" })).toBeVisible();
  for (const term of ["Root key", "Data keys", "Rotation"]) {
    await expect(page.locator(`dt:text-is("${term}")`)).toBeVisible();
  }
});
