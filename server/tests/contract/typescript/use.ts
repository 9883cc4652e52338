// How a program would use the client. It is compiled and not run.
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

type Problem = components["schemas"]["Problem"];

const keyward = createClient<paths>({
  baseUrl: "http://127.0.0.1:8080",
  headers: { "x-api-key": "kw_..." },
});

/** The key to use for a model, or why there is none. */
export async function keyFor(provider: string, model: string): Promise<string> {
  const { data, error } = await keyward.GET("/api/resolve", { params: { query: { provider, model } } });
  if (error) throw new Error(error.message);
  const resolved = data.data;
  if ("value" in resolved) return resolved.value;
  throw new Error(resolved.reason);
}

/** The names of all keys, page by page. */
export async function* names(): AsyncGenerator<string> {
  let cursor: string | undefined;
  do {
    const query = { limit: 100, status: "active" as const, sort: "name" as const, cursor };
    const { data, error } = await keyward.GET("/api/keys", { params: { query } });
    if (error) throw refused(error);
    for (const key of data.data) yield key.name;
    cursor = data.nextCursor ?? undefined;
  } while (cursor);
}

/** A new key, which is shown this once. */
export async function create(name: string): Promise<string> {
  const body = { name, scopes: ["orders:write"], rateLimit: { requests: 100, windowSeconds: 60 } };
  const { data, error } = await keyward.POST("/api/keys", { body });
  if (error) throw refused(error);
  return data.data.key;
}

function refused(problem: Problem): Error {
  const fields = problem.errors?.map(({ field, message }) => `${field}: ${message}`);
  return new Error(fields?.join(", ") ?? problem.message);
}
