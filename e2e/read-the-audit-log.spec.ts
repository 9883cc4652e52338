// Reading the audit log: what was done is in it, it can be searched, paged and taken away,
// and it says itself whether it is whole.

import { readFile } from "node:fs/promises";
import { BROKEN, unavailable } from "./fixtures/answers";
import { expect, test } from "./fixtures/test";
import { AUDIT } from "./pages/audit";

const VALUE = "Planted-Value-7";

test("what was done is listed, newest first, and never a value", async ({ audit, page, api }) => {
  await api.keep({ key: "DATABASE_URL", value: VALUE });
  await api.valueOf("DATABASE_URL");
  await api.create({ name: "production" });
  await api.rotate();
  await audit.open();
  await expect(audit.verified).toBeVisible();
  await expect(audit.of("secret.create")).toContainText("DATABASE_URL");
  await expect(audit.of("secret.read")).toContainText("ada@example.com");
  await expect(audit.of("secret.read")).toContainText("Success");
  await expect(audit.of("key.create")).toContainText("production");
  await expect(audit.of("encryption.rotate")).toHaveCount(1);
  await expect(audit.of("session.create").first()).toContainText("127.0.0.1");
  const actions = await audit.rows.locator("code").allInnerTexts();
  expect(actions.indexOf("encryption.rotate")).toBeLessThan(actions.indexOf("secret.read"));
  expect(actions.indexOf("secret.read")).toBeLessThan(actions.indexOf("secret.create"));
  expect(await page.content()).not.toContain(VALUE);
});

test("request id and number of an entry are one step away, by keyboard as well", async ({ audit, api }) => {
  await api.keep({ key: "DATABASE_URL", value: VALUE });
  await audit.open();
  const row = audit.of("secret.create");
  await row.getByText("Details").press("Enter");
  await expect(row.getByText("Request", { exact: true })).toBeVisible();
  await expect(row.getByText(/^[0-9a-f]{8}-[0-9a-f-]{27}$/).first()).toBeVisible();
  await expect(row.getByText("Entry", { exact: true })).toBeVisible();
});

test("it is filtered by the server, and the address keeps the filter", async ({ audit, page, api }) => {
  await api.keep({ key: "DATABASE_URL", value: VALUE });
  await api.keep({ key: "SMTP_PASSWORD", value: VALUE });
  await api.create({ name: "production" });
  await audit.open();
  await audit.action.selectOption("secret");
  await expect(audit.rows).toHaveCount(2);
  await expect(page).toHaveURL(`${AUDIT}?action=secret`);
  await audit.target.fill("smtp");
  await expect(audit.rows).toHaveCount(1);
  await expect(audit.rows).toContainText("SMTP_PASSWORD");
  await page.reload();
  await expect(audit.target).toHaveValue("smtp");
  await expect(audit.action).toHaveValue("secret");
  await expect(audit.rows).toHaveCount(1);
  await audit.outcome.selectOption("refused");
  await expect(audit.noMatch).toBeVisible();
  await audit.clear.click();
  await expect(page).toHaveURL(AUDIT);
  await expect(audit.of("key.create")).toBeVisible();
  await audit.actor.fill("nobody");
  await expect(audit.noMatch).toBeVisible();
});

test("days begin and end where the person is", async ({ audit, network }) => {
  const asked = network.requests("GET /api/admin/audit");
  await audit.open("?from=2026-01-15&to=2026-07-15");
  await expect(audit.from).toHaveValue("2026-01-15");
  await expect.poll(() => asked.length).toBeGreaterThan(0);
  // Berlin is one hour ahead in winter and two in summer.
  const { searchParams } = asked[0]!;
  expect(searchParams.get("since")).toBe("2026-01-14T23:00:00Z");
  expect(searchParams.get("until")).toBe("2026-07-15T22:00:00Z");
});

test("older entries are a page away, and the way back is short", async ({ audit, page, api }) => {
  test.slow();
  for (let n = 0; n < 55; n++) await api.keep({ key: `KEY_${n}`, value: "v" });
  await audit.open("?action=secret.create");
  await expect(audit.rows).toHaveCount(50);
  await expect(audit.rows.first()).toContainText("KEY_54");
  await expect(audit.newest).toBeHidden();
  await audit.older.click();
  await expect(audit.rows).toHaveCount(5);
  await expect(audit.rows.last()).toContainText("KEY_0");
  await expect(audit.older).toBeHidden();
  await expect(page).toHaveURL(/action=secret\.create&cursor=/);
  await page.goBack();
  await expect(audit.rows).toHaveCount(50);
  await audit.older.click();
  await audit.newest.click();
  await expect(audit.rows.first()).toContainText("KEY_54");
  await expect(page).toHaveURL(`${AUDIT}?action=secret.create`);
  await audit.older.click();
  await expect(audit.extent).toContainText("51 to 55");
  await audit.newer.click();
  await expect(audit.rows.first()).toContainText("KEY_54");
  await expect(audit.newer).toBeHidden();
});

test("it can be taken away as JSON lines, under the same filter", async ({ audit, page, api }) => {
  await api.keep({ key: "DATABASE_URL", value: VALUE });
  await api.keep({ key: "SMTP_PASSWORD", value: VALUE });
  await audit.open("?action=secret.create&target=smtp");
  await expect(audit.exportLink).toHaveAttribute("href", "/api/admin/audit/export?action=secret.create&target=smtp");
  const downloading = page.waitForEvent("download");
  await audit.exportLink.click();
  const download = await downloading;
  expect(download.suggestedFilename()).toMatch(/\.jsonl$/);
  const lines = (await readFile(await download.path(), "utf8")).trim().split("\n");
  expect(lines.map((line) => (JSON.parse(line) as { target: string }).target)).toEqual(["SMTP_PASSWORD"]);
  await expect(page).toHaveURL(`${AUDIT}?action=secret.create&target=smtp`);
});

test("a broken entry is named in red, with its reason", async ({ audit, network }) => {
  await network.answer("GET /api/admin/audit/verify", BROKEN);
  await audit.open();
  await expect(audit.broken).toContainText(/Entry 1\s204 is not as it was written/);
  await expect(audit.broken).toContainText("its hash does not match its content");
  await expect(audit.broken).toContainText(/Chain verified through entry 1\s203\./);
  await expect(audit.broken).toContainText(/Breaks: 2\. 7: the entry is missing \(acknowledged\)\. 1\s204: its hash/);
  const [red, plain] = await Promise.all([audit.broken.getByText("is not as it was written"), audit.title].map((part) =>
    part.evaluate((element) => getComputedStyle(element).color),
  ));
  expect(red).not.toBe(plain);
});

test("a log that cannot be loaded, and one that cannot be verified, are failures", async ({ audit, network }) => {
  await network.fail("GET /api/admin/audit", unavailable("req-6"));
  await network.fail("GET /api/admin/audit/verify", unavailable("req-7"));
  await audit.open();
  await expect(audit.failed).toContainText("req-6");
  await expect(audit.unverified).toContainText("req-7");
  await network.restore();
  await audit.retry.click();
  await expect(audit.of("session.create").first()).toBeVisible();
  await expect(audit.verified).toBeVisible();
});
