import { everythingIn } from "./fixtures/everything";
import { ADMIN } from "./fixtures/server";
import { expect, test } from "./fixtures/test";
import { SECRETS } from "./pages/keys";
import { OverviewPage } from "./pages/overview";
import { SetupPage, SignInPage } from "./pages/session";

test.use({ serverOptions: { firstStart: true } });

test("the printed link creates the administrator, who is then signed in", async ({ page, server, setup, shell }) => {
  const token = server.setupToken;
  expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
  const asked: string[] = [];
  page.on("request", (request) => asked.push(`${request.url()} ${request.headers().referer}`));

  await page.goto(server.setupLink);
  await expect(setup.title).toBeVisible();
  await expect(page).toHaveURL("/setup");
  await expect(setup.token).toBeHidden();
  expect(await everythingIn(page)).not.toContain(token);

  await setup.submit();
  await expect(page).toHaveURL("/");
  await expect(new OverviewPage(page).guide).toBeVisible();
  await expect(shell.account).toContainText(ADMIN.email);
  expect(await everythingIn(page)).not.toContain(token);
  expect(asked.filter((one) => one.includes(token))).toEqual([]);
});

test("after the first administrator the link works no more", async ({ server, browser, setup }) => {
  await setup.finish(server.setupLink);

  const other = await browser.newPage();
  await other.goto(server.setupLink);
  await expect(new SetupPage(other).complete).toBeVisible();
  await expect(new SetupPage(other).create).toBeHidden();
  await other.getByRole("link", { name: "Sign in" }).click();
  await new SignInPage(other).signIn();
  await expect(new OverviewPage(other).title).toBeVisible();
  await other.close();
});

test("of two people with the link the second is asked to sign in", async ({ page, server, browser, watch, setup }) => {
  const other = new SetupPage(await browser.newPage());
  await page.goto(server.setupLink);
  await other.page.goto(server.setupLink);
  await other.fill({ email: "eve@example.com", password: "Another-Horse-8-Battery" });
  await other.create.click();
  await expect(other.page).toHaveURL("/");

  watch.expectFailure(409, "/api/setup");
  await setup.submit();
  await expect(setup.error).toContainText("Setup is complete; sign in instead");
  await other.page.close();
});

test("a wrong token is refused, and a right one typed by hand is not", async ({ page, server, watch, setup }) => {
  await page.goto("/setup#token=wrong");
  await expect(page).toHaveURL("/setup");
  await setup.fill();
  watch.expectFailure(401, "/api/setup");
  await setup.create.click();
  await expect(setup.error).toContainText("This setup link is not valid. Each start of the server prints a new link.");
  await expect(page).toHaveURL("/setup");

  // The field is there now that would mend it.
  await expect(setup.token).toHaveAccessibleDescription(/Each start of a server prints a new one/);
  await setup.token.fill(` ${server.setupLink} `);
  await setup.submit();
  await expect(page).toHaveURL("/");
});

test("a right link that is pasted over a wrong one is the one that counts", async ({ page, server, setup }) => {
  await page.goto("/setup#token=wrong");
  await expect(setup.create).toBeVisible();
  await page.goto(server.setupLink);
  await expect(page).toHaveURL("/setup");
  await setup.submit();
  await expect(page).toHaveURL("/");
});

test("what is missing is said under each field, before anything is sent", async ({ page, setup }) => {
  const posts: string[] = [];
  page.on("request", (request) => request.method() === "POST" && posts.push(request.url()));
  await page.goto("/setup");
  await setup.create.click();
  await expect(setup.token).toHaveAccessibleDescription(/Setup token is required/);
  await expect(setup.email).toHaveAccessibleDescription(/Email is required/);
  await expect(setup.password).toHaveAccessibleDescription(/Password must have 10 to 200 characters/);
  await setup.email.fill("no address");
  await setup.password.fill("short");
  await setup.create.click();
  await expect(setup.email).toHaveAccessibleDescription(/Email must look like name@example.com/);
  await expect(setup.password).toHaveAttribute("aria-invalid", "true");
  expect(posts).toEqual([]);
});

test("every page of a new Keyward leads to setup", async ({ page, watch }) => {
  watch.expectFailure(401, "/api/session");
  for (const path of ["/", "/login", SECRETS]) {
    await page.goto(path);
    await expect(page).toHaveURL("/setup");
  }
});

test("a link that was printed by an earlier start works on", async ({ page, server, setup }) => {
  const earlier = server.setupLink;
  await server.stop();
  server.log = "";
  await server.start();
  expect(server.setupLink).not.toBe(earlier);
  await page.goto(earlier);
  await setup.submit();
  await expect(page).toHaveURL("/");
});

test("a server that is started again prints no second link", async ({ page, server, setup, session }) => {
  await setup.finish(server.setupLink);
  // What the page asks for has come.
  await expect(new OverviewPage(page).guide).toBeVisible();
  await server.stop();
  const before = server.log.length;
  await server.start();
  expect(server.log.slice(before)).not.toContain("No user yet");
  await session.begin();
  await page.goto("/setup");
  await expect(setup.complete).toBeVisible();
});
