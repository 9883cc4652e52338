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

  constructor(page: Page) {
    super(page, { address: SECRETS_TAB, title: "Secrets", full: "secret", short: "secret" });
    this.dialog = page.getByRole("dialog");
    this.form = new SecretForm(this.dialog);
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

export class SecretRow {
  readonly reveal: Locator;
  readonly hide: Locator;
  readonly copy: Locator;
  readonly copied: Locator;
  readonly pressCtrlC: Locator;
  readonly edit: Locator;
  readonly delete: Locator;
  /** The value while it is shown. */
  readonly value: Locator;

  constructor(page: Page, readonly root: Locator, key: string) {
    this.reveal = button(page, `Reveal ${key}`);
    this.hide = button(page, `Hide ${key}`);
    this.copy = button(page, `Copy ${key}`);
    this.copied = button(page, `Copied ${key}`);
    this.pressCtrlC = button(page, `Press Ctrl+C ${key}`);
    this.edit = button(page, `Edit ${key}`);
    this.delete = button(page, `Delete ${key}`);
    this.value = field(page, `Value of ${key}`);
  }

  get description() { return this.root.getByRole("cell").nth(0); }
  get updated() { return this.root.getByRole("cell").nth(1); }
}
