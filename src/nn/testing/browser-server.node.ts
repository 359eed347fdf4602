/** Serves the project's sources to a browser: TypeScript with its types stripped, everything else as it is. */

import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { stripTypeScriptTypes } from "node:module";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";

const root = new URL("../../../", import.meta.url);
const kinds: Readonly<Record<string, string>> = {
  ts: "text/javascript",
  wasm: "application/wasm",
  html: "text/html",
};

export interface SourceServer {
  readonly address: string;
  close(): Promise<void>;
}

/** `isolated` pages may share memory with workers. `/` is an empty page. The files whose names end in `missing` aren't found. */
export async function serveSources({
  isolated,
  missing,
}: {
  readonly isolated: boolean;
  readonly missing?: string;
}): Promise<SourceServer> {
  const server = createServer(async ({ url = "/" }, response) => {
    if (isolated) {
      response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
      response.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
    }
    try {
      if (missing && url.endsWith(missing)) throw new Error(`${url} is missing.`);
      const kind = url === "/" ? "html" : url.slice(url.lastIndexOf(".") + 1);
      response.setHeader("Content-Type", kinds[kind] ?? "application/octet-stream");
      response.end(await content(url, kind));
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { address: `http://127.0.0.1:${port}`, close: () => close(server) };
}

async function content(url: string, kind: string): Promise<string | Uint8Array> {
  if (url === "/") return "<!doctype html><title>Lodestone</title>";
  const bytes = await readFile(fileURLToPath(new URL(`.${url}`, root)));
  return kind === "ts" ? stripTypeScriptTypes(bytes.toString()) : bytes;
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
