// The form for a new key, and the banner that shows it.

import { expect, state, test } from "./look";
import { rows } from "./samples";

test(state("key-form"), async ({ keys, api }) => {
  await rows(api);
  await keys.open();
  await keys.add.click();
  await expect(keys.form.name).toBeFocused();
});

test(state("key-form-with-mistakes"), async ({ keys }) => {
  await keys.open();
  await keys.add.click();
  await keys.form.expires.selectOption("On a date");
  await keys.form.otherScopes.fill("Not!");
  await keys.form.create.click();
  await expect(keys.form.root.getByText("Name is required")).toBeVisible();
});

test(state("key-form-narrowed"), async ({ keys }) => {
  await keys.open();
  await keys.add.click();
  for (const scope of ["secrets:read", "providers:resolve"]) await keys.form.scope(scope).check();
  await keys.form.name.fill("narrow");
  await keys.form.narrowing("secrets:read").fill("GITHUB_* Not!");
  await keys.form.create.click();
  await expect(keys.form.root.getByText("secrets:read is narrowed to a secret")).toBeVisible();
});

test(state("key-form-failed"), async ({ keys, network }) => {
  await keys.open();
  await network.fail("POST /api/keys");
  await keys.begin("production");
  await keys.form.create.click();
  await expect(keys.form.error).toBeVisible();
});

test(state("key-created"), async ({ keys, api }) => {
  await rows(api);
  await keys.open();
  await keys.create("ci");
  await keys.create("backup");
});

test(state("key-copied"), async ({ keys, clipboard, api }) => {
  await rows(api);
  await clipboard.allow();
  await keys.open();
  await keys.create("ci");
  await keys.create("backup");
  await keys.banner("ci").copy.click();
  await expect(keys.banner("ci").show).toBeVisible();
  await expect(keys.banner("ci").key).toBeHidden();
  await keys.banner("backup").dismiss.click();
  await expect(keys.banner("backup").dismissUncopied).toBeVisible();
});

test(state("key-form-limits-with-a-mistake"), async ({ keys }) => {
  await keys.open();
  await keys.begin("ci");
  await keys.form.more.click();
  await keys.form.limits.fill({ requests: "0", networks: ["10.0.0.0/8"] });
  await keys.form.create.click();
  await expect(keys.form.root.getByText("Expected a whole number")).toBeVisible();
});

test(state("leave-question"), async ({ keys, shell }) => {
  await keys.open();
  await keys.create("ci");
  await shell.leave();
  await expect(shell.question).toBeVisible();
});
