// Rotating the data key: what a person reads before, meanwhile and afterwards.

import { problem, unavailable } from "./fixtures/answers";
import { expect, test } from "./fixtures/test";
import { SecretsPage } from "./pages/secrets";

const STATUS = "**/api/admin/encryption";

test("a rotation is confirmed, done and reported, and every value stays readable", async ({ encryption, page, api }) => {
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
  await expect(encryption.cancel).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(encryption.dialog).toBeHidden();
  await expect(encryption.rotate).toBeFocused();
  expect((await api.encryption()).activeVersion).toBe(1);
});

test("while it runs the page shows how far it has come", async ({ encryption, page, api, network }) => {
  await api.keep({ key: "A_KEY", value: "value-a" });
  const status = await api.encryption();
  await encryption.open();
  const done = await network.hold("POST /api/admin/encryption/rotate");
  let looks = 0;
  await page.route(STATUS, async (route) => {
    looks += 1;
    const rotation = { reEncrypted: looks === 1 ? 312 : 900, total: 1204 };
    await route.fulfill({ json: { data: { ...status, rotation } } });
  });
  await encryption.rotateNow();
  await expect(encryption.rotating).toHaveAttribute("aria-disabled", "true");
  await expect(encryption.progress).toHaveAccessibleName(/^312 of 1\s204 values re-encrypted$/);
  await expect(encryption.progress).toHaveAccessibleName(/^900 of 1\s204 values re-encrypted$/);
  await expect(encryption.progress).toHaveAttribute("max", "1204");
  await page.unroute(STATUS);
  done();
  await expect(encryption.result).toHaveText("Version 2 is active. 1 value was re-encrypted.");
  await expect(encryption.progress).toBeHidden();
});

test("a rotation that somebody else began is shown until it is over", async ({ encryption, api, network }) => {
  const status = await api.encryption();
  await network.answer("GET /api/admin/encryption", { ...status, rotation: { reEncrypted: 1, total: 4 } });
  await encryption.open();
  await expect(encryption.progress).toHaveAccessibleName("1 of 4 values re-encrypted");
  await expect(encryption.rotating).toBeVisible();
  await network.restore();
  await expect(encryption.progress).toBeHidden();
  await expect(encryption.rotate).toBeVisible();
});

test("that one runs already is said", async ({ encryption, api, network }) => {
  await encryption.open();
  await network.fail("POST /api/admin/encryption/rotate", problem(409, "A rotation is running already", "req-4"));
  await encryption.rotateNow();
  await expect(encryption.refusal).toContainText("A rotation is running already");
  await expect(encryption.rotate).toBeVisible();
  expect((await api.encryption()).activeVersion).toBe(1);
});

test("a state that cannot be loaded is a failure with its request id", async ({ encryption, network }) => {
  await network.fail("GET /api/admin/encryption", unavailable("req-2"));
  await encryption.open();
  await expect(encryption.failed).toContainText("req-2");
  await network.restore();
  await encryption.retry.click();
  await expect(encryption.card("Active key")).toHaveText("Version 1");
});

test("the words say what root key, data keys and rotation are", async ({ encryption, page }) => {
  await encryption.open();
  await expect(page.getByRole("heading", { level: 2, name: "How it works" })).toBeVisible();
  for (const term of ["Root key", "Data keys", "Rotation"]) {
    await expect(page.locator(`dt:text-is("${term}")`)).toBeVisible();
  }
});
