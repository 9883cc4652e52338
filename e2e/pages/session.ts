// The pages of somebody who is not signed in: setup and sign-in.

import { type Locator, type Page, expect } from "@playwright/test";
import { ADMIN } from "../fixtures/server";
import { button, field } from "./elements";

export class SetupPage {
  readonly title: Locator;
  readonly token: Locator;
  readonly email: Locator;
  readonly password: Locator;
  readonly create: Locator;
  readonly error: Locator;
  /** Shown once there is an administrator. */
  readonly complete: Locator;

  constructor(readonly page: Page) {
    this.title = page.getByRole("heading", { level: 1, name: "Set up Keyward" });
    this.token = field(page, "Setup token");
    this.email = field(page, "Email");
    this.password = field(page, "Password");
    this.create = button(page, "Create administrator");
    this.error = page.getByRole("alert");
    this.complete = page.getByText("Setup is complete");
  }

  async fill(credentials = ADMIN) {
    await this.email.fill(credentials.email);
    await this.password.fill(credentials.password);
  }

  async submit(credentials = ADMIN) {
    await this.fill(credentials);
    await this.create.click();
  }

  /** Opens the printed link and creates the administrator. */
  async finish(link: string) {
    await this.page.goto(link);
    await this.submit();
    await expect(this.page).toHaveURL("/");
  }
}

export class SignInPage {
  readonly title: Locator;
  readonly email: Locator;
  readonly password: Locator;
  readonly submit: Locator;
  readonly error: Locator;
  /** Asked for after the password. */
  readonly code: Locator;
  readonly recoveryCode: Locator;
  readonly useRecoveryCode: Locator;
  readonly startOver: Locator;
  /** Why the person is here who was elsewhere. */
  readonly ended: Locator;

  constructor(readonly page: Page) {
    this.title = page.getByRole("heading", { level: 1, name: "Sign in" });
    this.ended = page.getByText("Your session has ended.");
    this.email = field(page, "Email");
    this.password = field(page, "Password");
    this.submit = button(page, "Sign in");
    this.code = field(page, "Code");
    this.recoveryCode = field(page, "Recovery code");
    this.useRecoveryCode = button(page, "Use a recovery code");
    this.startOver = button(page, "Start over");
    this.error = page.getByRole("alert");
  }

  async open() {
    await this.page.goto("/login");
    await expect(this.title).toBeVisible();
  }

  async signIn(credentials = ADMIN) {
    await this.email.fill(credentials.email);
    await this.password.fill(credentials.password);
    await this.submit.click();
  }
}
