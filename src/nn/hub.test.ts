import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FileError, InputError, UsageError } from "../signal/errors.ts";
import { type HubOptions, loadFromHub } from "./hub.node.ts";
import { encodeSafetensors } from "./safetensors.ts";

const repo = "timm/efficientnet_b0.ra_in1k";
const commit = "0123456789abcdef0123456789abcdef01234567";
const folder = "models--timm--efficientnet_b0.ra_in1k";

function fileOf(value: number): Buffer {
  const data = new Float32Array(50_000).fill(value);
  return Buffer.from(encodeSafetensors(new Map([["conv_stem.weight", { shape: [50_000], data }]])));
}

/** A hub with one model, whose large files lie on another path as the real one's lie on another server. */
interface Hub {
  readonly url: string;
  readonly requests: string[];
  file: Buffer;
  commit: string;
  /** Bytes of the file that are sent before the line breaks. */
  cutAfter: number;
  /** Instead of an answer: a status. */
  status: number;
  token: string | undefined;
  /** Bytes sent instead of the file's. */
  sent: Buffer | undefined;
  xet: boolean;
  /** Where the hub stops to answer. */
  silentFrom: "question" | "file" | undefined;
}

let hub: Hub;
let server: Server;
let cacheDir: string;

beforeEach(async () => {
  vi.stubEnv("HF_TOKEN", undefined);
  vi.stubEnv("HUGGING_FACE_HUB_TOKEN", undefined);
  cacheDir = await mkdtemp(join(tmpdir(), "hub-"));
  server = createServer((request, response) => answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const odd = { status: 0, token: undefined, sent: undefined, xet: false, silentFrom: undefined };
  hub = { url, requests: [], file: fileOf(1), commit, cutAfter: Number.POSITIVE_INFINITY, ...odd };
});

afterEach(async () => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(cacheDir, { recursive: true, force: true });
});

function answer({ url = "", headers }: IncomingMessage, response: ServerResponse): void {
  hub.requests.push(url.replace(/\?.*/, ""));
  const { file, status, token } = hub;
  const fail = (code: number, errorCode: string) =>
    response.writeHead(code, { "X-Error-Code": errorCode }).end();
  if (hub.silentFrom === "question") return;
  if (status) return void fail(status, "Other");
  if (token && headers.authorization !== `Bearer ${token}`) return void fail(401, "RepoNotFound");
  const revision = /^\/api\/models\/timm\/efficientnet_b0.ra_in1k\/revision\/([^?]*)/.exec(url)?.[1];
  if (revision === "main" || revision === "v1") {
    response.writeHead(200, { "Content-Type": "application/json" });
    response.end(JSON.stringify({ _id: "1", id: repo, sha: hub.commit }));
  } else if (url === `/${repo}/resolve/${hub.commit}/model.safetensors`) {
    if (hub.xet && headers.accept?.includes("xet-fileinfo")) {
      response.writeHead(200, {
        "Content-Type": "application/vnd.xet-fileinfo+json",
        "X-Linked-Size": file.length,
        "X-Linked-ETag": `"${createHash("sha256").update(file).digest("hex")}"`,
        "X-Xet-Hash": "abc",
        Link: `<${hub.url}/xet/auth>; rel="xet-auth", <${hub.url}/xet/plan>; rel="xet-reconstruction-info"`,
      });
      response.end("{}");
      return;
    }
    response.writeHead(302, { Location: "/cdn/blob" }).end();
  } else if (url === "/cdn/blob") {
    const etag = { ETag: `"${createHash("sha256").update(file).digest("hex")}"` };
    if (headers.range === "bytes=0-0") {
      response
        .writeHead(206, { ...etag, "Content-Range": `bytes 0-0/${file.length}` })
        .end(file.subarray(0, 1));
    } else if (hub.silentFrom === "file") {
      response.writeHead(200, { ...etag, "Content-Length": file.length });
      response.write(file.subarray(0, 1000));
    } else if (hub.cutAfter < file.length) {
      response.writeHead(200, { ...etag, "Content-Length": file.length });
      response.write(file.subarray(0, hub.cutAfter), () => response.destroy());
    } else {
      response.writeHead(200, etag).end(hub.sent ?? file);
    }
  } else if (url.startsWith(`/${repo}/resolve/`)) fail(404, "EntryNotFound");
  else fail(404, "RepoNotFound");
}

