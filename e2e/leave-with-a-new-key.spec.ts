// Leaving the page while it shows a new key: nobody loses it unasked, and nothing keeps it.

import { createHash } from "node:crypto";
import { CLIPBOARD } from "./fixtures/clipboard";
import { everythingIn } from "./fixtures/everything";
import { expect, test } from "./fixtures/test";
import { SECRETS } from "./pages/keys";

test.describe("the banner", () => {
  test.use({ permissions: CLIPBOARD });

  test("goes with a reload, and takes the key with it from everywhere", async ({ keys, page, server, context, network }) => {
    page.on("dialog", (dialog) => void dialog.accept());
    await keys.open();
    const key = await keys.create("production");
    expect(await everythingIn(page)).toContain(key);
    const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, history.state, location.href, document.title]));
    expect(kept).not.toContain(key);
    await keys.banner("production").copy.click();

    const answers = network.answers();
    await page.reload();
    await expect(keys.row("production").root).toBeVisible();
    await expect(keys.banners).toHaveCount(0);
    const shown = await everythingIn(page);
    const answered = await answers();
    const hash = createHash("sha256").update(key).digest("hex");
    for (const secret of [key, key.slice(8), hash]) {
      expect(shown).not.toContain(secret);
      expect(answered).not.toContain(secret);
    }
    expect(JSON.stringify(await context.storageState())).not.toContain(key.slice(8));
    // Neither does the history hold it.
    await page.goBack().catch(() => undefined);
    await page.goForward().catch(() => undefined);
    expect(await everythingIn(page)).not.toContain(key);
    expect(await server.statusOf(key)).toBe(200);
  });

  test("is gone after it was dismissed, too", async ({ keys, page }) => {
    await keys.open();
    const key = await keys.create("production");
    await keys.banner("production").giveUp();
    await expect(keys.banners).toHaveCount(0);
    expect(await everythingIn(page)).not.toContain(key.slice(8));
  });

  test("warns before a key that nobody copied is lost", async ({ keys, page }) => {
    await keys.open();
    await keys.create("production");
    const asked: string[] = [];
    page.once("dialog", async (dialog) => {
      asked.push(dialog.type());
      await dialog.dismiss();
    });
    await page.reload({ timeout: 1_500 }).catch(() => undefined);
    expect(asked).toEqual(["beforeunload"]);
    await expect(keys.banners).toHaveCount(1);

    await keys.banner("production").copy.click();
    await expect(keys.banner("production").copied).toBeVisible();
    page.on("dialog", (dialog) => {
      asked.push("again");
      void dialog.accept();
    });
    await page.reload();
    await expect(keys.row("production").root).toBeVisible();
    expect(asked).toEqual(["beforeunload"]);
  });

  test("asks before signing out with a key that nobody copied", async ({ keys, page, signIn, shell }) => {
    await keys.open();
    await keys.create("production");
    await shell.leave();
    await expect(shell.question).toBeVisible();
    await shell.stay.click();
    await expect(shell.question).toBeHidden();
    await expect(keys.banners).toHaveCount(1);
    await shell.leave();
    await expect(shell.question).toBeVisible();
    await page.keyboard.press("Escape");
    await expect(shell.question).toBeHidden();
    await expect(keys.banners).toHaveCount(1);
    await shell.leave();
    await shell.leaveAnyway.click();
    await expect(page).toHaveURL("/login");
    await signIn.signIn();
    await expect(shell.account).toBeVisible();
    await keys.open();
    await expect(keys.row("production").root).toBeVisible();
    await expect(keys.banners).toHaveCount(0);
  });

  test("outlives a session that ended", async ({ keys, page, watch, signIn, session }) => {
    await keys.open();
    const key = await keys.create("production");
    await session.end();
    watch.expectFailure(401, "/api/keys");
    await keys.refresh.click();
    await expect(signIn.title).toBeVisible();
    expect(await everythingIn(page)).not.toContain(key);
    await signIn.signIn();
    await expect(page).toHaveURL(SECRETS);
    await expect(keys.banner("production").key).toHaveValue(key);
  });
});
