// Reports where Express routes a request to, and how `new URL` reads its target.
import { createServer } from "node:http";
import express from "express";

function read(target) {
  try {
    const path = new URL(target, "http://service").pathname;
    try {
      return decodeURIComponent(path);
    } catch {
      return path;
    }
  } catch {
    return "";
  }
}

const report = (route) => (request, response) => {
  response.end(JSON.stringify({ express: route, url: request.url_read }));
};
const app = express();
for (const path of ["/orders", "/catalog/drafts"]) app.use(path, report(path));
app.use(report("/another"));
app.use((error, request, response, next) => report("")(request, response));

createServer((request, response) => {
  request.url_read = read(request.url);
  app(request, response);
}).listen(process.env.SOCKET);
