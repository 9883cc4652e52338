// The details of a secret: who can read it, and who last did.

import { unavailable } from "./fixtures/answers";
import { violations } from "./fixtures/axe";
import { SECRET } from "./fixtures/planted";
import { expect, test } from "./fixtures/test";
import { SECRETS } from "./pages/keys";
import { SECRETS_TAB } from "./pages/secrets";

const DETAILS = `${SECRETS_TAB}&secret=DATABASE_URL`;

test.describe("the details of a secret", () => {
  test("name the keys and roles that can read it, and who last did", async ({ secrets, page, api, server }) => {
    await api.keep(SECRET);
    const { key, id } = await api.create({ name: "reader", scopes: ["secrets:read:DATABASE_*"] });
    await api.create({ name: "of another", scopes: ["secrets:read:SMTP_*"] });
    await api.create({ name: "writer", scopes: ["secrets:write"] });
    await server.call("/api/secrets/DATABASE_URL", key);
    await secrets.open();
    await secrets.row("DATABASE_URL").choose("Details");
    await expect(secrets.dialog).toHaveAccessibleName("“DATABASE_URL”");
    await expect(page).toHaveURL(DETAILS);
    await expect(secrets.details.fact("Last read")).toHaveText(/^API key reader, just now.* from 127\.0\.0\.1$/);
    await expect(secrets.details.fact("Added")).toHaveText(/^just now.* by ada@example\.com$/);
    await expect(secrets.details.fact("Description")).toHaveText(SECRET.description!);
    await expect(secrets.details.readers).toHaveText([/^reader\s*kw_.{5}\.\.\.\s*secrets:read:DATABASE_\*$/]);
    await expect(secrets.dialog).toContainText("People with one of the roles editor, admin.");
    await expect(secrets.details.readers.getByRole("link")).toHaveAttribute("href", `${SECRETS}?tab=keys&key=${id}`);
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await expect(secrets.dialog).toBeHidden();
    await expect(page).toHaveURL(SECRETS_TAB);
    await expect(secrets.row("DATABASE_URL").actions).toBeFocused();
  });

  test("say so when nobody has read it, and no key can", async ({ secrets, api }) => {
    await api.keep(SECRET);
    await secrets.open();
    await secrets.row("DATABASE_URL").choose("Details");
    await expect(secrets.details.fact("Last read")).toHaveText("Never, as far as the audit log goes back");
    await expect(secrets.dialog).toContainText("No API key has a scope that covers it.");
  });

  test("have an address of their own, under any search", async ({ secrets, page, api }) => {
    await api.keep(SECRET);
    await secrets.open("&q=nothing&secret=DATABASE_URL");
    await expect(secrets.details.fact("Last changed")).toHaveText(/^just now/);
    await secrets.details.close.click();
    await expect(secrets.dialog).toBeHidden();
    await expect(page).toHaveURL(`${SECRETS_TAB}&q=nothing`);
  });

  test("are left by going back, and the focus is where it was", async ({ secrets, page, api }) => {
    await api.keep(SECRET);
    await secrets.open();
    await secrets.row("DATABASE_URL").choose("Details");
    await expect(secrets.details.fact("Added")).toBeVisible();
    await page.goBack();
    await expect(secrets.dialog).toBeHidden();
    await expect(secrets.row("DATABASE_URL").actions).toBeFocused();
    await page.goForward();
    await expect(secrets.details.fact("Added")).toBeVisible();
  });

  test("that cannot be loaded are a failure with a request id, and Retry works", async ({ secrets, api, network }) => {
    await api.keep(SECRET);
    await secrets.open();
    await network.fail("GET /api/secrets/DATABASE_URL/access", unavailable("req-4"));
    await secrets.row("DATABASE_URL").choose("Details");
    await expect(secrets.form.error).toContainText("The details could not be loaded");
    await expect(secrets.form.error).toContainText("req-4");
    await network.restore();
    await secrets.dialog.getByRole("button", { name: "Retry" }).click();
    await expect(secrets.details.fact("Added")).toBeVisible();
  });

  test("of a secret that is not there say so", async ({ secrets, watch }) => {
    watch.expectFailure(404, "/api/secrets/NOWHERE/access");
    await secrets.open("&secret=NOWHERE");
    await expect(secrets.form.error).toContainText('Secret with key "NOWHERE" not found');
  });
});

test("a row has at most three tab stops", async ({ secrets, page, api }) => {
  for (const key of ["A_KEY", "B_KEY"]) await api.keep({ key, value: "v", description: "of a program" });
  await secrets.open();
  const row = secrets.row("A_KEY");
  await row.reveal.focus();
  await page.keyboard.press("Tab");
  await expect(row.copy).toBeFocused();
  await page.keyboard.press("Tab");
  await expect(row.actions).toBeFocused();
  await page.keyboard.press("Tab");
  await expect(secrets.row("B_KEY").reveal).toBeFocused();
});
