import type { Locator } from "@playwright/test";
import { button, field } from "./elements";

export type ProviderFields = Partial<Record<"provider" | "model" | "value" | "baseUrl" | "note", string>>;

export class ProviderForm {
  readonly provider: Locator;
  readonly model: Locator;
  readonly value: Locator;
  readonly baseUrl: Locator;
  readonly note: Locator;
  readonly save: Locator;
  readonly cancel: Locator;
  readonly confirm: Locator;
  readonly error: Locator;

  constructor(readonly root: Locator) {
    this.provider = field(root, "Provider");
    this.model = field(root, "Model");
    this.value = field(root, "Value");
    this.baseUrl = field(root, "Base URL");
    this.note = field(root, "Note");
    this.save = button(root, "Save");
    this.cancel = button(root, "Cancel");
    this.confirm = root.getByRole("button", { name: /^Delete (provider|key)$/ });
    this.error = root.getByRole("alert");
  }

  async fill(fields: ProviderFields) {
    for (const [name, text] of Object.entries(fields)) await this[name as keyof ProviderFields].fill(text);
  }
}

/** The box that says which key a program would get. */
export class WhichBox {
  readonly provider: Locator;
  readonly model: Locator;
  readonly check: Locator;
  readonly checking: Locator;
  readonly answer: Locator;
  readonly error: Locator;

  constructor(readonly root: Locator) {
    this.provider = field(root, "Provider");
    this.model = field(root, "Model");
    this.check = button(root, "Check");
    this.checking = button(root, "Checking...");
    this.answer = root.getByRole("status");
    this.error = root.getByRole("alert");
  }

  async ask(provider: string, model = "") {
    await this.provider.fill(provider);
    await this.model.fill(model);
    await this.check.click();
  }
}
