// Copying a new key from the banner that shows it, and using it.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { violations } from "./fixtures/axe";
import { CLIPBOARD } from "./fixtures/clipboard";
import { everythingIn } from "./fixtures/everything";
import { expect, test } from "./fixtures/test";
import { CREATED } from "./pages/key-banner";

const run = promisify(execFile);

test.describe("the banner", () => {
  test.use({ permissions: CLIPBOARD });

  test("shows the key once, and a program can use it", async ({ keys, server, api }) => {
    await keys.open();
    const key = await keys.create("grüße, ci");
    await expect(keys.page.getByText(CREATED, { exact: true })).toBeVisible();
    await expect(keys.banners.getByRole("status")).toHaveText(CREATED);
    await expect(keys.banner("grüße, ci").key).not.toBeEditable();
    await expect(keys.row("grüße, ci").prefix).toHaveText(`${key.slice(0, 8)}...`);
    await expect(keys.row("grüße, ci").lastUsed).toHaveText("Never used");
    await expect(keys.row("grüße, ci").status).toHaveText(/Active/);

    const [record] = await api.keys();
    for (const method of ["GET", "POST"]) {
      const answer = await server.verify(key, method);
      expect(answer.status).toBe(200);
      expect(answer.headers.get("x-keyward-key-id")).toBe(record!.id);
      expect(decodeURIComponent(answer.headers.get("x-keyward-key-name")!)).toBe("grüße, ci");
      expect(answer.headers.get("x-keyward-scopes")).toBe("");
      expect(answer.headers.get("cache-control")).toBe("no-store");
      expect(await answer.json()).toEqual({ data: { keyId: record!.id, name: "grüße, ci", scopes: [] } });
    }
    expect(await server.statusOf(undefined)).toBe(401);
    expect(await server.statusOf(`${key.slice(0, -1)}${key.endsWith("A") ? "B" : "A"}`)).toBe(401);
  });

  test("copies the key, and says so only then", async ({ keys, clipboard }) => {
    await keys.open();
    const key = await keys.create("production");
    const banner = keys.banner("production");
    await expect(banner.copy).toBeFocused();
    await expect(banner.copied).toBeHidden();
    await expect(banner.done).toBeHidden();
    await banner.copy.click();
    await expect(banner.copied).toBeVisible();
    expect(await clipboard.text()).toBe(key);

    // It folds to one line, and the focus stays in it. Unfolded, it offers to copy again.
    await expect(banner.key).toBeHidden();
    await expect(banner.done).toBeFocused();
    await expect(banner.root).toContainText("Copied.");
    expect((await banner.root.boundingBox())!.height).toBeLessThanOrEqual(56);
    expect(await violations(keys.page)).toEqual([]);
    await banner.show.click();
    await expect(banner.key).toHaveValue(key);
    await expect(banner.copy).toBeVisible();
    await banner.hide.click();
    await expect(banner.key).toBeHidden();
    await banner.done.click();
    await expect(keys.banners).toHaveCount(0);
    await expect(keys.add).toBeFocused();
  });

  test("asks before it gives a key up that nobody copied", async ({ keys }) => {
    await keys.open();
    const key = await keys.create("production");
    const banner = keys.banner("production");
    await banner.dismiss.click();
    await expect(banner.dismissUncopied).toBeFocused();
    await keys.page.keyboard.press("Escape");
    await expect(banner.dismiss).toBeFocused();
    await banner.dismiss.click();
    await expect(banner.dismissUncopied).toBeVisible();
    expect(await violations(keys.page)).toEqual([]);
    await banner.key.click();
    await expect(banner.dismiss, "it asks no longer once the focus has left").toBeVisible();
    // A double click is one activation.
    await banner.dismiss.dblclick();
    await expect(banner.key).toHaveValue(key);
    await banner.dismissUncopied.click();
    await expect(keys.banners).toHaveCount(0);
    await expect(keys.add).toBeFocused();
  });

  test("has a command that a shell runs as it is", async ({ keys, server, clipboard }) => {
    await keys.open();
    const key = await keys.create("production");
    const banner = keys.banner("production");
    const shown = await banner.command.inputValue();
    await banner.copyCommand.click();
    await expect(banner.copied).toBeVisible();
    const command = await clipboard.text();
    expect(command).toBe(shown);
    expect(command).toContain(`${server.url}/api/verify`);
    expect(command).toContain(key);
    const { stdout } = await run("sh", ["-c", command]);
    expect(JSON.parse(stdout)).toMatchObject({ data: { name: "production" } });
  });

  test("stays while other keys come and go, until it is dismissed", async ({ keys, api }) => {
    await api.create({ name: "old" });
    await keys.open();
    const first = await keys.create("first");
    await keys.refresh.click();
    const second = await keys.create("second");
    expect(second).not.toBe(first);
    await expect(keys.banners).toHaveCount(2);
    await keys.row("old").remove();
    await expect(keys.names()).toHaveText(["second", "first"]);
    await keys.search.fill("nothing like it");
    await expect(keys.noMatch).toBeVisible();
    await keys.search.fill("");
    await expect(keys.banner("first").key).toHaveValue(first);
    await expect(keys.banner("second").key).toHaveValue(second);

    await keys.banner("second").giveUp();
    await expect(keys.banners).toHaveCount(1);
    await expect(keys.add).toBeFocused();
    await expect(keys.banner("first").key).toHaveValue(first);
    expect(await everythingIn(keys.page)).not.toContain(second);
  });

  test("takes the person's own copy command for a copy", async ({ keys, page, clipboard }) => {
    await keys.open();
    const key = await keys.create("production");
    await keys.banner("production").key.click();
    await page.keyboard.press("Control+C");
    expect(await clipboard.text()).toBe(key);
    page.on("dialog", () => expect(false, "no question is asked").toBe(true));
    await page.reload();
    await expect(keys.banners).toHaveCount(0);
  });
});

test.describe("without a clipboard, as on plain http", () => {
  test("the key is selected and the page says what to press", async ({ keys, clipboard }) => {
    await clipboard.remove();
    await keys.open();
    const key = await keys.create("production");
    const banner = keys.banner("production");
    await banner.copy.click();
    await expect(banner.pressCtrlC).toBeVisible();
    await expect(banner.copied).toBeHidden();
    await expect(banner.key).toBeFocused();
    expect(await clipboard.selected()).toBe(key);
  });

  test("a browser that refuses is treated the same", async ({ keys, page }) => {
    await page.addInitScript(() => {
      Clipboard.prototype.writeText = () => Promise.reject(new DOMException("no", "NotAllowedError"));
    });
    await keys.open();
    await keys.create("production");
    await keys.banner("production").copy.click();
    await expect(keys.banner("production").pressCtrlC).toBeVisible();
    await expect(keys.banner("production").copied).toBeHidden();
  });
});
