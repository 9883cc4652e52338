// A key with more than three scopes: its row shows three, a button the others.

import { violations } from "./fixtures/axe";
import { expect, test } from "./fixtures/test";

const SCOPES = Array.from({ length: 11 }, (_, n) => `orders-${n}:write`).sort();

for (const colorScheme of ["light", "dark"] as const) {
  test(`a button shows the scopes beyond three on hover and focus, in the ${colorScheme} theme`, async ({ keys, page, api }) => {
    await page.emulateMedia({ colorScheme });
    await api.create({ name: "many", scopes: SCOPES });
    await api.create({ name: "few", scopes: SCOPES.slice(0, 3) });
    await keys.open();
    const { root, moreScopes, allScopes } = keys.row("many");
    await expect(keys.row("few").root).not.toContainText("more");
    await expect(moreScopes).toHaveAccessibleName("+8 more scopes of many");
    await expect(moreScopes).toHaveAccessibleDescription(SCOPES.join(", "));
    expect((await root.boundingBox())!.height, "two lines of chips").toBeLessThanOrEqual(46);

    await expect(allScopes).toBeHidden();
    await moreScopes.hover();
    await expect(allScopes).toHaveText(SCOPES.join(", "));
    await expect(allScopes).toBeInViewport({ ratio: 1 });
    expect(await violations(page)).toEqual([]);
    await keys.title.hover();
    await expect(allScopes).toBeHidden();

    await moreScopes.focus();
    await expect(allScopes).toBeVisible();
    expect(await violations(page)).toEqual([]);
    await moreScopes.press("Escape");
    await expect(allScopes).toBeHidden();
    await expect(moreScopes).toBeFocused();
    await keys.row("few").delete.focus();
    await moreScopes.focus();
    await expect(allScopes, "Escape holds until the focus has left").toBeVisible();
  });
}

test.describe("on a screen that is touched", () => {
  test.use({ hasTouch: true });

  test("a tap shows them, and a tap elsewhere hides them", async ({ keys, api }) => {
    await api.create({ name: "many", scopes: SCOPES });
    await keys.open();
    const { moreScopes, allScopes } = keys.row("many");
    await moreScopes.tap();
    await expect(allScopes).toBeInViewport({ ratio: 1 });
    await keys.title.tap();
    await expect(allScopes).toBeHidden();
  });

  test("on a phone, where they have no room, the page of the key lists them", async ({ keys, api, page }) => {
    await page.setViewportSize({ width: 360, height: 740 });
    await api.create({ name: "many", scopes: SCOPES });
    await keys.open();
    await expect(keys.row("many").scopes).toBeHidden();
    await keys.row("many").link.tap();
    await expect(keys.pageOf("many").fact("Scopes").getByRole("listitem")).toHaveText(SCOPES);
  });
});
