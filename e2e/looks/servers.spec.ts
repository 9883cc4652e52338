// The servers: alone, several, some of them silent.

import { SILENT, STOPPED, THIS, replica, replicas } from "../fixtures/servers";
import { expect, state, test } from "./look";
import { AWAY } from "./samples";

const REPLICAS = "GET /api/admin/replicas";
const LONG = "a-machine-whose-name-is-64-characters-long-and-has-no-place-to-break:18080";

test(state("servers-loading"), async ({ servers, network }) => {
  await network.hold(REPLICAS);
  await servers.open();
  await expect(servers.loading).toBeVisible();
});

test(state("servers-failed"), async ({ servers, network }) => {
  await network.fail(REPLICAS, AWAY);
  await servers.open();
  await expect(servers.failed).toBeVisible();
});

test(state("servers-alone"), async ({ servers }) => {
  await servers.open();
  await expect(servers.names()).toHaveCount(1);
});

test(state("servers-well"), async ({ servers, network }) => {
  const joinedAt = new Date(Date.now() - 90_000).toISOString();
  await network.answer(REPLICAS, replicas([THIS, replica("keys-2:8080", { leaseLeftMs: 3900 }), replica("keys-3:8080", { joinedAt })]));
  await servers.open();
  await expect(servers.names()).toHaveCount(3);
});

test(state("servers-silent"), async ({ servers, network }) => {
  const long = replica(LONG, { version: "0.2.0-rc.1", generation: 1_201_204, behind: 12, silentMs: 3 * 86_400_000, leaseLeftMs: 0 });
  await network.answer(REPLICAS, replicas([THIS, SILENT, STOPPED, long], { withoutDatabaseMs: 30_000 }));
  await servers.open();
  await expect(servers.names()).toHaveCount(4);
});

test(state("servers-old"), async ({ servers, network }) => {
  await network.answer(REPLICAS, replicas([THIS, replica("keys-2:8080")]));
  await servers.open();
  await expect(servers.names()).toHaveCount(2);
  await network.restore();
  await network.fail(REPLICAS, AWAY);
  await expect(servers.summary).toContainText("Not up to date");
});
