import { everythingIn } from "./fixtures/everything";
import { GRACE, join, tokenOf } from "./fixtures/people";
import { expect, test } from "./fixtures/test";
import { Watch } from "./fixtures/watch";
import { InvitationPage } from "./pages/invitation";
import { KeysPage } from "./pages/keys";
import { Shell } from "./pages/shell";
import { SignInPage } from "./pages/session";
import { INVITED } from "./pages/users";

test("an invited person comes in, is made a viewer, and is out until they sign in with less", async ({ users, page, browser, server }) => {
  await users.open();
  const link = await users.inviteAs(GRACE.email, "Editor");
  expect(link).toMatch(new RegExp(`^${server.url}/invitation#token=[A-Za-z0-9_-]+$`));
  await expect(users.banner(GRACE.email).getByRole("status")).toHaveText(INVITED);
  await expect(users.invitation(GRACE.email)).toContainText("Editor");

  const context = await browser.newContext({ baseURL: server.url });
  const watch = new Watch(context);
  const theirs = await context.newPage();
  const invitation = new InvitationPage(theirs);
  await theirs.goto(link);
  await expect(theirs.getByText(GRACE.email)).toBeVisible();
  await expect(theirs).toHaveURL("/invitation");
  expect(await everythingIn(theirs)).not.toContain(tokenOf(link));
  await invitation.password.fill(GRACE.password);
  await invitation.create.click();
  await expect(theirs).toHaveURL("/");
  const shell = new Shell(theirs);
  await expect(shell.account).toContainText(GRACE.email);
  await expect(shell.navLink("People")).toBeHidden();
  await expect(shell.navLink("Encryption")).toBeHidden();
  const keys = new KeysPage(theirs);
  await keys.open();
  await keys.create("of Grace");

  await users.refresh.click();
  await expect(users.row(GRACE.email)).toContainText("Editor");
  await users.changeRole(GRACE.email, "Viewer");
  await expect(users.says(`${GRACE.email} is a viewer now`)).toBeVisible();
  await expect(users.row(GRACE.email)).toContainText("Viewer");

  // Their session is over.
  watch.expectFailure(401, "/api/keys");
  await keys.refresh.click();
  const signIn = new SignInPage(theirs);
  await expect(signIn.ended).toBeVisible();
  await signIn.signIn(GRACE);
  await expect(keys.row("of Grace").root).toBeVisible();
  await expect(keys.add).toBeHidden();
  await expect(theirs.getByText("You are a viewer")).toHaveCount(1);
  await expect(theirs.getByRole("button", { name: /^(Delete|Actions for|Select)/ })).toHaveCount(0);
  expect(watch.verdict()).toEqual([]);
  await context.close();
  await expect(page).toHaveURL("/admin/users");
});

test("a link works once, and one that was taken back never", async ({ users, browser, server, api }) => {
  const { link } = await api.invite(GRACE.email, "viewer");
  await users.open();
  const row = users.invitation(GRACE.email);
  await row.getByRole("button", { name: /^Take back/ }).click();
  await users.dialog.getByRole("button", { name: "Take back" }).click();
  await expect(users.says(`Invitation of ${GRACE.email} taken back`)).toBeVisible();
  await expect(users.invitations).toBeHidden();

  const context = await browser.newContext({ baseURL: server.url });
  const watch = new Watch(context);
  const invitation = new InvitationPage(await context.newPage());
  watch.expectFailure(401, "/api/invitation/check");
  await invitation.page.goto(link);
  await expect(invitation.error).toHaveText("This invitation is not valid any more. Ask for a new one.");

  // The field is there that takes another.
  const again = await api.invite(GRACE.email, "viewer");
  await invitation.link.fill(` ${again.link} `);
  await invitation.proceed.click();
  await invitation.password.fill("short");
  await invitation.create.click();
  await expect(invitation.password).toHaveAccessibleDescription(/Password must have 10 to 200 characters/);
  await invitation.password.fill(GRACE.password);
  await invitation.create.click();
  await expect(invitation.page).toHaveURL("/");
  await invitation.page.goto(again.link);
  await expect(invitation.error).toBeVisible();
  expect(watch.verdict()).toEqual([]);
  await context.close();
});

test("an address that has an account is refused at its field", async ({ users, watch }) => {
  await users.open();
  await users.invite.click();
  await users.send.click();
  await expect(users.email).toHaveAccessibleDescription(/Email is required/);
  watch.expectFailure(409, "/api/users/invitations");
  await users.email.fill("ADA@example.com");
  await users.send.click();
  await expect(users.email).toHaveAttribute("aria-invalid", "true");
});

test("nothing is done to the only admin, and the menu says why", async ({ users, page, api, server }) => {
  await users.open();
  const me = "ada@example.com";
  await expect(users.row(me)).toContainText("You");
  await users.actions(me).click();
  await expect(page.getByText("make another one first")).toBeVisible();
  const disable = page.getByRole("button", { name: "Disable", exact: true });
  await expect(disable).toHaveAttribute("aria-disabled", "true");
  await disable.click({ force: true });
  await expect(users.dialog).toBeHidden();
  await page.keyboard.press("Escape");

  await join(server, api, "admin");
  await page.reload();
  await users.choose(GRACE.email, "Disable");
  await users.dialog.getByRole("button", { name: "Disable" }).click();
  await expect(users.row(GRACE.email)).toContainText("Disabled");
  await users.choose(GRACE.email, "Enable");
  await users.dialog.getByRole("button", { name: "Enable" }).click();
  await expect(users.row(GRACE.email)).toContainText("Active");
  await users.choose(GRACE.email, "Delete");
  await users.dialog.getByRole("button", { name: "Delete person" }).click();
  await expect(users.row(GRACE.email)).toBeHidden();
  expect((await api.users()).map((user) => user.email)).toEqual([me]);
});
