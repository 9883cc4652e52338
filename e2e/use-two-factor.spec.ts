import { codeOf } from "./fixtures/people";
import { ADMIN } from "./fixtures/server";
import { everythingIn } from "./fixtures/everything";
import { expect, test } from "./fixtures/test";

test("an app is set up, signs in with a code, and a recovery code replaces it once", async ({ account, page, shell, signIn, watch }) => {
  await account.open();
  await account.setUp.click();
  await expect(account.qr).toBeVisible();
  await expect(account.code).toBeFocused();
  const secret = (await account.secret.textContent())!;
  expect(secret).toMatch(/^([A-Z2-7]{4} ){7}[A-Z2-7]{4}$/);

  await account.switchOn.click();
  await expect(account.code).toHaveAccessibleDescription(/Code must have 6 digits/);
  await account.confirmed.fill(ADMIN.password);
  await account.code.fill(codeOf(secret, 40));
  watch.expectFailure(400, "/api/session/totp");
  await account.switchOn.click();
  await expect(account.code).toHaveAccessibleDescription(/not the code/);

  // The step before the present one is good as well, and leaves this one for the sign-in.
  await account.code.fill(codeOf(secret, -1));
  await account.switchOn.click();
  await expect(account.banner).toBeVisible();
  const codes = (await account.codes.inputValue()).split("\n");
  expect(new Set(codes).size).toBe(10);
  await expect(account.twoFactor).toContainText("10 recovery codes are left.");
  expect(await everythingIn(page)).not.toContain(secret);

  // Leaving asks, since nobody has copied them.
  await shell.leave();
  const question = page.getByRole("dialog", { name: "Leave without the recovery codes?" });
  await question.getByRole("button", { name: "Leave anyway" }).click();

  watch.expectFailure(401, "/api/session");
  await signIn.signIn();
  await expect(signIn.code).toBeFocused();
  await expect(signIn.code).toHaveAttribute("autocomplete", "one-time-code");
  await expect(signIn.password).toBeHidden();
  await signIn.code.fill("000000");
  await signIn.submit.click();
  await expect(signIn.code).toHaveAccessibleDescription(/The code is wrong or was used/);
  await signIn.code.fill(codeOf(secret));
  await signIn.code.press("Enter");
  await expect(page).toHaveURL("/");

  await shell.leave();
  await signIn.signIn();
  await signIn.useRecoveryCode.click();
  await signIn.recoveryCode.fill(codes[3]!);
  await signIn.submit.click();
  await expect(page).toHaveURL("/");
  await account.open();
  await expect(account.twoFactor).toContainText("9 recovery codes are left.");

  await account.newCodes.click();
  await account.dialog.getByLabel("Password", { exact: true }).fill(ADMIN.password);
  await account.dialog.getByRole("button", { name: "Make new codes" }).click();
  await expect(account.codes).not.toHaveValue(new RegExp(codes[0]!));
  page.on("dialog", (dialog) => void dialog.accept());
  await account.switchOff.click();
  await account.dialog.getByLabel("Password", { exact: true }).fill(ADMIN.password);
  await account.dialog.getByRole("button", { name: "Switch off" }).click();
  await expect(account.setUp).toBeVisible();
});
