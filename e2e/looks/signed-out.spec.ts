// The pages of somebody who is not signed in.

import { SECRETS } from "../pages/keys";
import { expect, state, test } from "./look";

test.describe(() => {
  test.use({ serverOptions: { firstStart: true } });

  test(state("setup-with-link"), async ({ setup, page, server }) => {
    await page.goto(server.setupLink);
    await expect(setup.create).toBeVisible();
  });

  test(state("setup-with-mistakes"), async ({ setup, page }) => {
    await page.goto("/setup");
    await setup.create.click();
    await expect(page.getByText("Email is required")).toBeVisible();
  });

  test(state("setup-refused"), async ({ setup, page, watch }) => {
    await page.goto("/setup#token=wrong");
    await setup.fill();
    watch.expectFailure(401, "/api/setup");
    await setup.create.click();
    await expect(page.getByRole("alert")).toBeVisible();
  });
});

test(state("setup-complete"), async ({ setup, page }) => {
  await page.goto("/setup");
  await expect(setup.complete).toBeVisible();
});

test(state("sign-in"), async ({ signIn, page }) => {
  await page.goto("/login");
  await expect(signIn.submit).toBeVisible();
});

test.describe(() => {
  test.use({ serverOptions: { env: { KEYWARD_PUBLIC_URL: "https://keys.example" } } });

  test(state("sign-in-not-kept"), async ({ signIn, page, server, watch }) => {
    await page.goto(`${server.url.replace("127.0.0.1", "keys.internal")}/login`);
    watch.expectFailure(401, "/api/session");
    await signIn.signIn();
    await expect(signIn.error).toContainText("only over https");
  });
});

test(state("sign-in-refused"), async ({ signIn, page, watch }) => {
  await page.goto("/login");
  watch.expectFailure(401, "/api/session");
  await signIn.signIn({ email: "ada@example.com", password: "wrong" });
  await expect(signIn.error).toBeVisible();
});

test(state("not-found"), async ({ page, watch }) => {
  watch.expectFailure(404, "/nowhere");
  await page.goto("/nowhere");
  await expect(page.getByRole("heading", { name: "Page not found" })).toBeVisible();
});

test(state("session-unknown"), async ({ page, session, network }) => {
  await session.begin();
  await network.fail("GET /api/session");
  await page.goto(SECRETS);
  await expect(page.getByRole("alert")).toBeVisible();
});
