// How often a key is accepted and from where: set, shown, enforced and taken away.

import { unavailable } from "./fixtures/answers";
import type { Server } from "./fixtures/server";
import { expect, test } from "./fixtures/test";

/** What the server answers to so many requests in a row. */
async function statuses(server: Server, key: string, count: number) {
  const all: number[] = [];
  for (let n = 0; n < count; n += 1) all.push(await server.statusOf(key));
  return all;
}

test("limits are set with the key, shown, and hold", async ({ keys, api, server }) => {
  await keys.open();
  await keys.add.click();
  await expect(keys.form.limits.requests).toBeHidden();
  await keys.form.more.click();
  await expect(keys.form.limits.requests).toBeVisible();
  await expect(keys.form.limits.per.getByRole("option")).toHaveText(["second", "minute", "hour", "day"]);
  await expect(keys.form.limits.per).toHaveValue("60");
  await keys.form.name.fill("ci");
  await keys.form.limits.fill({ requests: "2", networks: ["127.0.0.1/8", "", " ::1 "] });
  await keys.form.create.click();
  const key = await keys.newKey("ci");
  await expect(keys.row("ci").scopes).toContainText("2 requests per minute");
  await expect(keys.row("ci").scopes).toContainText("from 127.0.0.0/8, ::1");
  expect(await api.keys()).toMatchObject([{ rateLimit: { requests: 2, windowSeconds: 60 }, allowedNetworks: ["127.0.0.0/8", "::1"] }]);
  expect(await statuses(server, key, 3)).toEqual([200, 200, 429]);
});

test("limits are changed later, and taken away again", async ({ keys, api, server }) => {
  const { key } = await api.create({ name: "ci" });
  await keys.open();
  await expect(keys.row("ci").scopes).toHaveText("None");
  await keys.row("ci").choose("Change limits");
  await expect(keys.dialog.root).toHaveAccessibleName("Change limits of “ci”");
  await expect(keys.dialog.limits.requests).toHaveAccessibleDescription("Empty for no limit.");
  await expect(keys.dialog.limits.networks).toHaveAccessibleDescription("One network or address a line, like 10.0.0.0/8. Empty for everywhere.");
  await keys.dialog.limits.fill({ requests: "1", per: "hour", networks: ["10.0.0.0/8", "192.168.0.0/16", "fd00::/8", "192.0.2.7"] });
  await keys.dialog.save.click();
  await expect(keys.dialog.root).toBeHidden();
  await expect(keys.says("Limits of “ci” changed")).toBeVisible();
  await expect(keys.row("ci").actions).toBeFocused();
  await expect(keys.row("ci").scopes).toContainText("1 request per hour");
  await expect(keys.row("ci").scopes).toContainText("from 10.0.0.0/8, 192.168.0.0/16, fd00::/8 and 1 more");
  expect(await statuses(server, key, 1)).toEqual([403]);

  await keys.row("ci").choose("Change limits");
  await expect(keys.dialog.limits.requests).toHaveValue("1");
  await expect(keys.dialog.limits.per).toHaveValue("3600");
  await expect(keys.dialog.limits.networks).toHaveValue("10.0.0.0/8\n192.168.0.0/16\nfd00::/8\n192.0.2.7");
  await keys.dialog.limits.fill({ networks: ["127.0.0.1"] });
  await keys.dialog.save.click();
  await expect(keys.row("ci").scopes).toContainText("from 127.0.0.1");
  expect(await statuses(server, key, 2)).toEqual([200, 429]);

  await keys.row("ci").choose("Change limits");
  await keys.dialog.limits.fill({ requests: "", networks: [] });
  await keys.dialog.save.click();
  await expect(keys.row("ci").scopes).toHaveText("None");
  const [changed] = await api.keys();
  expect(changed?.rateLimit).toBeUndefined();
  expect(changed?.allowedNetworks).toBeUndefined();
  expect(await statuses(server, key, 3)).toEqual([200, 200, 200]);
});

test("a window without a name is shown as it is, and kept", async ({ keys, api }) => {
  const rateLimit = { requests: 1_000, windowSeconds: 90 };
  await api.create({ name: "ci", rateLimit });
  await keys.open();
  await expect(keys.row("ci").scopes).toContainText(/1\s000 requests in 90 seconds/);
  await keys.row("ci").choose("Change limits");
  await expect(keys.dialog.limits.requests).toHaveValue("1000");
  await expect(keys.dialog.limits.per.getByRole("option")).toHaveText(["second", "minute", "hour", "day", "90 seconds"]);
  await expect(keys.dialog.limits.per).toHaveValue("90");
  await keys.dialog.save.click();
  await expect(keys.dialog.root).toBeHidden();
  expect(await api.keys()).toMatchObject([{ rateLimit }]);
});

