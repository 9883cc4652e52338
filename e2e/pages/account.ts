import { type Locator, type Page, expect } from "@playwright/test";
import { button, field } from "./elements";

export const ACCOUNT = "/account";

/** A person's own account. */
export class AccountPage {
  readonly title: Locator;
  readonly password: Locator;
  readonly current: Locator;
  readonly next: Locator;
  readonly changePassword: Locator;
  readonly twoFactor: Locator;
  readonly setUp: Locator;
  readonly qr: Locator;
  readonly secret: Locator;
  readonly code: Locator;
  /** Asked for beside the code. */
  readonly confirmed: Locator;
  readonly switchOn: Locator;
  readonly switchOff: Locator;
  readonly newCodes: Locator;
  readonly dialog: Locator;
  readonly banner: Locator;
  readonly codes: Locator;
  readonly sso: Locator;
  readonly sessions: Locator;
  readonly endOthers: Locator;

  constructor(readonly page: Page) {
    this.title = page.getByRole("heading", { level: 1, name: "Account" });
    this.password = page.getByRole("region", { name: "Password" });
    this.current = field(this.password, "Current password");
    this.next = field(this.password, "New password");
    this.changePassword = button(this.password, "Change password");
    this.twoFactor = page.getByRole("region", { name: "Two-factor" });
    this.setUp = button(this.twoFactor, "Set up");
    this.qr = page.getByRole("img", { name: "QR code for an authenticator app" });
    this.secret = this.twoFactor.locator(".totp-secret code");
    this.code = field(this.twoFactor, "Code");
    this.confirmed = field(this.twoFactor, "Password");
    this.switchOn = button(this.twoFactor, "Switch on");
    this.switchOff = button(this.twoFactor, "Switch off two-factor");
    this.newCodes = button(this.twoFactor, "New recovery codes");
    this.dialog = page.getByRole("dialog");
    this.banner = page.getByRole("region", { name: /^Recovery codes of / });
    this.codes = field(this.banner, "Recovery codes");
    this.sso = page.getByRole("region", { name: "Single sign-on" });
    this.sessions = page.getByRole("table", { name: "Sessions" });
    this.endOthers = button(page, "Sign out everywhere else");
  }

  async open() {
    await this.page.goto(ACCOUNT);
    await expect(this.title).toBeVisible();
  }

  rows(): Locator {
    return this.sessions.getByRole("row").filter({ has: this.page.getByRole("rowheader") });
  }

  says(text: string): Locator {
    return this.page.getByRole("status").getByText(text, { exact: true });
  }
}
