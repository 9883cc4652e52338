// Keeping a secret: adding, seeing, copying, changing and deleting it, and a program that reads it.

import type { Page } from "@playwright/test";
import { type Api, problem } from "./fixtures/api";
import { SECRETS_TAB, SignInPage } from "./fixtures/pages";
import type { Server } from "./fixtures/server";
import { everythingIn, expect, test } from "./fixtures/test";

const VALUE = "postgres://billing:Planted-Value-7@db.internal/billing";
const SECRET = { key: "DATABASE_URL", value: VALUE, description: "of the billing service" };
const PEM = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADAN\n-----END PRIVATE KEY-----";

/** A program that reads a secret with a key. */
function read(server: Server, key: string, apiKey: string): Promise<Response> {
  return fetch(`${server.url}/api/secrets/${key}`, { headers: { "x-api-key": apiKey } });
}

/** How often somebody has read a value, as the audit log tells it. */
async function readings(api: Api): Promise<number> {
  const answer = await api.send("GET", "/api/admin/audit?action=secret.read&limit=50");
  return ((await answer.json()) as { data: unknown[] }).data.length;
}

/** Pastes a text as it is: the clipboard of a browser may change its line ends. */
async function paste(page: Page, text: string) {
  await page.evaluate((text) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", text);
    document.activeElement!.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
  }, text);
}

const clipboard = (page: Page) => page.evaluate(() => navigator.clipboard.readText());

