import { type Claims, Idp } from "./fixtures/idp";
import { ADMIN } from "./fixtures/server";
import { test as base, expect } from "./fixtures/test";
import { AccountPage } from "./pages/account";
import { KeysPage, SECRETS } from "./pages/keys";
import { button, field } from "./pages/elements";

const grace = (...groups: string[]): Record<string, Claims> => ({
  grace: { email: "grace@example.com", email_verified: true, groups },
  ada: { email: ADMIN.email, email_verified: true, groups: ["admins"] },
});

const test = base.extend<{ idp: Idp }>({
  idp: async ({}, use) => {
    const idp = await Idp.start(grace("viewers"));
    await use(idp);
    idp.stop();
  },
  serverOptions: async ({ idp }, use) => use({ env: idp.env }),
});

const CONTINUE = "Continue with Example ID";

test("the first sign-in makes the account, and the groups decide what it may do each time", async ({ page, idp, shell, watch, signIn }) => {
  const keys = new KeysPage(page);
  watch.expectFailure(401, "/api/session");
  await page.goto(SECRETS);
  await button(page, CONTINUE).click();
  await idp.choose(page, "grace");
  await expect(page).toHaveURL(SECRETS);
  await expect(shell.account).toContainText("grace@example.com");
  await expect(page.getByText("You are a viewer")).toBeVisible();

  await idp.setAccounts(grace("editors"));
  await shell.leave();
  await button(page, "Sign out").click();
  await expect(page).toHaveURL("/login");
  await button(page, CONTINUE).click();
  await idp.choose(page, "grace");
  await expect(page).toHaveURL("/");
  await keys.open();
  await keys.create("of Grace");

  await idp.setAccounts(grace());
  await shell.leave();
  await shell.leaveAnyway.click();
  await button(page, "Sign out").click();
  await button(page, CONTINUE).click();
  await idp.choose(page, "grace");
  await expect(page).toHaveURL("/login?sso=no_role");
  await expect(signIn.error).toContainText("None of your groups has a role here.");
});

test("a sign-in that is cancelled is said in words, and the password works beside it", async ({ page, signIn }) => {
  await page.goto("/login");
  await expect(button(page, CONTINUE)).toBeFocused();
  await button(page, CONTINUE).click();
  await button(page, "Cancel").click();
  await expect(page).toHaveURL("/login?sso=cancelled");
  await expect(signIn.error).toHaveText("Sign-in was cancelled at the identity provider.");
  await signIn.signIn();
  await expect(page).toHaveURL("/");
});

test("an account with a password is connected by its owner, and by nobody else", async ({ page, idp, shell, signIn }) => {
  await page.goto("/login");
  await button(page, CONTINUE).click();
  await idp.choose(page, "ada");
  await expect(page).toHaveURL("/login?sso=link_first");
  await expect(signIn.error).toContainText("Sign in with that, then connect single sign-on");

  await signIn.signIn();
  await expect(page).toHaveURL("/");
  const account = new AccountPage(page);
  await account.open();
  await button(page, "Connect Example ID").click();
  await expect(account.sso).toContainText("Password is required");
  await field(account.sso, "Password").fill(ADMIN.password);
  await button(page, "Connect Example ID").click();
  // The provider knows the browser from before, and may not ask again.
  await page.waitForURL((url) => url.pathname === "/account" || url.pathname.startsWith("/interaction/"));
  if (new URL(page.url()).pathname !== "/account") await idp.choose(page, "ada");
  await expect(account.sso).toContainText("Connected with Example ID");
  await shell.leave();
  await expect(page).toHaveURL("/login");
  await button(page, CONTINUE).click();
  await expect(page).toHaveURL("/");
  await expect(shell.account).toContainText(ADMIN.email);
});
