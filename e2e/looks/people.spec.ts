// People, accounts, and what a lesser role sees.

import { problem } from "../fixtures/answers";
import { GRACE, codeOf, join } from "../fixtures/people";
import { ADMIN } from "../fixtures/server";
import { expect, state, test } from "./look";
import { AWAY, providersOf, rows, vault } from "./samples";

const LONG = "somebody.with.an.address.that.goes.on.and.on.for.the.layout@a-long-name-of-a-department.example.com";

test(state("people"), async ({ users, api, server }) => {
  await join(server, api, "editor");
  await join(server, api, "viewer", { ...GRACE, email: LONG });
  await api.changeUser(LONG, { disabled: true });
  await api.invite("hedy@example.com", "admin");
  await users.open();
  await users.inviteAs("katherine@example.com", "Viewer");
  await expect(users.invitation("hedy@example.com")).toBeVisible();
});

test(state("people-invite"), async ({ users }) => {
  await users.open();
  await users.invite.click();
  await users.send.click();
  await expect(users.email).toHaveAccessibleDescription(/Email is required/);
});

test(state("people-last-admin"), async ({ users, page }) => {
  await users.open();
  await users.actions(ADMIN.email).click();
  await expect(page.getByText("make another one first")).toBeVisible();
});

test(state("people-role"), async ({ users, api, server }) => {
  await join(server, api, "editor");
  await users.open();
  await users.choose(GRACE.email, "Change role");
  await users.role("Viewer").check();
  await expect(users.dialog).toContainText("sessions end at once");
});

test(state("people-delete"), async ({ users, api, server }) => {
  await join(server, api, "editor");
  await users.open();
  await users.choose(GRACE.email, "Delete");
  await expect(users.dialog).toBeVisible();
});

test(state("people-failed"), async ({ users, network }) => {
  await network.fail("GET /api/users", AWAY);
  await users.open();
  await expect(users.page.getByRole("alert")).toBeVisible();
});

test(state("account"), async ({ account, api }) => {
  await account.open();
  await expect(account.rows()).toHaveCount(2);
  expect(api.session).not.toBe("");
});

test(state("account-two-factor"), async ({ account }) => {
  await account.open();
  await account.setUp.click();
  await expect(account.qr).toBeVisible();
  await account.switchOn.click();
  await expect(account.code).toHaveAccessibleDescription(/Code must have 6 digits/);
});

test(state("account-recovery-codes"), async ({ account }) => {
  await account.open();
  await account.setUp.click();
  const secret = (await account.secret.textContent())!;
  await account.code.fill(codeOf(secret));
  await account.confirmed.fill(ADMIN.password);
  await account.switchOn.click();
  await expect(account.banner).toBeVisible();
});

test(state("account-of-single-sign-on"), async ({ account, api, network }) => {
  const { data } = (await (await api.send("GET", "/api/session")).json()) as { data: object };
  await network.answer("GET /api/session", { ...data, hasPassword: false, signedInBy: "sso", sso: true, role: "editor" });
  await network.answer("GET /api/setup", { open: false, localSignIn: false, sso: { name: "Example ID" } });
  await account.open();
  await expect(account.sso).toContainText("Connected");
});

test(state("invitation"), async ({ invitation, api }) => {
  const { link } = await api.invite(GRACE.email, "editor");
  await invitation.page.goto(link);
  await expect(invitation.create).toBeVisible();
});

test(state("invitation-with-single-sign-on"), async ({ invitation, api, network }) => {
  await network.answer("GET /api/setup", { open: false, localSignIn: true, sso: { name: "Example ID" } });
  const { link } = await api.invite(GRACE.email, "editor");
  await invitation.page.goto(link);
  await expect(invitation.create).toBeVisible();
});

test(state("invitation-refused"), async ({ invitation, watch }) => {
  watch.expectFailure(401, "/api/invitation/check");
  await invitation.page.goto("/invitation#token=wrong");
  await expect(invitation.error).toBeVisible();
});

test.describe("single sign-on", () => {
  const SSO = { open: false, localSignIn: true, sso: { name: "Example ID" } };

  test(state("sign-in-with-sso"), async ({ page, network, signIn }) => {
    await network.answer("GET /api/setup", SSO);
    await page.goto("/login?sso=link_first");
    await expect(signIn.error).toContainText("connect single sign-on");
  });

  test(state("sign-in-only-with-sso"), async ({ page, network }) => {
    await network.answer("GET /api/setup", { ...SSO, localSignIn: false });
    await page.goto("/login");
    await expect(page.getByRole("button", { name: "Continue with Example ID" })).toBeFocused();
  });

  test(state("setup-with-sso"), async ({ page, network, setup }) => {
    await network.answer("GET /api/setup", { ...SSO, open: true });
    await page.goto("/setup#token=x");
    await expect(setup.create).toBeVisible();
  });
});

test(state("sign-in-code"), async ({ page, network, signIn }) => {
  const required = problem(401, "A code of your authenticator app is needed");
  required.body = required.body.replace('"code":"e2e"', '"code":"totp_required"');
  await network.fail("POST /api/session", required);
  await page.goto("/login");
  await signIn.signIn();
  await expect(signIn.code).toBeVisible();
  await signIn.submit.click();
  await expect(signIn.code).toHaveAccessibleDescription(/A code is required/);
});

test.describe("as a viewer", () => {
  test.use({ role: "viewer" });

  test(state("viewer-keys"), async ({ api, page, signedIn: _ }) => {
    await rows(api);
    const id = (await api.keys()).find((key) => key.name === "production")!.id;
    await page.goto(`/settings/secrets?tab=keys&key=${id}`);
    await expect(page.getByRole("heading", { level: 2, name: "production" })).toBeVisible();
  });

  test(state("viewer-keys-list"), async ({ keys, api }) => {
    await rows(api);
    await keys.open();
    await expect(keys.row("production").root).toBeVisible();
  });

  test(state("viewer-secrets"), async ({ secrets, api }) => {
    await vault(api);
    await secrets.open();
    await expect(secrets.rows.first()).toBeVisible();
  });

  test(state("viewer-providers"), async ({ providers, api, page }) => {
    await providersOf(api);
    await providers.open();
    await expect(page.getByRole("heading", { name: "openai" })).toBeVisible();
  });

  test(state("viewer-overview"), async ({ overview, page }) => {
    await page.goto("/");
    await expect(overview.title).toBeVisible();
    await expect(page.getByText("Nothing needs attention.")).toBeVisible();
  });

  test(state("viewer-refused"), async ({ page, signedIn: _ }) => {
    await page.goto("/admin/users");
    await expect(page.getByText("This page is for admins.")).toBeVisible();
  });
});

test.describe("as an editor", () => {
  test.use({ role: "editor" });

  test(state("editor-key-form"), async ({ keys }) => {
    await keys.open();
    await keys.begin("ci");
    await expect(keys.form.scope("keys:write")).toBeDisabled();
  });

  test(state("editor-management-key"), async ({ keys, api, page }) => {
    await api.create({ name: "terraform", scopes: ["keys:write:ci-*"] });
    await keys.open();
    await keys.row("terraform").actions.click();
    await expect(page.getByText("It manages Keyward")).toBeVisible();
  });
});
