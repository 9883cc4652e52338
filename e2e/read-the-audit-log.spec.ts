// Reading the audit log: what was done is in it, it can be searched, paged and taken away,
// and it says itself whether it is whole.

import { readFile } from "node:fs/promises";
import { BROKEN, unavailable } from "./fixtures/answers";
import { violations } from "./fixtures/axe";
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
  const revealed = audit.says("ada@example.com revealed DATABASE_URL");
  await expect(revealed).toHaveCount(1);
  await expect(revealed).not.toContainText("Refused");
  await expect(audit.says("ada@example.com signed in").first()).toContainText("127.0.0.1");
  await expect(audit.says("System created data key version 1")).toHaveCount(1);
  const entries = await audit.rows.allInnerTexts();
  const place = (sentence: string) => {
    const at = entries.findIndex((entry) => entry.includes(sentence));
    expect(at, sentence).toBeGreaterThan(-1);
    return at;
  };
  expect(place("rotated the data key to version 2")).toBeLessThan(place("created API key production"));
  expect(place("created API key production")).toBeLessThan(place("revealed DATABASE_URL"));
  expect(place("revealed DATABASE_URL")).toBeLessThan(place("added DATABASE_URL"));
  expect(await page.content()).not.toContain(VALUE);
});

test("request id and number of an entry are one step away, by keyboard as well", async ({ audit, api }) => {
  await api.keep({ key: "DATABASE_URL", value: VALUE });
  await audit.open();
  const row = audit.says("added DATABASE_URL");
  const button = row.getByRole("button");
  const height = (await audit.table.boundingBox())!.height;
  await button.press("Enter");
  await expect(button).toHaveAttribute("aria-expanded", "true");
  await expect(audit.details.getByText("Request", { exact: true })).toBeVisible();
  await expect(audit.details.getByText(/^[0-9a-f]{8}-[0-9a-f-]{27}$/).first()).toBeVisible();
  await expect(audit.details.getByText("Entry", { exact: true })).toBeVisible();
  await expect(audit.details.getByText("secret.create", { exact: true })).toBeVisible();
  // Beneath the entry, and not over the next.
  const { height: own } = (await audit.details.boundingBox())!;
  expect((await audit.table.boundingBox())!.height).toBeCloseTo(height + own, 0);
  await button.press("Enter");
  await expect(audit.details).toBeHidden();
});

test("an entry is one line of at most 38 px, and a card on a narrow window", async ({ audit, page, api, server }) => {
  const key = "A_KEY_NAME_THAT_GOES_ON_AND_ON_FOR_THE_SAKE_OF_THE_LAYOUT_AND_HAS_NO_PLACE_TO_BREAK_".repeat(2) + "X";
  await api.keep({ key, value: VALUE });
  await api.rotate();
  const { key: stranger } = await api.create({ name: "stranger" });
  await server.call(`/api/secrets/${key}`, stranger);
  await page.setViewportSize({ width: 1440, height: 900 });
  await audit.open();
  const refused = audit.says(`API key stranger tried to read ${key}`);
  await expect(refused).toContainText("Refused");
  await expect(refused.getByText("Refused")).toBeInViewport({ ratio: 1 });
  for (const row of await audit.rows.all()) expect((await row.boundingBox())!.height).toBeLessThanOrEqual(38);
  await page.setViewportSize({ width: 360, height: 740 });
  await expect(audit.says("ada@example.com rotated the data key to version 2")).toBeVisible();
  for (const row of await audit.rows.all()) expect((await row.boundingBox())!.width).toBeLessThanOrEqual(360);
});

test("what a later version records is shown by its own word", async ({ audit, network }) => {
  const actor = { kind: "user", id: "1", name: "ada@example.com" };
  const entry = { time: "2026-01-01T12:00:00Z", actor, detail: null, requestId: null, address: null };
  await network.answer("GET /api/admin/audit", [
    { ...entry, seq: 3, action: "ship.launch", target: "Argo", outcome: "refused" },
    { ...entry, seq: 2, action: "secret.read", target: "TOKEN", outcome: "success", actor: { ...actor, kind: "key", name: "ci" } },
    { ...entry, seq: 1, action: "store.sign", target: null, outcome: "success", actor: { kind: "system", id: null, name: "system" } },
  ]);
  await audit.open();
  await expect(audit.says("ada@example.com tried ship.launch on Argo")).toContainText("Refused");
  await expect(audit.says("API key ci read TOKEN")).toBeVisible();
  await expect(audit.says("System signed the rows of an older version")).toBeVisible();
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
  await expect(audit.says("created API key production")).toBeVisible();
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
  await expect(audit.broken).toContainText(/Entry 1\s204 was altered: its hash does not match its content\./);
  await expect(audit.broken).toContainText(/Entries 1 to 1\s203 are intact, but for breaks that are acknowledged\./);
  await expect(audit.broken.getByRole("listitem")).toHaveText(["Entry 7 is missing. Acknowledged."]);
  const [red, plain] = await Promise.all([audit.broken.getByText("was altered"), audit.title].map((part) =>
    part.evaluate((element) => getComputedStyle(element).color),
  ));
  expect(red).not.toBe(plain);
});

test("further breaks are a list, and what is intact comes before them all", async ({ audit, network, page }) => {
  const acknowledged = null;
  const altered = (seq: number) => `Entry ${seq} was altered: its hash does not match its content.`;
  const breaks = [7, 9, 10, 11, 12, 13, 14].map((seq) => ({ seq, reason: altered(seq), acknowledged }));
  const broken = { seq: 7, reason: `${altered(7)} Entries 1 to 6 are intact.` };
  await network.answer("GET /api/admin/audit/verify", { valid: false, verified: 6, broken, breaks, totalBreaks: 7 });
  await audit.open();
  await expect(audit.broken).toContainText("Entry 7 was altered: its hash does not match its content. Entries 1 to 6 are intact.");
  await expect(audit.broken.getByRole("listitem")).toHaveCount(6);
  await expect(audit.broken.getByRole("listitem").first()).toHaveText("Entry 9 was altered: its hash does not match its content.");
  await expect(audit.broken.getByRole("listitem").last()).toHaveText("1 more.");
  expect(await violations(page)).toEqual([]);
});

test("a log that cannot be loaded, and one that cannot be verified, are failures", async ({ audit, network }) => {
  await network.fail("GET /api/admin/audit", unavailable("req-6"));
  await network.fail("GET /api/admin/audit/verify", unavailable("req-7"));
  await audit.open();
  await expect(audit.failed).toContainText("req-6");
  await expect(audit.unverified).toContainText("req-7");
  await network.restore();
  await audit.retry.click();
  await expect(audit.says("ada@example.com signed in").first()).toBeVisible();
  await expect(audit.verified).toBeVisible();
});
