import { Api } from "./fixtures/api";
import { ADMIN } from "./fixtures/server";
import { expect, test } from "./fixtures/test";

const NEW = "Another-Horse-9-Battery";

test("a new password ends the other sessions and keeps this one", async ({ account, api, server, shell, page }) => {
  await page.goto("/");
  await shell.openAccount();
  await shell.link("Account and sessions").click();
  await expect(account.title).toBeVisible();
  await expect(account.rows()).toHaveCount(2);

  await account.current.fill("wrong");
  await account.next.fill("short");
  await account.changePassword.click();
  await expect(account.next).toHaveAccessibleDescription(/Password must have 10 to 200 characters/);

  await account.current.fill(ADMIN.password);
  await account.next.fill(NEW);
  await account.changePassword.click();
  await expect(account.says("Password changed. All other sessions have ended.")).toBeVisible();
  await expect(account.current).toHaveValue("");
  await expect(account.rows()).toHaveCount(1);
  expect((await api.send("GET", "/api/session")).status).toBe(401);
  expect(await Api.signIn(server).then(() => "200", String)).toContain("401");
  await Api.signIn(server, { ...ADMIN, password: NEW });
});

test("a wrong password is said at its field, and changes nothing", async ({ account, server, watch }) => {
  await account.open();
  watch.expectFailure(400, "/api/session/password");
  await account.current.fill("Wrong-Horse-0-Battery");
  await account.next.fill(NEW);
  await account.changePassword.click();
  await expect(account.current).toHaveAccessibleDescription(/Password is wrong/);
  await expect(account.title).toBeVisible();
  await Api.signIn(server);
});

test("one session is ended, or all but this one", async ({ account, api, server }) => {
  const others = [await Api.signIn(server), await Api.signIn(server)];
  await account.open();
  // With that of the test and that of the browser.
  await expect(account.rows()).toHaveCount(4);
  await expect(account.rows().filter({ hasText: "This browser" })).toContainText("127.0.0.1");
  await account.rows().getByRole("button").last().click();
  await expect(account.says("Session ended")).toBeVisible();
  await expect(account.rows()).toHaveCount(3);
  await account.endOthers.click();
  await expect(account.rows()).toHaveCount(1);
  await expect(account.endOthers).toBeHidden();
  for (const one of [...others, api]) expect((await one.send("GET", "/api/session")).status).toBe(401);
});
