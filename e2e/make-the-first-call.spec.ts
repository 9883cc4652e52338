import { violations } from "./fixtures/axe";
import { expect, test } from "./fixtures/test";
import { KeysPage } from "./pages/keys";
import { OverviewPage } from "./pages/overview";

const fresh = test.extend({ serverOptions: { firstStart: true } });

fresh("from the printed link to the first call of a program", async ({ page, server, setup }) => {
  await setup.finish(server.setupLink);
  const overview = new OverviewPage(page);
  await expect(overview.guide).toContainText("Waiting for the first call...");
  await expect(overview.keepsCopy).toBeVisible();

  await overview.addKey().click();
  const keys = new KeysPage(page);
  await keys.form.name.fill("first");
  await keys.form.create.click();
  const key = await keys.newKey("first");
  await keys.banner("first").copy.click();
  await page.getByRole("link", { name: "Overview" }).click();
  await expect(overview.guide).toContainText("There is “first”.");

  await overview.choice("Caddy").check();
  const { host } = new URL(server.url);
  await expect(overview.example()).toContainText(`forward_auth ${host}`);
  await expect(overview.guide).toContainText("Waiting for the first call...");
  expect(await violations(page)).toEqual([]);

  expect(await server.statusOf(key)).toBe(200);
  await expect(overview.guide).toContainText(/First call from 127\.0\.0\.1, \d+ s ago/, { timeout: 12_000 });
  expect(await violations(page)).toEqual([]);
});

for (const [name, says] of [
  ["curl", "curl -H 'x-api-key: kw_...'"],
  ["nginx", "auth_request"],
  ["Caddy", "forward_auth"],
  ["HAProxy", "http-request lua.keyward"],
  ["Traefik", "forwardAuth"],
  ["Envoy", "ext_authz"],
  ["Express", "import express"],
  ["FastAPI", "from fastapi"],
  ["axum", "KeywardLayer"],
] as const) {
  test(`the example for ${name} is there to be copied`, async ({ overview, page, clipboard }) => {
    await clipboard.allow();
    await overview.open("?guide=1");
    await overview.choice(name).check();
    await expect(overview.example()).toContainText(says);
    await page.getByRole("button", { name: "Copy the example" }).click();
    await expect(page.getByRole("button", { name: "Copy the example" })).toHaveText("Copied");
    expect(await clipboard.text()).toContain(says);
  });
}