test("what is no number is refused with the sentence of the server", async ({ keys, api }) => {
  const rateLimit = { requests: 5, windowSeconds: 1 };
  await api.create({ name: "ci", rateLimit });
  const [error] = await api.refusal("POST", "/api/keys", { name: "a", rateLimit: { requests: 0, windowSeconds: 60 } });
  expect(error!.field).toBe("rateLimit.requests");
  await keys.open();
  await keys.row("ci").choose("Change limits");
  for (const text of ["0", "-1", "1.5", "1e3", "ten", "1000001"]) {
    await keys.dialog.limits.requests.fill(text);
    await keys.dialog.save.click();
    await expect(keys.dialog.limits.requests, text).toHaveAccessibleDescription(`Empty for no limit. ${error!.message}`);
    await expect(keys.dialog.limits.requests).toHaveAttribute("aria-invalid", "true");
  }
  await keys.page.keyboard.press("Escape");
  await expect(keys.row("ci").scopes).toContainText("5 requests per second");
  expect(await api.keys()).toMatchObject([{ rateLimit }]);
});

test("a network that is none is named under its field", async ({ keys, api, watch }) => {
  const { id } = await api.create({ name: "ci", allowedNetworks: ["::1"] });
  const [error] = await api.refusal("POST", "/api/keys", { name: "a", allowedNetworks: ["10.0.0.0/8", "home"] });
  expect(error!.field).toBe("allowedNetworks[1]");
  await keys.open();
  await keys.row("ci").choose("Change limits");
  await keys.dialog.limits.fill({ networks: ["10.0.0.0/8", "", "home", "10.0.0.0/33"] });
  watch.expectFailure(400, `/api/keys/${id}`);
  await keys.dialog.save.click();
  await expect(keys.dialog.limits.networks).toHaveAccessibleDescription(new RegExp(`“home”, “10\\.0\\.0\\.0/33”: ${error!.message}$`));
  await expect(keys.dialog.limits.networks).toHaveAttribute("aria-invalid", "true");
  await expect(keys.dialog.error).toHaveCount(0);
  expect(await api.keys()).toMatchObject([{ allowedNetworks: ["::1"] }]);
  await keys.dialog.limits.fill({ networks: ["10.0.0.0/8"] });
  await keys.dialog.save.click();
  await expect(keys.row("ci").scopes).toContainText("from 10.0.0.0/8");
});

test("a mistake in limits that are folded away unfolds them", async ({ keys, api, watch }) => {
  await keys.open();
  await keys.begin("ci");
  await keys.form.more.click();
  await keys.form.limits.fill({ requests: "many" });
  await keys.form.more.click();
  await expect(keys.form.limits.requests).toBeHidden();
  await keys.form.create.click();
  await expect(keys.form.limits.requests).toBeVisible();
  await expect(keys.form.limits.requests).toHaveAccessibleDescription(/Expected a whole number from 1 to 1000000/);
  await keys.form.limits.fill({ requests: "5", networks: ["home"] });
  await keys.form.more.click();
  watch.expectFailure(400, "/api/keys");
  await keys.form.create.click();
  await expect(keys.form.limits.networks).toBeVisible();
  await expect(keys.form.limits.networks).toHaveAccessibleDescription(/“home”: Expected a network/);
  await expect(keys.form.limits.requests).not.toHaveAttribute("aria-invalid", "true");
  expect(await api.keys()).toEqual([]);
  await keys.form.limits.fill({ networks: [] });
  await keys.form.create.click();
  await expect(keys.row("ci").scopes).toContainText("5 requests per minute");
});

test("a change that fails leaves the limits as they were", async ({ keys, api, network }) => {
  const { id } = await api.create({ name: "ci", rateLimit: { requests: 5, windowSeconds: 60 } });
  await keys.open();
  await network.fail(`PATCH /api/keys/${id}`, unavailable("req-3"));
  await keys.row("ci").choose("Change limits");
  await keys.dialog.limits.fill({ requests: "50" });
  await keys.dialog.save.click();
  await expect(keys.dialog.error).toContainText("The database did not answer, so nothing was changed. Try again.");
  await expect(keys.dialog.error).toContainText("req-3");
  await expect(keys.dialog.limits.requests).toHaveValue("50");
  await keys.page.keyboard.press("Escape");
  await expect(keys.row("ci").scopes).toContainText("5 requests per minute");
  expect(await api.keys()).toMatchObject([{ rateLimit: { requests: 5 } }]);
});
