import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { promisify } from "node:util";
import type { Page } from "@playwright/test";
import { problem } from "./fixtures/api";
import { everythingIn, expect, sessionOf, test } from "./fixtures/test";
import { Api } from "./fixtures/api";
import { CREATED, KEY, SECRETS, SignInPage } from "./fixtures/pages";

const run = promisify(execFile);

const clipboard = (page: Page) => page.evaluate(() => navigator.clipboard.readText());

test.describe("the form", () => {
  test("opens with the name focused, and the button waits", async ({ keys }) => {
    await keys.open();
    const before = await keys.add.boundingBox();
    await keys.add.click();
    await expect(keys.form.name).toBeFocused();
    await expect(keys.form.name).toHaveAttribute("placeholder", "e.g. production");
    await expect(keys.add).toBeDisabled();
    expect(await keys.add.boundingBox()).toEqual(before);
    await keys.form.cancel.click();
    await expect(keys.form.root).toBeHidden();
    await expect(keys.add).toBeFocused();
    await keys.add.press("Enter");
    await expect(keys.form.name).toBeFocused();
    await keys.page.keyboard.press("Escape");
    await expect(keys.form.root).toBeHidden();
    await expect(keys.add).toBeFocused();
  });

  for (const [what, name] of [
    ["no name", ""],
    ["white space alone", " \u00a0\u3000"],
    ["65 characters", "x".repeat(65)],
    ["a control character", "a\u0007b"],
  ] as const) {
    test(`says about ${what} what the server says`, async ({ keys, api }) => {
      const refusal = await api.send("POST", "/api/keys", { name });
      expect(refusal.status).toBe(400);
      const { errors } = (await refusal.json()) as { errors: { field: string; message: string }[] };
      expect(errors).toHaveLength(1);

      await keys.open();
      await keys.add.click();
      await keys.form.name.fill(name);
      await keys.form.create.click();
      await expect(keys.form.name).toHaveAccessibleDescription(errors[0]!.message);
      await expect(keys.form.root.getByText(errors[0]!.message, { exact: true })).toBeVisible();
      await expect(keys.form.name).toHaveAttribute("aria-invalid", "true");
      await expect(keys.form.name).toBeFocused();
      expect(await api.keys()).toEqual([]);
    });
  }

  test("uses the sentences that were agreed", async ({ keys }) => {
    await keys.open();
    await keys.add.click();
    await keys.form.create.click();
    await expect(keys.form.name).toHaveAccessibleDescription("Name is required");
    await keys.form.name.fill("x".repeat(65));
    await keys.form.create.click();
    await expect(keys.form.name).toHaveAccessibleDescription("Name must be 64 characters or fewer");
  });

  test("says that a name is taken, and lets it be changed", async ({ keys, api, watch }) => {
    await api.create({ name: "production" });
    await keys.open();
    await keys.add.click();
    await keys.form.name.fill("  production ");
    watch.expectFailure(409, "/api/keys");
    await keys.form.create.click();
    await expect(keys.form.name).toHaveAccessibleDescription('An API key named "production" already exists');
    await expect(keys.form.name).toBeFocused();
    await expect(keys.banners).toHaveCount(0);
    await keys.form.name.fill("staging");
    await keys.form.name.press("Enter");
    await expect(keys.banner("staging").key).toHaveValue(KEY);
    await expect(keys.names()).toHaveText(["staging", "production"]);
  });

  test("takes 64 characters of any script, and trims", async ({ keys, api }) => {
    const name = "🔑".repeat(64);
    await keys.open();
    await keys.create(`  ${name}`.trimEnd()).catch(() => undefined);
    await expect(keys.row(name).root).toBeVisible();
    expect((await api.keys()).map((key) => key.name)).toEqual([name]);
  });

  test("shows a name that looks like markup as the text it is", async ({ keys }) => {
    const name = `<img src=x onerror="document.title='owned'"> & 'co'`;
    await keys.open();
    await keys.create(name);
    await expect(keys.row(name).root).toBeVisible();
    await expect(keys.page).toHaveTitle("Secrets and keys - Keyward");
    expect(await keys.page.locator("img[src='x']").count()).toBe(0);
  });

  test("sends expiry and scopes with the name", async ({ keys, server }) => {
    await keys.open();
    await keys.add.click();
    await expect(keys.form.expires.getByRole("option")).toHaveText(["Never", "7 days", "30 days", "90 days", "1 year", "On a date"]);
    await keys.form.name.fill("scoped");
    await keys.form.expires.selectOption("7 days");
    await keys.form.scope("secrets:read").check();
    await keys.form.scope("keys:verify").check();
    await keys.form.otherScopes.fill("orders:write, orders:read");
    await keys.form.create.click();
    const key = await keys.banner("scoped").key.inputValue();
    await expect(keys.row("scoped").scopes.getByRole("listitem")).toHaveText(["keys:verify", "orders:read", "orders:write", /^\s*\+1 more/]);
    await expect(keys.row("scoped").expires).toContainText("Expires in 7 days");
    const verified = await server.verify(key);
    expect(verified.headers.get("x-keyward-scopes")).toBe("keys:verify orders:read orders:write secrets:read");
  });

  test("takes a date, and none that is over", async ({ keys, api }) => {
    await keys.open();
    await keys.add.click();
    await expect(keys.form.expiryDate).toBeHidden();
    await keys.form.name.fill("dated");
    await keys.form.expires.selectOption("On a date");
    await keys.form.create.click();
    await expect(keys.form.expiryDate).toHaveAccessibleDescription(/Choose a date/);
    await keys.form.expiryDate.fill("2020-01-01");
    await keys.form.create.click();
    await expect(keys.form.expiryDate).toHaveAccessibleDescription(/Choose a date in the future/);
    expect(await api.keys()).toEqual([]);
    // The last second of that day where the person is: Berlin, in summer.
    await keys.form.expiryDate.fill("2099-07-31");
    await keys.form.create.click();
    await expect(keys.row("dated").expires).toContainText("31 Jul 2099");
    expect(new Date((await api.keys())[0]!.expiresAt!).toISOString()).toBe("2099-07-31T21:59:59.000Z");
  });

  test("refuses a scope that is none with the sentence of the server", async ({ keys, api }) => {
    const refusal = await api.send("POST", "/api/keys", { name: "a", scopes: ["Not A Scope!"] });
    const { message } = (await refusal.json()) as { message: string };
    await keys.open();
    await keys.add.click();
    await keys.form.name.fill("a");
    await keys.form.otherScopes.fill("Not!");
    await keys.form.create.click();
    await expect(keys.form.otherScopes).toHaveAccessibleDescription(new RegExp(message.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")));
    expect(await api.keys()).toEqual([]);
  });

  test("makes one key of a double click", async ({ keys, api, page }) => {
    await keys.open();
    await keys.add.click();
    await keys.form.name.fill("once");
    await keys.form.create.dblclick();
    await expect(keys.banner("once").key).toHaveValue(KEY);
    expect(await api.keys()).toHaveLength(1);
    await expect(keys.alert).toHaveCount(0);

    // Faster than any finger: two submissions before the page can draw itself.
    let posts = 0;
    page.on("request", (request) => void (request.method() === "POST" && (posts += 1)));
    await keys.add.click();
    await keys.form.name.fill("twice");
    await keys.form.root.evaluate((form: HTMLFormElement) => {
      form.requestSubmit();
      form.requestSubmit();
    });
    await expect(keys.banner("twice").key).toHaveValue(KEY);
    expect(posts).toBe(1);
    expect(await api.keys()).toHaveLength(2);
  });

  test("says that it is creating, and cannot be cancelled meanwhile", async ({ keys, page }) => {
    await keys.open();
    let answer = () => {};
    const held = new Promise<void>((resolve) => (answer = resolve));
    await page.route("**/api/keys", async (route) => {
      if (route.request().method() === "POST") await held;
      await route.continue();
    });
    await keys.add.click();
    await keys.form.name.fill("slow");
    await keys.form.name.press("Enter");
    await expect(keys.form.creating).toBeVisible();
    await keys.form.cancel.click();
    await expect(keys.form.root).toBeVisible();
    answer();
    await expect(keys.banner("slow").key).toHaveValue(KEY);
    await expect(keys.form.root).toBeHidden();
  });

  test("stays as it was filled in when the server fails", async ({ keys, page, api, watch }) => {
    await keys.open();
    const path = "**/api/keys";
    await page.route(path, (route) => (route.request().method() === "POST" ? route.fulfill(problem(503, "The store cannot answer; try again", "req-77")) : route.continue()));
    await keys.add.click();
    await keys.form.name.fill("production");
    await keys.form.scope("secrets:read").check();
    watch.expectFailure(503, "/api/keys");
    await keys.form.create.click();
    await expect(keys.form.root.getByRole("alert")).toContainText("The store cannot answer; try again");
    await expect(keys.form.root.getByRole("alert")).toContainText("req-77");
    await expect(keys.form.name).toHaveValue("production");
    await expect(keys.form.scope("secrets:read")).toBeChecked();
    await page.unroute(path);
    await keys.form.create.click();
    await expect(keys.banner("production").key).toHaveValue(KEY);
    expect(await api.keys()).toHaveLength(1);
  });
});

test.describe("the banner", () => {
  test.use({ permissions: ["clipboard-read", "clipboard-write"] });

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
    expect((await server.verify(undefined)).status).toBe(401);
    expect((await server.verify(`${key.slice(0, -1)}${key.endsWith("A") ? "B" : "A"}`)).status).toBe(401);
  });

  test("copies the key, and says so only then", async ({ keys, page }) => {
    await keys.open();
    const key = await keys.create("production");
    const banner = keys.banner("production");
    await expect(banner.copy).toBeFocused();
    await expect(banner.copied).toBeHidden();
    await banner.copy.click();
    await expect(banner.copied).toBeVisible();
    expect(await clipboard(page)).toBe(key);
    // It offers to copy again after a while.
    await expect(banner.copy).toBeVisible({ timeout: 8_000 });
  });

  test("has a command that a shell runs as it is", async ({ keys, page, server }) => {
    await keys.open();
    const key = await keys.create("production");
    const banner = keys.banner("production");
    await banner.copyCommand.click();
    await expect(banner.copied).toBeVisible();
    const command = await clipboard(page);
    expect(command).toBe(await banner.command.inputValue());
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
    await keys.row("old").delete.click();
    await keys.row("old").confirm.click();
    await expect(keys.names()).toHaveText(["second", "first"]);
    await keys.search.fill("nothing like it");
    await expect(keys.noMatch).toBeVisible();
    await keys.search.fill("");
    await expect(keys.banner("first").key).toHaveValue(first);
    await expect(keys.banner("second").key).toHaveValue(second);

    await keys.banner("second").dismiss.click();
    await expect(keys.banners).toHaveCount(1);
    await expect(keys.add).toBeFocused();
    await expect(keys.banner("first").key).toHaveValue(first);
    expect(await everythingIn(keys.page)).not.toContain(second);
  });

  test("goes with a reload, and takes the key with it from everywhere", async ({ keys, page, server, context }) => {
    page.on("dialog", (dialog) => void dialog.accept());
    await keys.open();
    const key = await keys.create("production");
    expect(await everythingIn(page)).toContain(key);
    const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, history.state, location.href, document.title]));
    expect(kept).not.toContain(key);
    await keys.banner("production").copy.click();

    const bodies: Promise<string>[] = [];
    page.on("response", (response) => response.url().includes("/api/") && bodies.push(response.text()));
    await page.reload();
    await expect(keys.row("production").root).toBeVisible();
    await expect(keys.banners).toHaveCount(0);
    const page_ = await everythingIn(page);
    const answers = (await Promise.all(bodies)).join("\n");
    const hash = createHash("sha256").update(key).digest("hex");
    for (const secret of [key, key.slice(8), hash]) {
      expect(page_).not.toContain(secret);
      expect(answers).not.toContain(secret);
    }
    expect(JSON.stringify(await context.storageState())).not.toContain(key.slice(8));
    // Neither does the history hold it.
    await page.goBack().catch(() => undefined);
    await page.goForward().catch(() => undefined);
    expect(await everythingIn(page)).not.toContain(key);
    expect((await server.verify(key)).status).toBe(200);
  });

  test("is gone after it was dismissed, too", async ({ keys, page }) => {
    await keys.open();
    const key = await keys.create("production");
    await keys.banner("production").dismiss.click();
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

  test("takes the person's own copy command for a copy", async ({ keys, page }) => {
    await keys.open();
    const key = await keys.create("production");
    await keys.banner("production").key.click();
    await page.keyboard.press("Control+C");
    expect(await clipboard(page)).toBe(key);
    page.on("dialog", () => expect(false, "no question is asked").toBe(true));
    await page.reload();
    await expect(keys.banners).toHaveCount(0);
  });

  test("asks before signing out with a key that nobody copied", async ({ keys, page }) => {
    await keys.open();
    await keys.create("production");
    const signOut = page.getByRole("button", { name: "Sign out" });
    await signOut.click();
    await expect(keys.dialog).toHaveAccessibleName("Leave without the API key?");
    await keys.dialog.getByRole("button", { name: "Stay" }).click();
    await expect(keys.dialog).toBeHidden();
    await expect(keys.banners).toHaveCount(1);
    await expect(signOut).toBeFocused();
    await signOut.click();
    await page.keyboard.press("Escape");
    await expect(keys.banners).toHaveCount(1);
    await signOut.click();
    await keys.dialog.getByRole("button", { name: "Leave anyway" }).click();
    await expect(page).toHaveURL("/login");
    await new SignInPage(page).signIn();
    await expect(keys.row("production").root).toBeVisible();
    await expect(keys.banners).toHaveCount(0);
  });

  test("outlives a session that ended", async ({ keys, page, server, context, watch }) => {
    await keys.open();
    const key = await keys.create("production");
    await Api.withSession(server, await sessionOf(context)).signOut();
    watch.expectFailure(401, "/api/keys");
    await keys.refresh.click();
    await expect(new SignInPage(page).title).toBeVisible();
    expect(await everythingIn(page)).not.toContain(key);
    await new SignInPage(page).signIn();
    await expect(page).toHaveURL(SECRETS);
    await expect(keys.banner("production").key).toHaveValue(key);
  });
});

test.describe("without a clipboard, as on plain http", () => {
  test("the key is selected and the page says what to press", async ({ keys, page }) => {
    await page.addInitScript(() => Object.defineProperty(Navigator.prototype, "clipboard", { get: () => undefined }));
    await keys.open();
    const key = await keys.create("production");
    const banner = keys.banner("production");
    await banner.copy.click();
    await expect(banner.pressCtrlC).toBeVisible();
    await expect(banner.copied).toBeHidden();
    await expect(banner.key).toBeFocused();
    const selected = await banner.key.evaluate((field: HTMLTextAreaElement) => field.value.slice(field.selectionStart, field.selectionEnd));
    expect(selected).toBe(key);
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
