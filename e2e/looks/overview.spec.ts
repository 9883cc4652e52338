// The first page, and what leads to it.

import { expect, state, test } from "./look";

const HOUR = 3_600_000;

/** 24 hours that end at the start of this one. */
const verifications = (of: (hour: number) => [accepted: number, refused: number]) => {
  const now = Math.floor(Date.now() / HOUR) * HOUR;
  return Array.from({ length: 24 }, (_, hour) => {
    const [accepted, refused] = of(hour);
    return { start: new Date(now - (23 - hour) * HOUR).toISOString(), accepted, refused };
  });
};

const entry = (seq: number, action: string, target: string, minutes: number) => ({
  seq,
  time: new Date(Date.now() - minutes * 60_000).toISOString(),
  actor: { kind: "user", id: "u", name: "ada@example.com" },
  action,
  target,
  outcome: "success",
  detail: null,
  requestId: null,
  address: "192.0.2.7",
});

const busy = {
  attention: [],
  counts: { keys: 48, active: 45, secrets: 12, providers: 3 },
  verifications: verifications((hour) => [Math.round(900 + 800 * Math.sin((hour - 8) / 3.8)), hour % 7 === 3 ? 120 : 4]),
  recent: [
    entry(9, "key.create", "billing-export", 2),
    entry(8, "secret.update", "STRIPE_WEBHOOK_SECRET", 55),
    entry(7, "key.rotate", "mobile-backend", 180),
    entry(6, "provider.set", "openai", 1500),
    entry(5, "key.delete", "old-laptop", 4000),
  ],
};

const attention = [
  ["auditBroken", "danger", "Entry 1 204 was altered: its hash does not match its content. Entries 1 to 1 203 are intact."],
  ["keepRootKey", "warning", "Copy SECRETS_ENCRYPTION_KEY to a safe place. Without it nothing here can ever be read again."],
  ["refusals", "warning", "203.0.113.9 was refused 1 204 times in the last 24 hours."],
  ["expiresSoon", "warning", "“payments” expires in 3 days and is in use."],
  ["oldKeyUsed", "warning", "The old key of “mobile-backend” is still in use; it works until 3 Dec 2026, 14:00 UTC."],
  ["plainHttp", "warning", "Others reach this server over plain http: keys and passwords can be read on the way."],
  ["newMachine", "warning", "This machine had not seen this store before 30 Nov 2026, 08:00 UTC: a restored backup could not be noticed."],
  ["backup", "warning", "The last backup is 12 days old."],
  ["writesForever", "notice", "“a-name-of-64-characters-that-a-person-gave-without-any-restraint” never expires and may write secrets."],
  ["unused", "notice", "12 keys were not used for 90 days."],
].map(([kind, severity, message]) => ({ kind, severity, message, count: 1 }));

test(state("overview-calm"), async ({ overview, page, network }) => {
  await network.answer("GET /api/overview", busy);
  await overview.open();
  await expect(overview.calm).toBeVisible();
  await expect(page.getByText("Show as table")).toBeVisible();
});

test(state("overview-attention"), async ({ overview, page, network }) => {
  await network.answer("GET /api/overview", { ...busy, attention });
  await overview.open();
  await expect(overview.items).toHaveCount(10);
  await page.getByText("Show as table").click();
});

test(state("overview-first-run"), async ({ overview, network }) => {
  await network.answer("GET /api/overview", {
    attention: attention.slice(1, 2),
    counts: { keys: 0, active: 0, secrets: 0, providers: 0 },
    verifications: verifications(() => [0, 0]),
    recent: [],
  });
  await overview.open();
  await expect(overview.guide).toContainText("Waiting for the first call");
  await overview.choice("nginx").check();
  await expect(overview.example()).toContainText("auth_request");
});

test(state("account-menu"), async ({ overview, network, shell }) => {
  await network.answer("GET /api/overview", busy);
  await overview.open();
  await shell.openAccount();
  await expect(shell.signOut).toBeVisible();
});

test(state("shortcuts"), async ({ overview, network, page, shell }) => {
  await network.answer("GET /api/overview", busy);
  await overview.open();
  await page.keyboard.press("?");
  await expect(shell.shortcuts).toBeVisible();
});