test.describe("adding", () => {
  test("keeps it, and lists it without its value", async ({ secrets, page, api }) => {
    await secrets.open();
    await expect(secrets.empty).toBeVisible();
    await secrets.add.click();
    await expect(secrets.form.key).toBeFocused();
    await expect(secrets.form.value).toHaveAttribute("type", "password");
    await expect(secrets.form.value).toHaveAttribute("autocomplete", "off");
    await secrets.form.fill(SECRET);
    await page.keyboard.press("Enter");
    await expect(secrets.dialog).toBeHidden();
    await expect(secrets.says("“DATABASE_URL” added")).toBeVisible();
    await expect(secrets.row("DATABASE_URL").description).toHaveText("of the billing service");
    await expect(secrets.row("DATABASE_URL").updated).toContainText("just now");
    await expect(secrets.add).toBeFocused();
    expect(await everythingIn(page)).not.toContain("Planted-Value-7");
    expect(await api.valueOf("DATABASE_URL")).toBe(VALUE);
  });

  test("says about key, value and description what the server says", async ({ secrets, api }) => {
    const wrong = { key: "my-key", value: "", description: "x".repeat(501) };
    const answer = await api.send("POST", "/api/secrets", wrong);
    expect(answer.status).toBe(400);
    const { errors } = (await answer.json()) as { errors: { field: string; message: string }[] };
    await secrets.open();
    await secrets.add.click();
    await secrets.form.fill(wrong);
    await secrets.form.save.click();
    for (const { message } of errors) await expect(secrets.dialog.getByText(message, { exact: true })).toBeVisible();
    await expect(secrets.form.key).toHaveAccessibleDescription(/Key must be SCREAMING_SNAKE_CASE \(e\.g\., MY_API_KEY\)/);
    await expect(secrets.form.value).toHaveAccessibleDescription(/Value is required/);
    await expect(secrets.form.description).toHaveAccessibleDescription(/Text must be 500 characters or fewer/);
    await expect(secrets.form.key).toHaveAttribute("aria-invalid", "true");
    expect(await api.secrets()).toEqual([]);
  });

  test("says that a key is taken, and changes nothing", async ({ secrets, api, watch }) => {
    await api.keep(SECRET);
    await secrets.open();
    await secrets.add.click();
    await secrets.form.fill({ key: "DATABASE_URL", value: "another" });
    watch.expectFailure(409, "/api/secrets");
    await secrets.form.save.click();
    await expect(secrets.form.key).toHaveAccessibleDescription(/Secret with key "DATABASE_URL" already exists/);
    await expect(secrets.form.value).toHaveValue("another");
    expect(await api.valueOf("DATABASE_URL")).toBe(VALUE);
  });

  test("makes one secret of a double click", async ({ secrets, page, api }) => {
    let asked = 0;
    await page.route("**/api/secrets", (route) => {
      if (route.request().method() === "POST") asked += 1;
      return route.continue();
    });
    await secrets.open();
    await secrets.add.click();
    await secrets.form.fill(SECRET);
    await secrets.form.save.dblclick();
    await expect(secrets.row("DATABASE_URL").root).toBeVisible();
    expect(asked).toBe(1);
    expect(await api.secrets()).toHaveLength(1);
  });

  test("shows and covers what is typed", async ({ secrets }) => {
    await secrets.open();
    await secrets.add.click();
    await secrets.form.value.fill("typed");
    await secrets.form.show.click();
    await expect(secrets.form.value).toHaveValue("typed");
    await expect(secrets.form.value).not.toHaveAttribute("type", "password");
    await secrets.form.hide.click();
    await expect(secrets.form.value).toHaveAttribute("type", "password");
    await expect(secrets.form.value).toHaveValue("typed");
  });

  test("keeps the line breaks of what is pasted", async ({ secrets, page, context, api }) => {
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await secrets.open();
    await page.evaluate((text) => navigator.clipboard.writeText(text), PEM);
    await secrets.add.click();
    await secrets.form.key.fill("TLS_KEY");
    await secrets.form.value.focus();
    await page.keyboard.press("Control+v");
    await expect(secrets.form.value).toHaveValue(PEM);
    await expect(secrets.dialog.getByText("A value of several lines stays visible while you edit it.")).toBeVisible();
    await secrets.form.save.click();
    await expect(secrets.row("TLS_KEY").root).toBeVisible();
    expect(await api.valueOf("TLS_KEY")).toBe(PEM);
  });

  test("keeps what is pasted to the byte, and says how much that is", async ({ secrets, page, api }) => {
    const value = "first\r\nsecond\r\n";
    await secrets.open();
    await secrets.add.click();
    await secrets.form.key.fill("CRLF");
    await secrets.form.value.focus();
    await paste(page, value);
    await expect(secrets.dialog.getByText("To be stored: 15 bytes, 2 lines, CR LF line ends, a line break at the end.")).toBeVisible();
    await secrets.form.save.click();
    await expect(secrets.row("CRLF").root).toBeVisible();
    expect(await api.valueOf("CRLF")).toBe(value);
    await secrets.row("CRLF").reveal.click();
    await expect(secrets.row("CRLF").root).toContainText("15 bytes, 2 lines, CR LF line ends, a line break at the end.");
    await expect(secrets.row("CRLF").root).toContainText("Copy keeps the line ends; this field does not.");

    // A browser's field makes LF of them once it is edited: that is said before it is sent.
    await secrets.row("CRLF").edit.click();
    await secrets.form.value.focus();
    await paste(page, value);
    await secrets.form.value.press("End");
    await secrets.form.value.press("x");
    const edited = await secrets.form.value.inputValue();
    expect(edited).not.toContain("\r");
    await expect(secrets.dialog.getByText(`To be stored: ${edited.length} bytes, 3 lines.`)).toBeVisible();
    await secrets.form.save.click();
    await expect(secrets.dialog).toBeHidden();
    expect(await api.valueOf("CRLF")).toBe(edited);
  });

  test("says of a short value what is stored", async ({ secrets, api }) => {
    await secrets.open();
    await secrets.add.click();
    await secrets.form.key.fill("TOKEN");
    await secrets.form.value.fill("t\u00f6ken ");
    await expect(secrets.dialog.getByText("To be stored: 7 bytes, a space at the end.")).toBeVisible();
    await secrets.form.save.click();
    await expect(secrets.row("TOKEN").root).toBeVisible();
    expect(await api.valueOf("TOKEN")).toBe("t\u00f6ken ");
  });

  test("can be left while it is sent, and the page lives on", async ({ secrets, page, watch }) => {
    let answer = () => {};
    const held = new Promise<void>((resolve) => (answer = resolve));
    await page.route("**/api/secrets", async (route) => {
      if (route.request().method() !== "POST") return route.continue();
      await held;
      await route.fulfill(problem(503, "The store cannot answer; try again"));
    });
    await secrets.open();
    await secrets.add.click();
    await secrets.form.fill(SECRET);
    await secrets.form.save.click();
    await page.keyboard.press("Escape");
    await expect(secrets.dialog).toBeHidden();
    watch.expectFailure(503, "/api/secrets");
    const failed = page.waitForResponse((response) => response.request().method() === "POST");
    answer();
    await failed;
    await secrets.add.click();
    await expect(secrets.form.error).toBeHidden();
    await expect(secrets.form.key).toBeFocused();
  });

  test("leaves nothing behind when it is cancelled", async ({ secrets, page, api }) => {
    await secrets.open();
    await secrets.add.click();
    await secrets.form.fill(SECRET);
    await page.keyboard.press("Escape");
    await expect(secrets.dialog).toBeHidden();
    await expect(secrets.add).toBeFocused();
    expect(await everythingIn(page)).not.toContain("Planted-Value-7");
    expect(await api.secrets()).toEqual([]);
  });
});

