import { type Locator, type Page, expect } from "@playwright/test";
import { button } from "./elements";

export const ENCRYPTION = "/admin/encryption";

export class EncryptionPage {
  readonly title: Locator;
  readonly rotate: Locator;
  readonly rotating: Locator;
  readonly dialog: Locator;
  readonly confirm: Locator;
  readonly cancel: Locator;
  readonly progress: Locator;
  readonly result: Locator;
  readonly refusal: Locator;
  readonly history: Locator;
  readonly loading: Locator;
  readonly failed: Locator;
  readonly retry: Locator;

  constructor(readonly page: Page) {
    this.title = page.getByRole("heading", { level: 1, name: "Encryption" });
    this.rotate = button(page, "Rotate");
    this.rotating = button(page, "Rotating...");
    this.dialog = page.getByRole("dialog", { name: "Rotate the data key?" });
    this.confirm = button(this.dialog, "Rotate now");
    this.cancel = button(this.dialog, "Cancel");
    this.progress = page.getByRole("progressbar");
    this.result = page.getByRole("status").filter({ hasText: "is active." });
    this.refusal = page.getByRole("alert");
    this.history = page.getByRole("table", { name: "Data keys" });
    this.loading = page.getByRole("img", { name: "Loading the state of encryption" });
    this.failed = page.getByRole("alert").filter({ hasText: "The state of encryption could not be loaded" });
    this.retry = button(this.failed, "Retry");
  }

  async open() {
    await this.page.goto(ENCRYPTION);
    await expect(this.title).toBeVisible();
  }

  /** Rotates the data key as a person does. */
  async rotateNow() {
    await this.rotate.click();
    await this.confirm.click();
  }

  /** What a card says below its name. */
  card(name: "Active key" | "Sealed values" | "Legacy values"): Locator {
    return this.page.locator(`dt:text-is("${name}") + dd`);
  }

  version(number: number): Locator {
    const header = this.page.getByRole("rowheader", { name: `Version ${number}`, exact: true });
    return this.history.getByRole("row").filter({ has: header });
  }
}
