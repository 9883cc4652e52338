// What a spec of this folder arranges is looked at when its test ends, in both themes and at two
// widths: axe-core finds nothing, and nothing has to be scrolled sideways. With PICTURES set, pictures
// are in results/screenshots, for the person who changes a page to look at.

import type { Page } from "@playwright/test";
import { violations } from "../fixtures/axe";
import { test as base, expect } from "../fixtures/test";

export { expect };

export const HEIGHT = 900;
export const THEMES = ["light", "dark"] as const;
const WIDTHS = [1280, 360];
const LOOKED_AT = ", in both themes and from 320 to 1280 px";

/** The title of a test that arranges a state. The pictures are named after the state. */
export const state = (name: string) => name + LOOKED_AT;

export const test = base.extend<{ look: void }>({
  look: [
    async ({ page }, use, info) => {
      info.slow();
      await use();
      if (info.status === info.expectedStatus) await look(page, info.title.replace(LOOKED_AT, ""));
    },
    { auto: true },
  ],
});

async function look(page: Page, name: string) {
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: HEIGHT });
    for (const colorScheme of THEMES) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await picture(page, `${name}-${width}-${colorScheme}`);
      expect(await violations(page), `${width} px, ${colorScheme}`).toEqual([]);
    }
    expect(await tooWide(page), `at ${width} px nothing is wider than the window`).toEqual([]);
  }
  await page.setViewportSize({ width: 320, height: 640 });
  await picture(page, `${name}-320-dark`);
  expect(await tooWide(page), "at 320 px nothing is wider than the window").toEqual([]);
  // 200 % zoom of a window of 1280 x 900: half as many pixels to lay out on.
  await page.setViewportSize({ width: 640, height: 450 });
  expect(await tooWide(page), "at 200 % zoom nothing is wider than the window").toEqual([]);
  await page.setViewportSize({ width: 1280, height: HEIGHT });
  await page.evaluate(() => (document.documentElement.style.fontSize = "200%"));
  expect(await tooWide(page), "with letters twice as large nothing is wider than the window").toEqual([]);
}

/** The whole page, from its top. */
export async function picture(page: Page, name: string) {
  if (!process.env.PICTURES) return;
  await page.evaluate(() => scrollTo(0, 0));
  await page.screenshot({ path: `results/screenshots/${name}.png`, fullPage: true, animations: "disabled" });
}

/** What sticks out of the window, unless it lies in something that scrolls by itself. */
function tooWide(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    const scrolls = (element: Element | null): boolean =>
      element !== null && element !== document.documentElement &&
      (["auto", "scroll", "hidden", "clip"].includes(getComputedStyle(element).overflowX) || scrolls(element.parentElement));
    const isOut = (element: Element) => {
      const { right, left, width: own } = element.getBoundingClientRect();
      return own > 1 && (right > width + 1 || left < -1) && !scrolls(element.parentElement);
    };
    const page = document.scrollingElement!.scrollWidth > width ? [`the page is ${document.scrollingElement!.scrollWidth} of ${width} px wide`] : [];
    const shown = [...document.body.querySelectorAll("*")].filter((one) => one.checkVisibility({ opacityProperty: true, visibilityProperty: true }));
    return page.concat(shown.filter(isOut).map((one) => `${one.tagName} ${one.className} ${one.textContent?.slice(0, 30)}`));
  });
}
