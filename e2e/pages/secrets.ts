import type { Locator, Page } from "@playwright/test";
import { button, field } from "./elements";
import { SECRETS } from "./keys";
import { TablePage } from "./list";

export const SECRETS_TAB = `${SECRETS}?tab=secrets`;

export interface SecretFields {
  key?: string;
  value?: string;
  description?: string;
}

export class SecretsPage extends TablePage {
  readonly dialog: Locator;
  readonly form: SecretForm;
  readonly details: SecretDetails;

  constructor(page: Page) {
    super(page, { address: SECRETS_TAB, title: "Secrets", full: "secret", short: "secret" });
    this.dialog = page.getByRole("dialog");
    this.form = new SecretForm(this.dialog);
    this.details = new SecretDetails(this.dialog);
  }

  /** Opens the dialog for a new secret and fills it in. */
  async begin(secret: SecretFields) {
    await this.add.click();
    await this.form.fill(secret);
  }

  /** Sends a new secret, which the server may refuse. */
  async submit(secret: SecretFields) {
    await this.begin(secret);
    await this.form.save.click();
  }

  row(key: string): SecretRow {
    return new SecretRow(this.page, this.rowOf(key), key);
  }
}

export class SecretForm {
  readonly key: Locator;
  readonly value: Locator;
  readonly show: Locator;
  readonly hide: Locator;
  readonly description: Locator;
  readonly save: Locator;
  readonly cancel: Locator;
  readonly confirm: Locator;
  readonly reload: Locator;
  readonly error: Locator;

  constructor(readonly root: Locator) {
    this.key = field(root, "Key");
    this.value = field(root, "Value");
    this.show = button(root, "Show value");
    this.hide = button(root, "Hide value");
    this.description = field(root, "Description");
    this.save = button(root, "Save");
    this.cancel = button(root, "Cancel");
    this.confirm = button(root, "Delete secret");
    this.reload = button(root, "Reload");
    this.error = root.getByRole("alert");
  }

  async fill(secret: SecretFields) {
    if (secret.key !== undefined) await this.key.fill(secret.key);
    if (secret.value !== undefined) await this.value.fill(secret.value);
    if (secret.description !== undefined) await this.description.fill(secret.description);
  }
}

/** The dialog that says who reads a secret. */
export class SecretDetails {
  /** A key that can read it, each. */
  readonly readers: Locator;
  readonly close: Locator;

  constructor(private readonly root: Locator) {
    this.readers = root.getByRole("list", { name: "API keys that can read it" }).getByRole("listitem");
    this.close = button(root, "Close");
  }

  /** What is said below a label. */
  fact(label: "Description" | "Added" | "Last changed" | "Last read"): Locator {
    return this.root.locator(`dt:text-is("${label}") + dd`);
  }
}

export class SecretRow {
  readonly reveal: Locator;
  readonly hide: Locator;
  readonly copy: Locator;
  readonly copied: Locator;
  readonly pressCtrlC: Locator;
  /** Opens the menu of the row. */
  readonly actions: Locator;
  /** The value while it is shown. */
  readonly value: Locator;
  /** What stands beneath the row: the value, or why it was not revealed. */
  readonly under: Locator;

  constructor(private readonly page: Page, readonly root: Locator, key: string) {
    this.reveal = button(page, `Reveal ${key}`);
    this.hide = button(page, `Hide ${key}`);
    this.copy = button(page, `Copy ${key}`);
    this.copied = button(page, `Copied ${key}`);
    this.pressCtrlC = button(page, `Press Ctrl+C ${key}`);
    this.actions = button(page, `Actions for ${key}`);
    this.value = field(page, `Value of ${key}`);
    this.under = page.getByRole("row").filter({ has: this.value });
  }

  /** Opens the menu and chooses from it. */
  async choose(action: "Details" | "Edit" | "Delete") {
    await this.actions.click();
    await button(this.page, action).click();
  }

  get description() { return this.root.getByRole("cell").nth(0); }
  get updated() { return this.root.getByRole("cell").nth(1); }
}
