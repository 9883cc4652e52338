import type { Locator, Page } from "@playwright/test";

export const button = (place: Page | Locator, name: string) => place.getByRole("button", { name, exact: true });

export const link = (place: Page | Locator, name: string) => place.getByRole("link", { name, exact: true });

export const field = (place: Page | Locator, label: string) => place.getByLabel(label, { exact: true });