test.describe("a value", () => {
  test("is shown in its row alone, is recorded, and can be hidden again", async ({ secrets, page, api }) => {
    await api.keep(SECRET);
    await api.keep({ key: "OTHER", value: "Other-Value-8" });
    await secrets.open();
    await expect(secrets.page.getByText("the audit log records it")).toBeVisible();
    await secrets.row("DATABASE_URL").reveal.click();
    await expect(secrets.row("DATABASE_URL").value).toHaveValue(VALUE);
    await expect(secrets.row("DATABASE_URL").value).not.toBeEditable();
    expect(await readings(api)).toBe(1);
    await secrets.row("OTHER").reveal.click();
    await expect(secrets.row("OTHER").value).toHaveValue("Other-Value-8");
    await expect(secrets.row("DATABASE_URL").value).toBeHidden();
    await secrets.row("OTHER").hide.click();
    await expect(secrets.row("OTHER").value).toBeHidden();
    await expect(secrets.row("OTHER").reveal).toBeFocused();
    const all = await everythingIn(page);
    expect(all).not.toContain("Planted-Value-7");
    expect(all).not.toContain("Other-Value-8");
    expect(await readings(api)).toBe(2);
  });

  test("is gone when the person leaves and comes back", async ({ secrets, page, api }) => {
    await api.keep(SECRET);
    await secrets.open();
    await secrets.row("DATABASE_URL").reveal.click();
    await expect(secrets.row("DATABASE_URL").value).toHaveValue(VALUE);
    await page.getByRole("link", { name: "API keys" }).click();
    await expect(page.getByRole("heading", { level: 2, name: "API keys" })).toBeVisible();
    expect(await everythingIn(page)).not.toContain("Planted-Value-7");
    await page.goBack();
    await expect(secrets.row("DATABASE_URL").reveal).toBeVisible();
    expect(await everythingIn(page)).not.toContain("Planted-Value-7");
  });

  test("is copied without being shown", async ({ secrets, page, context, api }) => {
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await api.keep(SECRET);
    await secrets.open();
    await secrets.row("DATABASE_URL").copy.click();
    await expect(secrets.row("DATABASE_URL").copied).toBeVisible();
    await expect(secrets.row("DATABASE_URL").value).toBeHidden();
    expect(await clipboard(page)).toBe(VALUE);
    expect(await everythingIn(page)).not.toContain("Planted-Value-7");
    expect(await readings(api)).toBe(1);
  });

  test("is selected for the person where the browser has no clipboard", async ({ secrets, page, api }) => {
    await page.addInitScript(() => Object.defineProperty(Navigator.prototype, "clipboard", { get: () => undefined }));
    await api.keep(SECRET);
    await secrets.open();
    await secrets.row("DATABASE_URL").copy.click();
    await expect(secrets.row("DATABASE_URL").pressCtrlC).toBeVisible();
    await expect(secrets.row("DATABASE_URL").value).toBeFocused();
    expect(await page.evaluate(() => {
      const field = document.activeElement as HTMLTextAreaElement;
      return field.value.slice(field.selectionStart, field.selectionEnd);
    })).toBe(VALUE);
  });

  test("that the server cannot open is an alert, and nothing is shown", async ({ secrets, page, api, watch }) => {
    await api.keep(SECRET);
    await secrets.open();
    await page.route("**/api/secrets/*", (route) => route.fulfill(problem(500, "Secret with key \"DATABASE_URL\" cannot be read", "req-5")));
    watch.expectFailure(500, "/api/secrets/DATABASE_URL");
    await secrets.row("DATABASE_URL").reveal.click();
    await expect(secrets.alert).toContainText("“DATABASE_URL” was not revealed.");
    await expect(secrets.alert).toContainText("req-5");
    await expect(secrets.row("DATABASE_URL").value).toBeHidden();
  });

  test("is read by a program whose key has the scope, and by no other", async ({ api, server }) => {
    await api.keep(SECRET);
    const reader = await api.create({ name: "reader", scopes: ["secrets:read"] });
    const stranger = await api.create({ name: "stranger" });
    const answer = await read(server, "DATABASE_URL", reader.key);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(await answer.json()).toEqual({ data: { key: "DATABASE_URL", value: VALUE } });
    const refused = await read(server, "DATABASE_URL", stranger.key);
    expect(refused.status).toBe(403);
    expect(await refused.text()).not.toContain("Planted-Value-7");
  });
});

