// The audit log.

import { BROKEN } from "../fixtures/answers";
import { expect, state, test } from "./look";
import { AWAY, rows, vault } from "./samples";

test(state("audit-log"), async ({ audit, api }) => {
  await vault(api);
  await rows(api);
  await api.valueOf("DATABASE_URL");
  await api.rotate();
  await audit.open();
  await expect(audit.verified).toBeVisible();
  await audit.says("revealed DATABASE_URL").getByText("Details").click();
  await expect(audit.details).toBeVisible();
});

test(state("audit-loading"), async ({ audit, network }) => {
  await network.hold("GET /api/admin/audit");
  await network.hold("GET /api/admin/audit/verify");
  await audit.open();
  await expect(audit.loading).toBeVisible();
});

test(state("audit-no-match"), async ({ audit }) => {
  await audit.open("?actor=nobody&outcome=refused");
  await expect(audit.noMatch).toBeVisible();
});

test(state("audit-broken"), async ({ audit, network }) => {
  await network.answer("GET /api/admin/audit/verify", BROKEN);
  await audit.open();
  await expect(audit.broken).toBeVisible();
});

test(state("audit-failed"), async ({ audit, network }) => {
  await network.fail("GET /api/admin/audit", AWAY);
  await audit.open();
  await expect(audit.failed).toBeVisible();
});