const load = (options: HubOptions = {}, name = repo) =>
  loadFromHub(name, { cacheDir, hubUrl: hub.url, ...options });
const first = async (options: HubOptions = {}) =>
  (await load(options)).tensors.get("conv_stem.weight")!.data[0];
const cached = async () =>
  (await readdir(cacheDir, { recursive: true, withFileTypes: true })).filter((e) => e.isFile());

describe("a model on the hub", () => {
  it("is fetched once, and then read from disk without a network", async () => {
    const progress: number[][] = [];
    const found = await load({ onProgress: (received, total) => progress.push([received, total]) });
    expect(found.commit).toBe(commit);
    expect(found.path).toBe(join(cacheDir, folder, "snapshots", commit, "model.safetensors"));
    expect(found.tensors.get("conv_stem.weight")!.data).toEqual(new Float32Array(50_000).fill(1));
    expect(new Uint8Array(await readFile(found.path))).toEqual(new Uint8Array(hub.file));
    expect(await readFile(join(cacheDir, folder, "refs", "main"), "utf8")).toBe(commit);
    expect(progress.at(-1)).toEqual([hub.file.length, hub.file.length]);
    expect(await cached()).toHaveLength(2);
    const { length } = hub.requests;
    expect(await first()).toBe(1);
    expect(await first({ revision: commit })).toBe(1);
    expect(hub.requests).toHaveLength(length);
    await new Promise((resolve) => server.close(resolve));
    expect(await first()).toBe(1);
    server.listen(0);
  });

  it("is fetched in whole through plain HTTP where the hub offers xet too", async () => {
    hub.xet = true;
    expect(await first()).toBe(1);
    expect(hub.requests.filter((url) => url.startsWith("/xet"))).toEqual([]);
  });

  it("is asked for again only on request", async () => {
    await load();
    hub.commit = commit.replace("0", "f");
    hub.file = fileOf(2);
    expect(await first()).toBe(1);
    expect(await first({ refresh: true })).toBe(2);
    expect(await first()).toBe(2);
    expect(await first({ revision: commit })).toBe(1);
  });

  it("is found where Hugging Face's own programs keep it", async () => {
    const snapshot = join(cacheDir, folder, "snapshots", commit);
    await mkdir(join(cacheDir, folder, "refs"), { recursive: true });
    await mkdir(snapshot, { recursive: true });
    await writeFile(join(cacheDir, folder, "refs", "v1"), commit);
    await writeFile(join(snapshot, "model.safetensors"), fileOf(3));
    expect(await first({ revision: "v1" })).toBe(3);
    expect(hub.requests).toEqual([]);
  });

  it("is shown a token", async () => {
    hub.token = "hf_secret";
    await expect(load()).rejects.toThrow(/no such model, or it is closed \(401\).*token/);
    expect(await first({ token: "hf_secret" })).toBe(1);
    await expect(load({ token: "secret" })).rejects.toThrow(/starts with hf_/);
  });

  it("takes the token from where the hub's own programs look for it", async () => {
    hub.token = "hf_secret";
    vi.stubEnv("HUGGING_FACE_HUB_TOKEN", " hf_secret\n");
    expect(await first()).toBe(1);
    vi.stubEnv("HF_TOKEN", "hf_other");
    await expect(load({ refresh: true })).rejects.toThrow(/closed \(401\)/);
    expect(await first({ refresh: true, token: "hf_secret" })).toBe(1);
    vi.stubEnv("HF_TOKEN", "");
    expect(await first({ refresh: true })).toBe(1);
    vi.stubEnv("HF_TOKEN", "secret");
    await expect(load({ refresh: true })).rejects.toThrow(
      /starts with hf_; the one given \(token, HF_TOKEN or/,
    );
  });
});

describe("a model on the hub that can't be had", () => {
  async function expectFailure(message: RegExp, options?: HubOptions, name?: string): Promise<void> {
    const error = await load(options, name).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).toContain(name ?? repo);
    expect(await cached()).toEqual([]);
  }

  it("for want of a network", async () => {
    await new Promise((resolve) => server.close(resolve));
    await expectFailure(/can't be reached \(ECONNREFUSED\)\. Check the network/);
    server.listen(0);
  });

  it("for want of the model, the revision or the file", async () => {
    await expectFailure(/no such model or revision \(main\)/, {}, "timm/nothing");
    await expectFailure(/no such model or revision \(v2\)/, { revision: "v2" });
    await expectFailure(/no file config\.json at main/, { file: "config.json" });
  });

  it("because the hub is in trouble", async () => {
    hub.status = 503;
    await expectFailure(/answered 503 .*Try again later/);
    hub.status = 200;
    await expectFailure(/doesn't answer as a hub does/);
  });

  it.each([0, 1, 1000, 150_000])("because the line breaks after %i bytes", async (bytes) => {
    hub.cutAfter = bytes;
    await expectFailure(/model\.safetensors broke off after \d+ of \d+ bytes\. Try again/);
    hub.cutAfter = Number.POSITIVE_INFINITY;
    expect(await first()).toBe(1);
  });

  it("because its bytes are fewer, more or other than they should be", async () => {
    hub.sent = hub.file.subarray(0, 999);
    await expectFailure(/broke off after 999 of/);
    hub.sent = Buffer.concat([hub.file, Buffer.alloc(1)]);
    await expectFailure(/broke off/);
    hub.sent = fileOf(4);
    await expectFailure(/came damaged/);
  });

  it("because it isn't safetensors", async () => {
    hub.file = Buffer.from("version https://git-lfs.github.com/spec/v1");
    await expect(load()).rejects.toThrow(FileError);
  });

  it("because it is silent, at once or midway", async () => {
    const problem = /isn't on disk, and http:.* sent nothing for 0\.2 s\. Check the network/;
    hub.silentFrom = "question";
    await expectFailure(problem, { patienceS: 0.2 });
    hub.silentFrom = "file";
    await expectFailure(problem, { patienceS: 0.2 });
    hub.silentFrom = undefined;
    expect(await first({ patienceS: 0.2 })).toBe(1);
  });

  it("because of what it was told of the hub", async () => {
    for (const hubUrl of ["not a url", "", "ftp://127.0.0.1/", "huggingface.co"]) {
      await expect(load({ hubUrl })).rejects.toThrow(UsageError);
      await expect(load({ hubUrl })).rejects.toThrow(
        `must be like https://huggingface.co; it is ${JSON.stringify(hubUrl)}`,
      );
    }
    for (const patienceS of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e9]) {
      await expect(load({ patienceS })).rejects.toThrow(/patienceS must be above 0/);
    }
  });

  it("because the caller gave up", async () => {
    await expect(load({ signal: AbortSignal.abort(new Error("stopped")) })).rejects.toThrow("stopped");
    const controller = new AbortController();
    const stopping = load({
      signal: controller.signal,
      onProgress: () => controller.abort(new Error("enough")),
    });
    await expect(stopping).rejects.toThrow("enough");
    expect(await cached()).toEqual([]);
  });

  it("because of its name", async () => {
    for (const name of ["", "b0", "a/b/c", "../x", "a/..", "a b/c"]) {
      await expect(load({}, name)).rejects.toThrow(/named OWNER\/NAME/);
    }
    await expect(load({ revision: "../../x" })).rejects.toThrow(/can't be a revision/);
    await expect(load({ file: "/etc/passwd" })).rejects.toThrow(/can't be a file/);
    expect(hub.requests).toEqual([]);
  });
});
