import type { Locator, Page } from "@playwright/test";
import { button } from "./elements";
import { SECRETS } from "./keys";
import { ListPage } from "./list";
import { type ProviderFields, ProviderForm, WhichBox } from "./provider-form";

export const PROVIDERS_TAB = `${SECRETS}?tab=providers`;

export class ProvidersPage extends ListPage {
  readonly dialog: Locator;
  readonly form: ProviderForm;
  readonly which: WhichBox;
  readonly list: Locator;

  constructor(page: Page) {
    super(page, { address: PROVIDERS_TAB, title: "Providers", full: "provider", short: "provider" });
    this.dialog = page.getByRole("dialog");
    this.form = new ProviderForm(this.dialog);
    this.which = new WhichBox(page.getByRole("form", { name: "Which key would be used?" }));
    this.list = page.getByRole("list", { name: "Providers" });
  }

  /** Opens the dialog for a new provider and fills it in. */
  async begin(fields: ProviderFields) {
    await this.add.click();
    await this.form.fill(fields);
  }

  /** Sends a new provider, which the server may refuse. */
  async submit(fields: ProviderFields) {
    await this.begin(fields);
    await this.form.save.click();
  }

  card(provider: string): ProviderCard {
    const heading = this.page.getByRole("heading", { level: 2, name: provider, exact: true });
    return new ProviderCard(this.page, this.list.getByRole("listitem").filter({ has: heading }), provider);
  }

  model(provider: string, model: string): ModelRow {
    const deletion = button(this.page, `Delete key of ${provider}/${model}`);
    // The innermost item around it is the model's own.
    const item = this.page.getByRole("listitem").filter({ has: deletion }).last();
    return new ModelRow(this.page, item, `${provider}/${model}`);
  }

  /** The names of the providers, from top to bottom. */
  names(): Locator {
    return this.list.getByRole("heading", { level: 2 });
  }
}

export class ProviderCard {
  /** To replace the key, or to add one where there is none. */
  readonly replace: Locator;
  readonly addKey: Locator;
  readonly edit: Locator;
  readonly delete: Locator;
  readonly addModel: Locator;

  constructor(page: Page, readonly root: Locator, provider: string) {
    this.replace = button(page, `Replace key of ${provider}`);
    this.addKey = button(page, `Add key of ${provider}`);
    this.edit = button(page, `Edit details of ${provider}`);
    this.delete = button(page, `Delete ${provider}`);
    this.addModel = button(page, `Add model key to ${provider}`);
  }

  /** What the card says below a label. */
  fact(label: "Key" | "Updated" | "Base URL" | "Note"): Locator {
    return this.root.locator(`dt:text-is("${label}") + dd`);
  }
}

export class ModelRow {
  readonly replace: Locator;
  readonly delete: Locator;

  constructor(page: Page, readonly root: Locator, id: string) {
    this.replace = button(page, `Replace key of ${id}`);
    this.delete = button(page, `Delete key of ${id}`);
  }
}
