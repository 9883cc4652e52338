import type { Locator } from "@playwright/test";
import { button, field } from "./elements";
import { KeyForm, LimitFields } from "./key-form";

/** Asks what the menu of a row cannot: a name, an expiry, limits, or how long the old key works. */
export class KeyDialog {
  readonly name: Locator;
  readonly expires: Locator;
  readonly expiryDate: Locator;
  readonly limits: LimitFields;
  /** The fields of scopes are those of the form. */
  readonly fields: KeyForm;
  readonly grace: Locator;
  readonly save: Locator;
  readonly rotate: Locator;
  readonly rotating: Locator;
  readonly cancel: Locator;
  readonly error: Locator;

  constructor(readonly root: Locator) {
    this.name = field(root, "Name");
    this.expires = field(root, "Expires");
    this.expiryDate = field(root, "Expiry date");
    this.limits = new LimitFields(root);
    this.fields = new KeyForm(root);
    this.grace = field(root, "The old key works for");
    this.save = button(root, "Save");
    this.rotate = button(root, "Rotate");
    this.rotating = button(root, "Rotating...");
    this.cancel = button(root, "Cancel");
    this.error = root.getByRole("alert");
  }
}
