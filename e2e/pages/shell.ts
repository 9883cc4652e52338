// What is around every page of somebody who is signed in.

import type { Locator, Page } from "@playwright/test";
import { button } from "./elements";

export class Shell {
  readonly main: Locator;
  readonly skip: Locator;
  readonly navigation: Locator;
  /** Opens the navigation in a narrow window. */
  readonly menu: Locator;
  readonly signOut: Locator;
  /** The question before a key that nobody copied is lost. */
  readonly question: Locator;
  readonly stay: Locator;
  readonly leaveAnyway: Locator;

  constructor(readonly page: Page) {
    this.main = page.getByRole("main");
    this.skip = page.getByRole("link", { name: "Skip to content" });
    this.navigation = page.getByRole("navigation", { name: "Main" });
    this.menu = button(page, "Menu");
    this.signOut = button(page, "Sign out");
    this.question = page.getByRole("dialog", { name: "Leave without the API key?" });
    this.stay = button(this.question, "Stay");
    this.leaveAnyway = button(this.question, "Leave anyway");
  }

  /** Presses Tab until the element has the focus, as a person would. */
  async tabTo(target: Locator, key: "Tab" | "Shift+Tab" = "Tab") {
    for (let presses = 0; presses < 40; presses += 1) {
      if (await target.evaluate((element) => element === document.activeElement)) return;
      await this.page.keyboard.press(key);
    }
    throw new Error(`no number of Tabs leads to ${target}`);
  }

  link(name: string): Locator {
    return this.page.getByRole("link", { name });
  }

  theme(name: "System" | "Light" | "Dark"): Locator {
    return this.page.getByRole("radio", { name });
  }
}