test.describe("changing", () => {
  test("keeps the value when its field is left empty, and the key in any case", async ({ secrets, api }) => {
    await api.keep(SECRET);
    await secrets.open();
    await secrets.row("DATABASE_URL").edit.click();
    await expect(secrets.dialog).toHaveAccessibleName("Edit “DATABASE_URL”");
    await expect(secrets.form.key).toHaveCount(0);
    await expect(secrets.form.value).toHaveValue("");
    await expect(secrets.form.value).toHaveAccessibleDescription(/Leave it empty to keep the present value\./);
    await secrets.form.description.fill("of everything");
    await secrets.form.save.click();
    await expect(secrets.says("“DATABASE_URL” changed")).toBeVisible();
    await expect(secrets.row("DATABASE_URL").description).toHaveText("of everything");
    await expect(secrets.row("DATABASE_URL").edit).toBeFocused();
    expect(await api.valueOf("DATABASE_URL")).toBe(VALUE);
  });

  test("replaces the value, and takes a description away", async ({ secrets, api }) => {
    await api.keep(SECRET);
    await secrets.open();
    await secrets.row("DATABASE_URL").edit.click();
    await secrets.form.fill({ value: "new", description: "" });
    await secrets.form.save.click();
    await expect(secrets.row("DATABASE_URL").description).toHaveText("None");
    expect(await api.valueOf("DATABASE_URL")).toBe("new");
  });

  test("sends nothing when nothing is changed", async ({ secrets, page, api }) => {
    await api.keep(SECRET);
    await secrets.open();
    let asked = 0;
    await page.route("**/api/secrets/*", (route) => {
      asked += 1;
      return route.continue();
    });
    await secrets.row("DATABASE_URL").edit.click();
    await secrets.form.save.click();
    await expect(secrets.dialog).toBeHidden();
    expect(asked).toBe(0);
  });

  test("does not overwrite what somebody else has changed meanwhile", async ({ secrets, api, watch }) => {
    await api.keep(SECRET);
    await secrets.open();
    await secrets.row("DATABASE_URL").edit.click();
    await secrets.form.value.fill("mine");
    await api.changeSecret("DATABASE_URL", { value: "theirs", description: "changed by Grace" });
    watch.expectFailure(412, "/api/secrets/DATABASE_URL");
    await secrets.form.save.click();
    await expect(secrets.form.error).toContainText("Somebody else has changed this secret");
    expect(await api.valueOf("DATABASE_URL")).toBe("theirs");
    // What was typed stays; what was not touched is taken up.
    await secrets.form.reload.click();
    await expect(secrets.form.description).toHaveValue("changed by Grace");
    await expect(secrets.form.value).toHaveValue("mine");
    await expect(secrets.form.reload).toBeHidden();
    await secrets.form.save.click();
    await expect(secrets.dialog).toBeHidden();
    expect(await api.valueOf("DATABASE_URL")).toBe("mine");
    await expect(secrets.row("DATABASE_URL").description).toHaveText("changed by Grace");
  });

  test("stays as it was filled in when the server fails", async ({ secrets, page, api, watch }) => {
    await api.keep(SECRET);
    await secrets.open();
    await page.route("**/api/secrets/*", (route) => route.fulfill(problem(503, "The store cannot answer; try again", "req-8")));
    watch.expectFailure(503, "/api/secrets/DATABASE_URL");
    await secrets.row("DATABASE_URL").edit.click();
    await secrets.form.value.fill("new");
    await secrets.form.save.click();
    await expect(secrets.form.error).toContainText("req-8");
    await expect(secrets.form.value).toHaveValue("new");
    await page.unroute("**/api/secrets/*");
    await secrets.form.save.click();
    await expect(secrets.dialog).toBeHidden();
    expect(await api.valueOf("DATABASE_URL")).toBe("new");
  });
});

