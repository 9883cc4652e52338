// What a person reads, as pages of their own: server/docs in HTML under /docs/, so that a server
// without a way to the internet explains itself. The examples of proxies and back ends are there
// as plain files as well, which the first steps in the application fetch.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { ROOT, fail } from "./run.mjs";

const DOCS = join(ROOT, "server", "docs");
const PROXIES = join(ROOT, "server", "proxies");

/** The examples of back ends in docs/back-ends.md, by the language of their block. */
const BACK_ENDS = { rust: "axum.rs", js: "express.js", python: "fastapi.py" };

const escape = (text) => text.replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);
const slug = (text) => text.toLowerCase().replace(/<[^>]+>/g, "").replace(/[^\w\s-]/g, "").trim().replace(/\s+/g, "-");

/** Where a link of a document leads from /docs/: nowhere for what is only in the repository. */
function target(href) {
  if (/^(https?:|#)/.test(href)) return href;
  const [path, fragment] = href.split("#");
  const name = basename(path);
  if (/^[\w-]+\.md$/.test(path)) return `/docs/${name.replace(".md", ".html")}${fragment ? `#${fragment}` : ""}`;
  if (path === "../openapi.json") return "/api/openapi.json";
  return null;
}

/** Writes the folder `docs` of the page; `urls` are those of the style and of the theme's script. */
export async function docs(folder, urls) {
  const { Marked } = await import("marked");
  const marked = new Marked({
    renderer: {
      heading({ tokens, depth }) {
        const html = this.parser.parseInline(tokens);
        return `<h${depth} id="${slug(html)}">${html}</h${depth}>\n`;
      },
      link({ href, tokens }) {
        const html = this.parser.parseInline(tokens);
        const to = target(href);
        return to === null ? html : `<a href="${escape(to)}">${html}</a>`;
      },
      table(token) {
        const cell = (tag) => ({ tokens }) => `<${tag}>${this.parser.parseInline(tokens)}</${tag}>`;
        const rows = token.rows.map((row) => `<tr>${row.map(cell("td")).join("")}</tr>`).join("\n");
        // Wide ones scroll by themselves, also by keyboard.
        return `<div class="docs-table" tabindex="0" role="group" aria-label="Table"><table><thead><tr>${token.header.map((head) => cell(head.text ? "th" : "td")(head)).join("")}</tr></thead><tbody>${rows}</tbody></table></div>\n`;
      },
      code({ text, lang }) {
        return `<pre class="code" tabindex="0" aria-label="${escape(lang || "Example")}"><code>${escape(text)}</code></pre>\n`;
      },
    },
  });

  const documents = readdirSync(DOCS).filter((name) => name.endsWith(".md")).sort().map((name) => {
    const text = readFileSync(join(DOCS, name), "utf8");
    const title = /^# (.+)$/m.exec(text)?.[1] ?? fail(`server/docs/${name} has no title`);
    return { file: name.replace(".md", ".html"), title, text };
  });
  const page = (title, here, body) => {
    const links = documents.map(({ file, title }) =>
      `<li><a href="/docs/${file}"${file === here ? ' aria-current="page"' : ""}>${escape(title)}</a></li>`).join("\n");
    return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${escape(title)} - Keyward</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<script src="${urls.theme}"></script>
<link rel="stylesheet" href="${urls.style}">
<link rel="icon" type="image/svg+xml" href="${urls.icon}">
</head>
<body class="docs">
<header class="docs-head"><a href="/">Keyward</a> <a href="/api/docs/">API reference</a></header>
<nav aria-label="Documents"><ul>${links}</ul></nav>
<main>
${body}
</main>
</body>
</html>
`;
  };

  mkdirSync(join(folder, "snippets"), { recursive: true });
  const made = new Map(documents.map(({ file, title, text }) => [file, page(title, file, marked.parse(text))]));
  for (const [file, html] of made) {
    writeFileSync(join(folder, file), html);
    for (const [, to, id] of html.matchAll(/href="(?:\/docs\/([\w-]+\.html))?(?:#([\w-]+))?"/g)) {
      const leadsTo = made.get(to ?? file);
      if (!leadsTo || (id && !leadsTo.includes(`id="${id}"`))) fail(`server/docs: ${file} leads to ${to ?? ""}#${id ?? ""}, which is nowhere`);
    }
  }
  const all = documents.map(({ file, title }) => `<li><a href="/docs/${file}">${escape(title)}</a></li>`).join("\n");
  writeFileSync(join(folder, "index.html"), page("Documents", "", `<h1>Documents</h1>\n<ul>${all}</ul>`));

  const snippet = (name, text) => writeFileSync(join(folder, "snippets", `${name}.txt`), text);
  for (const name of readdirSync(PROXIES)) snippet(name, readFileSync(join(PROXIES, name)));
  const backEnds = readFileSync(join(DOCS, "back-ends.md"), "utf8");
  for (const [language, name] of Object.entries(BACK_ENDS)) {
    const block = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "m").exec(backEnds);
    snippet(name, block?.[1] ?? fail(`server/docs/back-ends.md has no example in ${language}`));
  }
}
