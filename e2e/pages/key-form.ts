import type { Locator } from "@playwright/test";
import { button, field } from "./elements";

export class KeyForm {
  readonly name: Locator;
  readonly expires: Locator;
  readonly expiryDate: Locator;
  readonly scopes: Locator;
  readonly otherScopes: Locator;
  /** What the limits are folded under. */
  readonly more: Locator;
  readonly limits: LimitFields;
  readonly create: Locator;
  readonly creating: Locator;
  readonly cancel: Locator;
  readonly error: Locator;

  constructor(readonly root: Locator) {
    this.name = field(root, "Name");
    this.expires = field(root, "Expires");
    this.expiryDate = field(root, "Expiry date");
    this.scopes = root.getByRole("group", { name: "Scopes" });
    this.otherScopes = field(this.scopes, "Other scopes");
    this.more = root.getByText("Limits", { exact: true });
    this.limits = new LimitFields(root);
    this.create = button(root, "Create");
    this.creating = button(root, "Creating...");
    this.cancel = button(root, "Cancel");
    this.error = root.getByRole("alert");
  }

  scope(name: string): Locator {
    return this.scopes.getByRole("checkbox", { name, exact: true });
  }

  /** The field that narrows a scope while that is ticked. */
  narrowing(scope: string): Locator {
    return this.scopes.getByRole("group", { name: scope, exact: true }).getByRole("textbox", { name: /^Only these / });
  }
}

export class LimitFields {
  readonly requests: Locator;
  readonly per: Locator;
  readonly networks: Locator;

  constructor(root: Locator) {
    this.requests = field(root, "Requests");
    this.per = field(root, "Per");
    this.networks = field(root, "Allowed networks");
  }

  async fill(limits: { requests?: string; per?: string; networks?: string[] }) {
    if (limits.requests !== undefined) await this.requests.fill(limits.requests);
    if (limits.per !== undefined) await this.per.selectOption(limits.per);
    if (limits.networks !== undefined) await this.networks.fill(limits.networks.join("\n"));
  }
}
