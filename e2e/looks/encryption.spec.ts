// Encryption, at rest and while the data key is rotated.

import { problem } from "../fixtures/answers";
import { expect, state, test } from "./look";
import { AWAY, vault } from "./samples";

test(state("encryption-loading"), async ({ encryption, network }) => {
  await network.hold("GET /api/admin/encryption");
  await encryption.open();
  await expect(encryption.loading).toBeVisible();
});

test(state("encryption-failed"), async ({ encryption, network }) => {
  await network.fail("GET /api/admin/encryption", AWAY);
  await encryption.open();
  await expect(encryption.failed).toBeVisible();
});

test(state("encryption-question"), async ({ encryption }) => {
  await encryption.open();
  await expect(encryption.history).toBeVisible();
  await encryption.rotate.click();
  await expect(encryption.confirm).toBeVisible();
});

test(state("encryption-running"), async ({ encryption, api, network }) => {
  const status = await api.encryption();
  await network.answer("GET /api/admin/encryption", { ...status, secrets: 1201, legacy: 3, rotation: { reEncrypted: 312, total: 1204 } });
  await encryption.open();
  await expect(encryption.progress).toBeVisible();
});

test(state("encryption-rotated"), async ({ encryption, api }) => {
  await vault(api);
  await encryption.open();
  await encryption.rotateNow();
  await expect(encryption.result).toBeVisible();
  await expect(encryption.version(2)).toBeVisible();
});

test(state("encryption-refused"), async ({ encryption, network }) => {
  await encryption.open();
  await network.fail("POST /api/admin/encryption/rotate", problem(409, "A rotation is running already"));
  await encryption.rotateNow();
  await expect(encryption.refusal).toBeVisible();
});
