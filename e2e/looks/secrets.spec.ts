// The list of secrets and its dialogs.

import { expect, state, test } from "./look";
import { AWAY, vault } from "./samples";

test(state("secrets-loading"), async ({ secrets, network }) => {
  await network.hold("GET /api/secrets");
  await secrets.open();
  await expect(secrets.loading).toBeVisible();
});

test(state("secrets-failed"), async ({ secrets, network }) => {
  await network.fail("GET /api/secrets", AWAY);
  await secrets.open();
  await expect(secrets.failed).toBeVisible();
});

test(state("secrets-empty"), async ({ secrets }) => {
  await secrets.open();
  await expect(secrets.empty).toBeVisible();
});

test(state("secrets-no-match"), async ({ secrets, api }) => {
  await vault(api);
  await secrets.open("&q=nothing");
  await expect(secrets.noMatch).toBeVisible();
});

test(state("secrets-revealed"), async ({ secrets, api }) => {
  await vault(api);
  await secrets.open();
  await secrets.row("DATABASE_URL").reveal.click();
  await expect(secrets.row("DATABASE_URL").value).toBeVisible();
});

test(state("secret-not-revealed"), async ({ secrets, api, network }) => {
  await vault(api);
  await secrets.open();
  await network.fail("GET /api/secrets/GITHUB_TOKEN", AWAY);
  await secrets.row("GITHUB_TOKEN").reveal.click();
  await expect(secrets.alert).toBeVisible();
});

test(state("secret-details"), async ({ secrets, api, server }) => {
  await vault(api);
  const { key } = await api.create({ name: "a-name-that-is-64-characters-long-and-has-no-place-to-break-xxxx", scopes: ["secrets:read:GITHUB_*"] });
  await api.create({ name: "billing", scopes: ["secrets:read"] });
  await server.call("/api/secrets/GITHUB_TOKEN", key);
  await secrets.open();
  await secrets.row("GITHUB_TOKEN").choose("Details");
  await expect(secrets.details.readers).toHaveCount(2);
});

test(state("secret-menu"), async ({ secrets, api }) => {
  await vault(api);
  await secrets.open();
  await secrets.row("GITHUB_TOKEN").actions.click();
});

test(state("secret-added"), async ({ secrets }) => {
  await secrets.open();
  await secrets.submit({ key: "GITHUB_TOKEN", value: "v" });
  await expect(secrets.says("“GITHUB_TOKEN” added")).toBeVisible();
});

test(state("secret-form-with-mistakes"), async ({ secrets }) => {
  await secrets.open();
  await secrets.submit({ key: "my-key" });
  await expect(secrets.dialog.getByText("Value is required")).toBeVisible();
});

test(state("secret-form-of-several-lines"), async ({ secrets }) => {
  await secrets.open();
  await secrets.add.click();
  await secrets.form.show.click();
  await secrets.form.fill({ key: "TLS_KEY", value: "-----BEGIN KEY-----\nMIIEvQIBADAN\n-----END KEY-----" });
});

test(state("secret-changed-by-others"), async ({ secrets, api, watch }) => {
  await vault(api);
  await secrets.open();
  await secrets.row("GITHUB_TOKEN").choose("Edit");
  await secrets.form.value.fill("new");
  await api.changeSecret("GITHUB_TOKEN", { value: "theirs" });
  watch.expectFailure(412, "/api/secrets/GITHUB_TOKEN");
  await secrets.form.save.click();
  await expect(secrets.form.reload).toBeVisible();
});

test(state("secret-delete"), async ({ secrets, api }) => {
  await vault(api);
  await secrets.open();
  await secrets.row("GITHUB_TOKEN").choose("Delete");
  await expect(secrets.dialog).toBeVisible();
});