test.describe("deleting", () => {
  test("names the secret, and hands the focus on", async ({ secrets, page, api }) => {
    for (const key of ["A_KEY", "B_KEY"]) await api.keep({ key, value: "v" });
    await secrets.open();
    await secrets.row("A_KEY").delete.click();
    await expect(secrets.dialog).toHaveAccessibleName("Delete “A_KEY”?");
    await expect(secrets.form.cancel).toBeFocused();
    await page.keyboard.press("Escape");
    await expect(secrets.dialog).toBeHidden();
    await expect(secrets.row("A_KEY").delete).toBeFocused();
    expect(await api.secrets()).toHaveLength(2);
    await secrets.row("A_KEY").delete.press("Enter");
    await secrets.dialog.getByRole("button", { name: "Delete secret" }).press("Enter");
    await expect(secrets.says("“A_KEY” deleted")).toBeVisible();
    await expect(secrets.keys()).toHaveText(["B_KEY"]);
    await expect(secrets.row("B_KEY").delete).toBeFocused();
    await secrets.row("B_KEY").delete.press("Enter");
    await secrets.dialog.getByRole("button", { name: "Delete secret" }).press("Enter");
    await expect(secrets.empty).toBeVisible();
    await expect(secrets.add).toBeFocused();
    expect(await api.secrets()).toEqual([]);
  });

  test("that fails says so and leaves the secret", async ({ secrets, page, api, watch }) => {
    await api.keep(SECRET);
    await secrets.open();
    await page.route("**/api/secrets/*", (route) => route.fulfill(problem(503, "The store cannot answer; try again", "req-3")));
    watch.expectFailure(503, "/api/secrets/DATABASE_URL");
    await secrets.row("DATABASE_URL").delete.click();
    await secrets.dialog.getByRole("button", { name: "Delete secret" }).click();
    await expect(secrets.form.error).toContainText("req-3");
    await secrets.form.cancel.click();
    await expect(secrets.keys()).toHaveText(["DATABASE_URL"]);
    expect(await api.valueOf("DATABASE_URL")).toBe(VALUE);
  });
});

test.describe("the list", () => {
  test("is searched by key, in whatever case, and the address keeps it", async ({ secrets, page, api }) => {
    await api.keep(SECRET);
    await api.keep({ key: "SMTP_PASSWORD", value: "v" });
    await secrets.open();
    await expect(secrets.count).toHaveText("2 secrets");
    await secrets.search.fill("base_u");
    await expect(secrets.keys()).toHaveText(["DATABASE_URL"]);
    await expect(secrets.count).toHaveText("1 secret found");
    await expect(page).toHaveURL(`${SECRETS_TAB}&q=base_u`);
    await page.reload();
    await expect(secrets.keys()).toHaveText(["DATABASE_URL"]);
    await secrets.search.fill("nothing");
    await expect(secrets.noMatch).toBeVisible();
    await page.getByRole("button", { name: "Clear search" }).click();
    await expect(secrets.keys()).toHaveText(["DATABASE_URL", "SMTP_PASSWORD"]);
  });

  test("that cannot be loaded is a failure with its request id, and no empty list", async ({ secrets, page, api, watch }) => {
    await api.keep(SECRET);
    await page.route("**/api/secrets?*", (route) => route.fulfill(problem(503, "The store cannot answer; try again", "req-1")));
    watch.expectFailure(503, "/api/secrets");
    await secrets.open();
    await expect(secrets.failed).toContainText("req-1");
    await expect(secrets.empty).toBeHidden();
    await page.unroute("**/api/secrets?*");
    await secrets.failed.getByRole("button", { name: "Retry" }).click();
    await expect(secrets.keys()).toHaveText(["DATABASE_URL"]);
  });

  test("shows that it loads", async ({ secrets, page, api }) => {
    await api.keep(SECRET);
    let answer = () => {};
    const held = new Promise<void>((resolve) => (answer = resolve));
    await page.route("**/api/secrets?*", async (route) => {
      await held;
      await route.continue();
    });
    await secrets.open();
    await expect(secrets.loading).toBeVisible();
    answer();
    await expect(secrets.keys()).toHaveText(["DATABASE_URL"]);
    await expect(secrets.loading).toBeHidden();
  });

  test("leads to the sign-in page when the session is lost, and back", async ({ secrets, page, context, watch }) => {
    await secrets.open();
    await expect(secrets.empty).toBeVisible();
    await context.clearCookies();
    await secrets.add.click();
    await secrets.form.fill(SECRET);
    watch.expectFailure(401, "/api/secrets");
    await secrets.form.save.click();
    await expect(new SignInPage(page).title).toBeVisible();
    expect(await everythingIn(page)).not.toContain("Planted-Value-7");
    await new SignInPage(page).signIn();
    await expect(page).toHaveURL(SECRETS_TAB);
    await expect(secrets.empty).toBeVisible();
  });
});
