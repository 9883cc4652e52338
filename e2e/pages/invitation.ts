import type { Locator, Page } from "@playwright/test";
import { button, field } from "./elements";

/** What an invited person opens. */
export class InvitationPage {
  readonly title: Locator;
  readonly link: Locator;
  readonly proceed: Locator;
  readonly password: Locator;
  readonly create: Locator;
  readonly error: Locator;

  constructor(readonly page: Page) {
    this.title = page.getByRole("heading", { level: 1, name: "Invitation" });
    this.link = field(page, "Invitation link");
    this.proceed = button(page, "Continue");
    this.password = field(page, "Password");
    this.create = button(page, "Create account");
    this.error = page.getByRole("alert");
  }
}
