/** Pretrained weights from the Hugging Face hub, kept on disk in the layout of Hugging Face's own programs, which share them. */

import { createHash } from "node:crypto";
import { mkdir, readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { downloadFile, fileDownloadInfo, getHFHubCachePath, HubApiError, modelInfo } from "@huggingface/hub";
import { FileError, InputError, UsageError } from "../signal/errors.ts";
import { writeFileAtomically } from "../signal/write-file.node.ts";
import { readSafetensors } from "./safetensors.node.ts";
import type { SafeTensors } from "./safetensors.ts";

export interface HubOptions {
  /** A branch, a tag or a commit; `main` if not given. */
  readonly revision?: string;
  /** `model.safetensors` if not given. */
  readonly file?: string;
  /** Where files are kept; if not given, HF_HUB_CACHE, HF_HOME/hub or ~/.cache/huggingface/hub. */
  readonly cacheDir?: string;
  /** If not given, HF_ENDPOINT or https://huggingface.co. */
  readonly hubUrl?: string;
  /** For models that ask for one: `hf_...`. If not given, HF_TOKEN or HUGGING_FACE_HUB_TOKEN. */
  readonly token?: string;
  /** How long the hub may send nothing before it is given up; 30 if not given. */
  readonly patienceS?: number;
  /** Ask the hub whether the revision has moved on, even where it is on disk. */
  readonly refresh?: boolean;
  readonly signal?: AbortSignal;
  /** Called as bytes arrive. */
  readonly onProgress?: (receivedBytes: number, totalBytes: number) => void;
}

export interface HubFile {
  /** On disk. */
  readonly path: string;
  /** The revision as a commit, 40 hexadecimal digits: pass it as `revision` to get the same file for ever. */
  readonly commit: string;
}

/** Some days; a timer's milliseconds end not far above. */
const MAX_PATIENCE_S = 1_000_000;

/**
 * The weights of a model on the hub, as `timm/efficientnet_b0.ra_in1k`. What is on disk is used without a network.
 * Throws an InputError where the hub can't be reached, doesn't have the model or sends a damaged file.
 */
export async function loadFromHub(repo: string, options: HubOptions = {}): Promise<SafeTensors & HubFile> {
  const file = await fetchFromHub(repo, options);
  return { ...(await readSafetensors(file.path)), ...file };
}

/** One file of a model on the hub, on disk. See `loadFromHub`. */
export async function fetchFromHub(repo: string, options: HubOptions = {}): Promise<HubFile> {
  const request = settle(repo, options);
  const { revision, folder, file, refresh } = request;
  const reference = join(folder, "refs", revision);
  let commit = isCommit(revision) ? revision : undefined;
  if (!commit && !refresh) commit = await readCommit(reference);
  const pathOf = (commit: string) => join(folder, "snapshots", commit, file);
  if (commit && (await exists(pathOf(commit)))) return { path: pathOf(commit), commit };
  request.silence.begin();
  try {
    commit ??= await askCommit(request);
    const path = pathOf(commit);
    if (!(await exists(path))) await download(request, commit, path);
    if (!isCommit(revision)) await write(reference, [commit]);
    return { path, commit };
  } catch (error) {
    throw describe(error, request);
  } finally {
    request.silence.end();
  }
}

interface HubRequest {
  readonly repo: string;
  readonly revision: string;
  readonly file: string;
  /** The model's folder in the cache. */
  readonly folder: string;
  readonly refresh: boolean;
  readonly hubUrl: string;
  /** The caller's, and that of a hub that is silent for too long. */
  readonly signal: AbortSignal;
  readonly silence: Silence;
  readonly onProgress: HubOptions["onProgress"];
  /** What every call of the hub's library takes. */
  readonly access: { readonly hubUrl: string; readonly fetch: typeof fetch; readonly accessToken?: string };
}

function settle(repo: string, options: HubOptions): HubRequest {
  const { revision = "main", file = "model.safetensors", onProgress, patienceS = 30 } = options;
  const { cacheDir = getHFHubCachePath(), refresh = false } = options;
  const hubUrl = addressOf(options.hubUrl ?? (process.env.HF_ENDPOINT || "https://huggingface.co"));
  if (!/^[\w.-]+\/[\w.-]+$/.test(repo) || !isInside(repo)) {
    throw new UsageError(
      `A model on the hub is named OWNER/NAME, as timm/efficientnet_b0.ra_in1k, not ${repo}.`,
    );
  }
  if (!isInside(revision)) throw new UsageError(`${repo}: ${revision} can't be a revision.`);
  if (!isInside(file)) throw new UsageError(`${repo}: ${file} can't be a file of a model.`);
  if (!(patienceS > 0 && patienceS <= MAX_PATIENCE_S)) {
    throw new UsageError(`patienceS must be above 0, and at most ${MAX_PATIENCE_S}; it is ${patienceS}.`);
  }
  const token = tokenOf(options);
  const folder = join(cacheDir, `models--${repo.replace("/", "--")}`);
  const silence = watchSilence(
    patienceS,
    `${repo} isn't on disk, and ${hubUrl} sent nothing for ${patienceS} s`,
  );
  const signal = options.signal ? AbortSignal.any([options.signal, silence.signal]) : silence.signal;
  const patientFetch: typeof fetch = async (input, init) => {
    silence.heard();
    const response = await fetch(input, { ...init, signal });
    silence.heard();
    return response;
  };
  const access = { hubUrl, fetch: patientFetch, ...(token === undefined ? {} : { accessToken: token }) };
  return { repo, revision, file, folder, refresh, hubUrl, signal, silence, onProgress, access };
}

function addressOf(hubUrl: string): string {
  if (URL.canParse(hubUrl) && /^https?:$/.test(new URL(hubUrl).protocol)) return hubUrl.replace(/\/+$/, "");
  throw new UsageError(
    `The hub's address (hubUrl, or HF_ENDPOINT) must be like https://huggingface.co; it is ${JSON.stringify(hubUrl)}.`,
  );
}

/** As huggingface_hub finds it: what is given, then the environment's, without spaces about it; empty is none. */
function tokenOf(options: HubOptions): string | undefined {
  const { HF_TOKEN, HUGGING_FACE_HUB_TOKEN } = process.env;
  const found = [options.token, HF_TOKEN, HUGGING_FACE_HUB_TOKEN].map((token) => token?.trim()).find(Boolean);
  if (found === undefined || found.startsWith("hf_")) return found;
  throw new UsageError(
    "A token of the hub starts with hf_; the one given (token, HF_TOKEN or HUGGING_FACE_HUB_TOKEN) doesn't.",
  );
}

interface Silence {
  readonly signal: AbortSignal;
  begin(): void;
  /** The hub has sent something, or it is our turn: waiting begins anew. */
  heard(): void;
  end(): void;
}

function watchSilence(patienceS: number, problem: string): Silence {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const giveUp = () => controller.abort(new InputError(`${problem}. Check the network, or try again later.`));
  return {
    signal: controller.signal,
    begin() {
      timer = setTimeout(giveUp, patienceS * 1000);
    },
    heard: () => timer?.refresh(),
    end: () => clearTimeout(timer),
  };
}

async function askCommit({ repo, revision, access }: HubRequest): Promise<string> {
  const { sha } = await modelInfo({ ...access, name: repo, revision, additionalFields: ["sha"] });
  if (typeof sha !== "string" || !isCommit(sha))
    throw new FileError(repo, "the hub doesn't say which commit it has.");
  return sha;
}

async function download(request: HubRequest, commit: string, path: string): Promise<void> {
  const { repo, file, revision, access, onProgress } = request;
  const place = { ...access, repo: { type: "model", name: repo } as const, path: file, revision: commit };
  const info = await fileDownloadInfo(place);
  if (!info)
    throw new FileError(repo, `it has no file ${file} at ${revision}. Look at its files on the hub.`);
  const blob = await downloadFile({ ...place, downloadInfo: info, xet: false });
  const hash = createHash("sha256");
  let received = 0;
  async function* pieces(): AsyncGenerator<Uint8Array> {
    const cut = (cause?: unknown) =>
      new FileError(repo, `${file} broke off after ${received} of ${info!.size} bytes. Try again.`, {
        cause,
      });
    // Node's own type of a stream can be iterated, the DOM's can't.
    const stream = blob!.stream() as unknown as AsyncIterable<Uint8Array>;
    try {
      for await (const piece of stream) {
        request.silence.heard();
        received += piece.length;
        if (received > info!.size) break;
        hash.update(piece);
        onProgress?.(received, info!.size);
        yield piece;
      }
    } catch (error) {
      request.signal.throwIfAborted();
      throw cut(error);
    }
    if (received !== info!.size) throw cut();
    const expected = /^"?([0-9a-f]{64})"?$/.exec(info!.etag)?.[1];
    if (expected && hash.digest("hex") !== expected) {
      throw new FileError(repo, `${file} came damaged: its SHA-256 isn't the hub's. Try again.`);
    }
  }
  await write(path, pieces());
}

async function write(path: string, pieces: Iterable<string> | AsyncIterable<Uint8Array>): Promise<void> {
  await mkdir(dirname(path), { recursive: true }).catch((cause: Error) => {
    throw new FileError(dirname(path), `this folder can't be made: ${cause.message}.`, { cause });
  });
  await writeFileAtomically(path, async (write) => {
    for await (const piece of pieces) await write(piece);
  });
}

function describe(error: unknown, { repo, revision, hubUrl, signal }: HubRequest): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof InputError) return error;
  if (error instanceof HubApiError) return new FileError(repo, answer(error, revision), { cause: error });
  const cause = (error as Error).cause as NodeJS.ErrnoException | undefined;
  if (error instanceof TypeError && cause) {
    const why = cause.code ?? cause.message;
    const help = "Check the network. Once a model is on disk, none is needed";
    return new InputError(`${repo} isn't on disk, and ${hubUrl} can't be reached (${why}). ${help}.`, {
      cause: error,
    });
  }
  return new FileError(repo, `${hubUrl} doesn't answer as a hub does (${(error as Error).message}).`, {
    cause: error,
  });
}

function answer({ statusCode, url }: HubApiError, revision: string): string {
  if (statusCode === 401 || statusCode === 403) {
    return `the hub has no such model, or it is closed (${statusCode}). Check the name, or pass a token that may read it.`;
  }
  if (statusCode === 404) return `the hub has no such model or revision (${revision}). Check both.`;
  return `the hub answered ${statusCode} to ${url}. Try again later.`;
}

function isCommit(revision: string): boolean {
  return /^[0-9a-f]{40}$/.test(revision);
}

/** Whether a path stays inside the folder that it is joined to. */
function isInside(path: string): boolean {
  return /^[^/\\:][^\\:\0]*$/.test(path) && path.split("/").every((part) => !["", ".", ".."].includes(part));
}

async function readCommit(path: string): Promise<string | undefined> {
  const text = await readFile(path, "utf8").catch(() => "");
  return isCommit(text.trim()) ? text.trim() : undefined;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    (status) => status.isFile(),
    () => false,
  );
}
