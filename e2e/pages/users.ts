import { type Locator, type Page } from "@playwright/test";
import { button, field } from "./elements";
import { TablePage } from "./list";

export const USERS = "/admin/users";

export const INVITED = "Invitation created. Copy the link now; you won't be able to see it again.";

/** People and invitations, for administrators. */
export class UsersPage extends TablePage {
  readonly invite: Locator;
  readonly dialog: Locator;
  readonly email: Locator;
  readonly send: Locator;
  readonly save: Locator;
  readonly error: Locator;
  readonly invitations: Locator;

  constructor(page: Page) {
    super(page, { address: USERS, title: "People", full: "person", short: "people" });
    this.invite = button(page, "Invite").first();
    this.dialog = page.getByRole("dialog");
    this.email = field(this.dialog, "Email");
    this.send = button(this.dialog, "Invite");
    this.save = button(this.dialog, "Save");
    this.error = this.dialog.getByRole("alert");
    this.invitations = page.getByRole("table", { name: "Pending invitations" });
  }

  role(name: "Viewer" | "Editor" | "Admin"): Locator {
    return this.dialog.getByRole("radio", { name });
  }

  row(email: string): Locator {
    return this.rows.filter({ has: this.page.getByRole("rowheader", { name: email }) });
  }

  invitation(email: string): Locator {
    return this.invitations.getByRole("row").filter({ hasText: email });
  }

  /** Fills the dialog in and answers the link of the banner. */
  async inviteAs(email: string, role: "Viewer" | "Editor" | "Admin"): Promise<string> {
    await this.invite.click();
    await this.email.fill(email);
    await this.role(role).check();
    await this.send.click();
    return this.link(email).inputValue();
  }

  banner(email: string): Locator {
    return this.page.getByRole("region", { name: `Invitation of ${email}` });
  }

  link(email: string): Locator {
    return field(this.banner(email), "Invitation link");
  }

  actions(email: string): Locator {
    return button(this.page, `Actions for ${email}`);
  }

  async choose(email: string, action: "Change role" | "Disable" | "Enable" | "Delete") {
    await this.actions(email).click();
    await button(this.page, action).click();
  }

  async changeRole(email: string, role: "Viewer" | "Editor" | "Admin") {
    await this.choose(email, "Change role");
    await this.role(role).check();
    await this.save.click();
  }
}
