// Finding a secret in the list.

import { unavailable } from "./fixtures/answers";
import { everythingIn } from "./fixtures/everything";
import { PLANTED, SECRET } from "./fixtures/planted";
import { expect, test } from "./fixtures/test";
import { SECRETS_TAB } from "./pages/secrets";

test.describe("the list", () => {
  test("is searched by key, in whatever case, and the address keeps it", async ({ secrets, page, api }) => {
    await api.keep(SECRET);
    await api.keep({ key: "SMTP_PASSWORD", value: "v" });
    await secrets.open();
    await expect(secrets.count).toHaveText("2 secrets");
    await secrets.search.fill("base_u");
    await expect(secrets.names()).toHaveText(["DATABASE_URL"]);
    await expect(secrets.count).toHaveText("1 secret found");
    await expect(page).toHaveURL(`${SECRETS_TAB}&q=base_u`);
    await page.reload();
    await expect(secrets.names()).toHaveText(["DATABASE_URL"]);
    await secrets.search.fill("nothing");
    await expect(secrets.noMatch).toBeVisible();
    await secrets.clearSearch.click();
    await expect(secrets.names()).toHaveText(["DATABASE_URL", "SMTP_PASSWORD"]);
  });

  test("that cannot be loaded is a failure with its request id, and no empty list", async ({ secrets, api, network }) => {
    await api.keep(SECRET);
    await network.fail("GET /api/secrets", unavailable("req-1"));
    await secrets.open();
    await expect(secrets.failed).toContainText("req-1");
    await expect(secrets.empty).toBeHidden();
    await network.restore();
    await secrets.retry.click();
    await expect(secrets.names()).toHaveText(["DATABASE_URL"]);
  });

  test("shows that it loads", async ({ secrets, api, network }) => {
    await api.keep(SECRET);
    const answer = await network.hold("GET /api/secrets");
    await secrets.open();
    await expect(secrets.loading).toBeVisible();
    answer();
    await expect(secrets.names()).toHaveText(["DATABASE_URL"]);
    await expect(secrets.loading).toBeHidden();
  });

  test("leads to the sign-in page when the session is lost, and back", async ({ secrets, page, context, watch, signIn }) => {
    await secrets.open();
    await expect(secrets.empty).toBeVisible();
    await context.clearCookies();
    await secrets.begin(SECRET);
    watch.expectFailure(401, "/api/secrets");
    await secrets.form.save.click();
    await expect(signIn.title).toBeVisible();
    expect(await everythingIn(page)).not.toMatch(PLANTED);
    await signIn.signIn();
    await expect(page).toHaveURL(SECRETS_TAB);
    await expect(secrets.empty).toBeVisible();
  });
});
