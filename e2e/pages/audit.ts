import { type Locator, type Page, expect } from "@playwright/test";
import { button, field, link } from "./elements";
import { Pager } from "./list";

export const AUDIT = "/admin/audit";

export class AuditPage {
  readonly title: Locator;
  readonly table: Locator;
  readonly rows: Locator;
  /** Beneath the entries that are opened. */
  readonly details: Locator;
  readonly filters: Locator;
  readonly actor: Locator;
  readonly action: Locator;
  readonly target: Locator;
  readonly outcome: Locator;
  readonly from: Locator;
  readonly to: Locator;
  readonly clear: Locator;
  readonly verified: Locator;
  readonly broken: Locator;
  readonly older: Locator;
  readonly newer: Locator;
  readonly newest: Locator;
  readonly extent: Locator;
  readonly exportLink: Locator;
  readonly noMatch: Locator;
  readonly failed: Locator;
  readonly retry: Locator;
  /** Shown when the chain could not be verified. */
  readonly unverified: Locator;
  readonly loading: Locator;

  constructor(readonly page: Page) {
    this.title = page.getByRole("heading", { level: 1, name: "Audit log" });
    this.table = page.getByRole("table", { name: "Audit log" });
    this.rows = this.table.getByRole("row").filter({ has: page.getByRole("button", { name: /^Details of entry / }) });
    this.details = this.table.getByRole("row").filter({ has: page.getByRole("term") });
    this.filters = page.getByRole("search", { name: "Audit log" });
    this.actor = field(this.filters, "Actor");
    this.action = field(this.filters, "Action");
    this.target = field(this.filters, "Target");
    this.outcome = field(this.filters, "Outcome");
    this.from = field(this.filters, "From");
    this.to = field(this.filters, "To");
    this.clear = button(this.filters, "Clear filters");
    this.verified = page.getByRole("status").getByText(/^Chain verified through entry \d[\d\s]*\.$/);
    this.broken = page.getByRole("status").filter({ hasText: "was altered" });
    this.older = link(page, "Older");
    this.newer = link(page, "Newer");
    this.newest = link(page, "Newest");
    this.extent = new Pager(page).extent;
    this.exportLink = page.getByRole("link", { name: "Export as JSON lines" });
    this.noMatch = page.getByRole("heading", { name: /^No entry matches/ });
    this.failed = page.getByRole("alert").filter({ hasText: "The audit log could not be loaded" });
    this.retry = button(this.failed, "Retry");
    this.unverified = page.getByRole("alert").filter({ hasText: "The chain could not be verified" });
    this.loading = page.getByRole("img", { name: "Loading the audit log" });
  }

  async open(query = "") {
    await this.page.goto(AUDIT + query);
    await expect(this.title).toBeVisible();
  }

  /** The entries that read so, newest first. */
  says(sentence: string | RegExp): Locator {
    return this.rows.filter({ hasText: sentence });
  }
}
