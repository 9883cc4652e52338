import { ADMIN } from "./fixtures/server";
import { expect, test } from "./fixtures/test";

const NEW = "Found-Again-7-Battery";

test("a password that was lost is set at the command line, and the old sessions end", async ({ keys, api, server, watch, signIn, page }) => {
  await api.create({ name: "ci" });
  await keys.open();
  server.run(["users", "set-password", ADMIN.email], `${NEW}\n`);
  watch.expectFailure(401, "/api/keys");
  await keys.refresh.click();
  await expect(signIn.ended).toBeVisible();
  watch.expectFailure(401, "/api/session");
  await signIn.signIn();
  await expect(signIn.error).toHaveText("Email or password is wrong");
  await signIn.signIn({ ...ADMIN, password: NEW });
  await expect(keys.title).toBeVisible();
  await page.goto("/admin/audit?action=user.password");
  await expect(page.getByText(/Command line.*changed the password of/)).toBeVisible();
});
