// Reading the value of a secret: on the page, and by a program.

import { problem } from "./fixtures/answers";
import { violations } from "./fixtures/axe";
import { everythingIn } from "./fixtures/everything";
import { PLANTED, SECRET } from "./fixtures/planted";
import { expect, test } from "./fixtures/test";
import { vault } from "./looks/samples";

test.describe("a value", () => {
  test("is shown in its row alone, is recorded, and can be hidden again", async ({ secrets, page, api }) => {
    await api.keep(SECRET);
    await api.keep({ key: "OTHER", value: "Other-Value-8" });
    await secrets.open();
    await expect(secrets.page.getByText("the audit log records it")).toBeVisible();
    await secrets.row("DATABASE_URL").reveal.click();
    await expect(secrets.row("DATABASE_URL").value).toHaveValue(SECRET.value);
    await expect(secrets.row("DATABASE_URL").value).not.toBeEditable();
    // Nothing is selected, and the focus stays where it was.
    await expect(secrets.row("DATABASE_URL").hide).toBeFocused();
    expect(await page.evaluate(() => getSelection()?.toString())).toBe("");
    expect(await api.readings()).toBe(1);
    await secrets.row("OTHER").reveal.click();
    await expect(secrets.row("OTHER").value).toHaveValue("Other-Value-8");
    await expect(secrets.row("DATABASE_URL").value).toBeHidden();
    await secrets.row("OTHER").hide.click();
    await expect(secrets.row("OTHER").value).toBeHidden();
    await expect(secrets.row("OTHER").reveal).toBeFocused();
    const all = await everythingIn(page);
    expect(all).not.toMatch(PLANTED);
    expect(all).not.toContain("Other-Value-8");
    expect(await api.readings()).toBe(2);
  });

  test("is gone when the person leaves and comes back", async ({ secrets, page, api, shell }) => {
    await api.keep(SECRET);
    await secrets.open();
    await secrets.row("DATABASE_URL").reveal.click();
    await expect(secrets.row("DATABASE_URL").value).toHaveValue(SECRET.value);
    await shell.link("API keys").click();
    await expect(page.getByRole("heading", { level: 1, name: "API keys" })).toBeVisible();
    expect(await everythingIn(page)).not.toMatch(PLANTED);
    await page.goBack();
    await expect(secrets.row("DATABASE_URL").reveal).toBeVisible();
    expect(await everythingIn(page)).not.toMatch(PLANTED);
  });

  test("is copied without being shown", async ({ secrets, page, api, clipboard }) => {
    await clipboard.allow();
    await api.keep(SECRET);
    await secrets.open();
    await secrets.row("DATABASE_URL").copy.click();
    await expect(secrets.row("DATABASE_URL").copied).toBeVisible();
    await expect(secrets.row("DATABASE_URL").value).toBeHidden();
    expect(await clipboard.text()).toBe(SECRET.value);
    expect(await everythingIn(page)).not.toMatch(PLANTED);
    expect(await api.readings()).toBe(1);
  });

  test("is selected for the person where the browser has no clipboard", async ({ secrets, api, clipboard }) => {
    await clipboard.remove();
    await api.keep(SECRET);
    await secrets.open();
    await secrets.row("DATABASE_URL").copy.click();
    await expect(secrets.row("DATABASE_URL").pressCtrlC).toBeVisible();
    await expect(secrets.row("DATABASE_URL").value).toBeFocused();
    expect(await clipboard.selected()).toBe(SECRET.value);
  });

  test("is hidden after 60 seconds, and the row says so", async ({ secrets, page, api }) => {
    await api.keep(SECRET);
    await page.clock.install();
    await secrets.open();
    const row = secrets.row("DATABASE_URL");
    await row.reveal.click();
    await expect(row.value).toHaveValue(SECRET.value);
    await expect(row.under).toContainText("Hidden after 60 seconds, or when you leave this tab.");
    await row.value.focus();
    await page.clock.runFor(45_000);
    await expect(row.value).toBeVisible();
    await page.clock.runFor(16_000);
    await expect(row.value).toBeHidden();
    await expect(row.reveal).toBeFocused();
    expect(await everythingIn(page)).not.toMatch(PLANTED);
    // The time begins again with each reveal.
    await row.reveal.click();
    await expect(row.value).toBeVisible();
    await page.clock.runFor(40_000);
    await row.hide.click();
    await row.reveal.click();
    await expect(row.value).toBeVisible();
    await page.clock.runFor(30_000);
    await expect(row.value).toBeVisible();
  });

  test("is hidden when the tab is", async ({ secrets, page, api }) => {
    await api.keep(SECRET);
    await secrets.open();
    await secrets.row("DATABASE_URL").reveal.click();
    await expect(secrets.row("DATABASE_URL").value).toBeVisible();
    await page.evaluate(() => {
      Object.defineProperty(Document.prototype, "hidden", { configurable: true, get: () => true });
      document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
    });
    await expect(secrets.row("DATABASE_URL").value).toBeHidden();
    expect(await everythingIn(page)).not.toMatch(PLANTED);
  });

  test("stands in a row of its own, under a row of at most 46 px", async ({ secrets, page, api }) => {
    await vault(api);
    await page.setViewportSize({ width: 1440, height: 900 });
    await secrets.open();
    for (const row of await secrets.rows.all()) expect((await row.boundingBox())!.height).toBeLessThanOrEqual(46);
    const row = secrets.row("DATABASE_URL");
    const before = await row.root.boundingBox();
    await row.reveal.click();
    await expect(row.value).toBeVisible();
    expect(await row.root.boundingBox()).toEqual(before);
    expect((await row.under.boundingBox())!.y).toBeGreaterThanOrEqual(before!.y + before!.height - 1);
    expect(await violations(page)).toEqual([]);
  });

  test("that the server cannot open is an alert, and nothing is shown", async ({ secrets, api, network }) => {
    await api.keep(SECRET);
    await secrets.open();
    await network.fail("GET /api/secrets/DATABASE_URL", problem(500, "Secret with key \"DATABASE_URL\" cannot be read", "req-5"));
    await secrets.row("DATABASE_URL").reveal.click();
    await expect(secrets.alert).toContainText("“DATABASE_URL” was not revealed.");
    await expect(secrets.alert).toContainText("req-5");
    await expect(secrets.row("DATABASE_URL").value).toBeHidden();
    // It is said beneath the row, and not in a corner.
    await expect(secrets.table.getByRole("alert")).toBeVisible();
    await secrets.closeAlert.click();
    await expect(secrets.alert).toBeHidden();
  });

  test("is read by a program whose key has the scope, and by no other", async ({ api, server }) => {
    await api.keep(SECRET);
    const reader = await api.create({ name: "reader", scopes: ["secrets:read"] });
    const stranger = await api.create({ name: "stranger" });
    const answer = await server.call("/api/secrets/DATABASE_URL", reader.key);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(await answer.json()).toEqual({ data: { key: "DATABASE_URL", value: SECRET.value } });
    const refused = await server.call("/api/secrets/DATABASE_URL", stranger.key);
    expect(refused.status).toBe(403);
    expect(await refused.text()).not.toMatch(PLANTED);
  });
});
