// Lists with every kind of row, names without a place to break among them.

import { unavailable } from "../fixtures/answers";
import type { Api } from "../fixtures/api";
import type { Server } from "../fixtures/server";

/** With a request id as long as a real one. */
export const AWAY = unavailable("0192f0aa-77aa-7b3c-9d5e-1f2a3b4c5d6e");

/** A list with every kind of row. */
export async function rows(api: Api) {
  const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();
  const { key } = await api.create({ name: "production", scopes: ["secrets:read", "providers:resolve"] });
  await api.create({ name: "staging", expiresAt: inDays(3) });
  await api.create({ name: "a-name-without-any-place-to-break-it-that-is-64-characters-long-xx", scopes: Array.from({ length: 12 }, (_, n) => `orders-${n}:write`) }).catch(() => undefined);
  await api.create({ name: "a-name-that-is-64-characters-long-and-has-no-place-to-break-xxxx", scopes: Array.from({ length: 12 }, (_, n) => `orders-${n}:write`) });
  await api.create({ name: "laptop of Ada", expiresAt: inDays(400) });
  await api.change("laptop of Ada", { enabled: false });
  return key;
}

/** Keys that are limited, and keys that were replaced and still work. */
export async function replaced(api: Api, server: Server) {
  const long = "a-name-that-is-64-characters-long-and-has-no-place-to-break-xxxx";
  const networks = ["10.0.0.0/8", "192.168.178.0/24", "2001:db8:1234:5678:9abc:def0:1234:5678", "127.0.0.0/8"];
  await api.create({ name: "laptop of Ada", rateLimit: { requests: 1, windowSeconds: 90 } });
  await api.create({ name: long, scopes: ["orders:write"], rateLimit: { requests: 1_000_000, windowSeconds: 86_400 }, allowedNetworks: networks });
  const { key } = await api.create({ name: "production", scopes: ["secrets:read"], rateLimit: { requests: 100, windowSeconds: 60 } });
  await api.create({ name: "staging", allowedNetworks: ["10.0.0.0/8"] });
  await server.verify(key);
  for (const name of ["laptop of Ada", long, "production"]) await api.replace(name, 86_400);
  await api.change("laptop of Ada", { enabled: false });
  await server.verify(key);
  await server.restart();
}

/** Secrets with every kind of row. */
export async function vault(api: Api) {
  await api.keep({ key: "DATABASE_URL", value: "postgres://billing:correct-horse@db.internal:5432/billing?sslmode=verify-full", description: "PostgreSQL of the billing service" });
  await api.keep({ key: "GITHUB_TOKEN", value: "x" });
  await api.keep({ key: "SMTP_PASSWORD", value: "x", description: "Mail relay; ask Grace before changing it. Used by the newsletter, the invoices and the password reset mails." });
  await api.keep({ key: "A_KEY_NAME_THAT_GOES_ON_AND_ON_FOR_THE_SAKE_OF_THE_LAYOUT_AND_HAS_NO_PLACE_TO_BREAK", value: "x", description: "x".repeat(120) });
}

/** Providers with every kind of card. */
export async function providersOf(api: Api) {
  await api.setProvider("openai", { value: "sk-a-key-of-some-length-ab12", baseUrl: "https://api.openai.com/v1", note: "Shared by the support desk and the newsletter" });
  await api.setModel("openai", "gpt-5", "sk-a-key-of-some-length-cd34");
  await api.setModel("openai", "ft:gpt-5:acme/a-model-that-goes-on-and-on-for-the-sake-of-the-layout-without-a-place-to-break", "short");
  await api.setModel("azure", "gpt-5", "sk-a-key-of-some-length-ef56");
  await api.setProvider("local", { value: "short", baseUrl: `http://localhost:11434/${"x".repeat(120)}` });
  await api.setProvider("a-name-that-is-64-characters-long-and-has-no-place-to-break-xxxx", { value: "sk-a-key-of-some-length-gh78", note: "n".repeat(300) });
}
