// What the pages with a list share: search, count and pages, and what is shown instead of rows.

import { type Locator, type Page, expect } from "@playwright/test";
import { button, link } from "./elements";

interface Words {
  address: string;
  title: string;
  /** As in "Add API key". */
  full: string;
  /** As in "Search keys". */
  short: string;
}

export abstract class ListPage {
  readonly title: Locator;
  readonly add: Locator;
  readonly search: Locator;
  readonly clearSearch: Locator;
  readonly count: Locator;
  readonly pager: Pager;
  readonly refresh: Locator;
  readonly empty: Locator;
  readonly noMatch: Locator;
  readonly failed: Locator;
  readonly retry: Locator;
  readonly loading: Locator;
  readonly alert: Locator;
  readonly closeAlert: Locator;

  constructor(
    readonly page: Page,
    private readonly words: Words,
  ) {
    const { title, full, short } = words;
    this.title = page.getByRole("heading", { level: 1, name: title, exact: true });
    this.add = button(page, `Add ${full}`);
    this.search = page.getByRole("searchbox", { name: `Search ${short}s` });
    this.clearSearch = button(page, "Clear search");
    this.count = page.getByText(new RegExp(`^\\d[\\d\\s]* ${short}s?( found)?$`));
    this.pager = new Pager(page);
    this.refresh = button(page, "Refresh");
    this.empty = page.getByRole("heading", { name: `No ${full}s yet` });
    this.noMatch = page.getByRole("heading", { name: new RegExp(`^No ${short} matches`) });
    this.failed = page.getByRole("alert").filter({ hasText: `${short}s could not be loaded` });
    this.retry = button(this.failed, "Retry");
    this.loading = page.getByRole("img", { name: `Loading ${full}s` });
    this.alert = page.getByRole("alert");
    this.closeAlert = button(this.alert, "Close");
  }

  /** With a query that is appended to the address. */
  async open(query = "") {
    await this.page.goto(this.words.address + query);
    await expect(this.title).toBeVisible();
  }

  /** A short message of success. */
  says(text: string): Locator {
    return this.page.getByRole("status").getByText(text, { exact: true });
  }
}

/** A list that is a table, whose rows are named by their first cell. */
export abstract class TablePage extends ListPage {
  readonly table: Locator;
  readonly rows: Locator;

  constructor(page: Page, words: Words) {
    super(page, words);
    this.table = page.getByRole("table", { name: words.title });
    this.rows = this.table.getByRole("row").filter({ has: page.getByRole("rowheader") });
  }

  /** What the rows are named, from top to bottom. */
  names(): Locator {
    return this.table.getByRole("rowheader");
  }

  protected rowOf(name: string): Locator {
    return this.rows.filter({ has: this.page.getByRole("rowheader", { name, exact: true }) });
  }
}

/** The way from one page of a list to another. */
export class Pager {
  readonly root: Locator;
  readonly extent: Locator;
  readonly first: Locator;
  readonly previous: Locator;
  readonly next: Locator;

  constructor(page: Page) {
    this.root = page.getByRole("navigation", { name: "Pages" });
    this.extent = this.root.getByText(/^\d[\d\s]* to \d/);
    this.first = link(this.root, "First");
    this.previous = link(this.root, "Previous");
    this.next = link(this.root, "Next");
  }
}
