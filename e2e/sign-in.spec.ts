import { Api } from "./fixtures/api";
import { violations } from "./fixtures/axe";
import { ADMIN } from "./fixtures/server";
import { expect, test } from "./fixtures/test";
import { KeysPage, SECRETS } from "./pages/keys";
import { OverviewPage } from "./pages/overview";

test("a wrong password is refused in words, the right one lets in", async ({ page, watch, signIn }) => {
  await page.goto("/login");
  await expect(signIn.title).toBeVisible();
  await expect(signIn.email).toBeFocused();
  watch.expectFailure(401, "/api/session");
  await signIn.signIn({ ...ADMIN, password: "wrong" });
  await expect(signIn.error).toHaveText("Email or password is wrong");
  await signIn.signIn({ email: "nobody@example.com", password: ADMIN.password });
  await expect(signIn.error).toHaveText("Email or password is wrong");
  await expect(page).toHaveURL("/login");

  await signIn.email.fill(` ${ADMIN.email.toUpperCase()} `);
  await signIn.password.fill(ADMIN.password);
  await signIn.password.press("Enter");
  await expect(page).toHaveURL("/");
  await expect(new OverviewPage(page).title).toBeVisible();
  await expect(page).toHaveTitle("Overview - Keyward");
});

test("the page that was asked for is the page that is shown", async ({ page, watch, signIn }) => {
  const asked = `${SECRETS}?tab=keys&q=caf%C3%A9%20%26%20co&status=disabled`;
  watch.expectFailure(401, "/api/session");
  await page.goto(asked);
  await expect(page).toHaveURL(/\/login\?next=/);
  await signIn.signIn();
  await expect(page).toHaveURL(asked);
  await expect(new KeysPage(page).empty).toBeVisible();
  // The sign-in page is not what the back button returns to.
  await page.goBack();
  expect(new URL(page.url()).pathname).not.toBe("/login");
});

for (const next of ["//evil.example/", "/\\evil.example/", "https://evil.example/", "/\t/evil.example/", "javascript:alert(1)", " //evil.example"]) {
  test(`signing in never leads to another site: ${JSON.stringify(next)}`, async ({ page, server, signIn }) => {
    const elsewhere: string[] = [];
    page.on("request", (request) => request.url().startsWith(server.url) || elsewhere.push(request.url()));
    await page.goto(`/login?next=${encodeURIComponent(next)}`);
    await signIn.signIn();
    await expect(page).toHaveURL("/");
    await expect(new OverviewPage(page).title).toBeVisible();
    expect(elsewhere).toEqual([]);
  });
}

test("the cookies are out of reach for scripts and other sites", async ({ page, context, server, signIn }) => {
  await page.goto("/login");
  await signIn.signIn();
  await expect(page).toHaveURL("/");
  const cookies = await context.cookies();
  const browser = server.sessionCookie.replace("session", "browser");
  expect(cookies.map((cookie) => cookie.name).sort()).toEqual([browser, server.sessionCookie]);
  for (const cookie of cookies) expect(cookie).toMatchObject({ httpOnly: true, sameSite: "Strict", path: "/" });
  expect(await page.evaluate(() => document.cookie)).toBe("");
});

test("signing out ends the session at the server, and the page says nothing more", async ({ keys, page, context, watch, signIn, shell, session }) => {
  await keys.open();
  const there = await session.api();
  expect((await there.send("GET", "/api/keys")).status).toBe(200);
  await shell.leave();
  await expect(page).toHaveURL("/login");
  expect((await there.send("GET", "/api/keys")).status).toBe(401);
  expect(await context.cookies()).toEqual([]);
  watch.expectFailure(401, "/api/session");
  await page.goto(SECRETS);
  await expect(signIn.title).toBeVisible();
});

test("a session that ended leads to the sign-in page and back", async ({ keys, page, api, watch, signIn, session }) => {
  await api.create({ name: "production" });
  await keys.open("?tab=keys&q=prod");
  await expect(keys.names()).toHaveText(["production"]);
  await session.end();

  watch.expectFailure(401, "/api/keys");
  await keys.refresh.click();
  await expect(signIn.title).toBeVisible();
  await expect(signIn.ended).toBeVisible();
  await expect(keys.table).toBeHidden();
  await signIn.signIn();
  await expect(page).toHaveURL(`${SECRETS}?tab=keys&q=prod`);
  await expect(keys.names()).toHaveText(["production"]);
});

test("a session that ended in the middle of a change leads there as well", async ({ keys, watch, signIn, session }) => {
  await keys.open();
  await keys.begin("never");
  await session.end();
  watch.expectFailure(401, "/api/keys");
  await keys.form.create.click();
  await expect(signIn.title).toBeVisible();
  await signIn.signIn();
  await expect(keys.empty).toBeVisible();
});

test("after too many wrong passwords the page says how long to wait", async ({ page, server, watch, signIn }) => {
  const guess = () => Api.signIn(server, { ...ADMIN, password: "wrong" }).then(() => "200", String);
  let [answer, guesses] = [await guess(), 1];
  for (; answer.includes("401"); guesses += 1) answer = await guess();
  expect(answer).toContain("429");
  expect(guesses).toBeGreaterThan(20);
  watch.expectFailure(429, "/api/session");
  await page.goto("/login");
  await signIn.signIn();
  await expect(signIn.error).toHaveText(/^Too many attempts; try again in \d+ s$/);
});

test("a browser that signed in before is let in while others guess", async ({ page, server, signIn, shell }) => {
  const { title } = new OverviewPage(page);
  await page.goto("/login");
  await signIn.signIn();
  await expect(title).toBeVisible();
  await shell.leave();
  const guess = () => Api.signIn(server, { ...ADMIN, password: "wrong" }).then(() => "200", String);
  while (!(await guess()).includes("429"));
  // A new one at the same address is not let in.
  expect(await Api.signIn(server).then(() => "200", String)).toContain("429");
  await signIn.signIn();
  await expect(title).toBeVisible();
});

test("a password that is sent twice signs in once", async ({ page, signIn }) => {
  const posts: string[] = [];
  page.on("request", (request) => request.method() === "POST" && posts.push(request.url()));
  await page.goto("/login");
  await signIn.email.fill(ADMIN.email);
  await signIn.password.fill(ADMIN.password);
  await signIn.submit.dblclick();
  await expect(page).toHaveURL("/");
  expect(posts).toHaveLength(1);
});

test("somebody who is signed in finds the overview first, and each page by its name", async ({ page, shell, session }) => {
  await session.begin();
  await page.goto("/");
  for (const name of ["Overview", "API keys", "Secrets", "Providers", "Audit log", "People", "Encryption", "Servers"]) {
    await shell.navLink(name).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(name);
    await expect(page).toHaveTitle(`${name} - Keyward`);
    await expect(shell.navigation.locator("[aria-current=page]")).toHaveText(new RegExp(`^${name}`));
  }
});

test("what this installation is stands in the sidebar", async ({ page, server, shell, session }) => {
  await session.begin();
  await page.goto("/");
  await expect(shell.sidebar).toContainText(new URL(server.url).host);
  await expect(shell.sidebar).toContainText(/\d+\.\d+\.\d+/);
  await shell.sidebar.getByRole("link", { name: "Docs" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Documents" })).toBeVisible();
  await page.getByRole("navigation", { name: "Documents" }).getByRole("link", { name: "Forward auth" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Forward auth" })).toBeVisible();
  expect(await violations(page)).toEqual([]);
});
