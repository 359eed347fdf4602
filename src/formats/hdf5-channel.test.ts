import { Worker } from "node:worker_threads";
import { afterEach, expect, test } from "vitest";
import { hdf5WorkerChannel, type WorkerLimits } from "./hdf5-channel.node.ts";
import type { Hdf5WritePlan } from "./hdf5-library.ts";

/** Files are called by what the worker does with them. */
const FAKE_WORKER = `
  const { parentPort } = require("node:worker_threads");
  parentPort.on("message", ({ id, request }) => {
    if (request.path === "dies") process.exit(1);
    if (request.path === "throws") throw new Error("gone wrong");
    if (request.path === "traps") return parentPort.postMessage({ id, problem: "it trapped.", detail: "", library: "broken" });
    if (request.path === "hangs") for (;;);
    if (request.path === "slow") {
      for (let i = 0; i < 4; i++) {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
        parentPort.postMessage({ id });
      }
    }
    if (request.path === "damaged") return parentPort.postMessage({ id, problem: "damaged.", detail: "", library: "suspect" });
    if (request.path === "bad") return parentPort.postMessage({ id, problem: "it is bad.", detail: "", library: "sound" });
    parentPort.postMessage({ id, result: { description: request.path } });
  });
  parentPort.postMessage("ready");
`;

const workers: Worker[] = [];
afterEach(() => {
  for (const worker of workers.splice(0)) void worker.terminate();
});

function fakeChannel(limits?: WorkerLimits, code = FAKE_WORKER) {
  const channel = hdf5WorkerChannel(() => {
    const worker = new Worker(code, { eval: true, stderr: true });
    workers.push(worker);
    return worker;
  }, limits);
  let file = 0;
  return {
    open: async (path: string) =>
      (await channel.request({ op: "open", file: ++file, path })).description as unknown,
    create: (number: number) =>
      channel.request({ op: "create", file: number, path: "new", plan: {} as Hdf5WritePlan }),
    close: (number: number) => channel.request({ op: "close", file: number }),
  };
}

test.each([
  ["dies", /broke down on it/],
  ["throws", /broke down on it/],
  ["traps", /^it trapped\.$/],
  ["hangs", /did nothing for 0\.5 s/],
])("a file that %s fails alone, whatever else is asked at the time", async (path, expected) => {
  const channel = fakeChannel({ silenceMs: 500 });
  await channel.open("first");
  const [good, bad, better] = await Promise.allSettled([
    channel.open("a"),
    channel.open(path),
    channel.open("b"),
  ]);
  expect(good).toEqual({ status: "fulfilled", value: "a" });
  expect(better).toEqual({ status: "fulfilled", value: "b" });
  expect(bad).toMatchObject({
    status: "rejected",
    reason: { name: "Hdf5Problem", message: expect.stringMatching(expected) },
  });
  expect(await channel.open("c")).toBe("c");
  expect(workers.length).toBe(2);
});

test("a problem with one file ends no worker, and slow work that goes on is waited for", async () => {
  const channel = fakeChannel({ silenceMs: 500 });
  await expect(channel.open("bad")).rejects.toMatchObject({ message: "it is bad." });
  expect(await channel.open("slow")).toBe("slow");
  expect(workers.length).toBe(1);
});

test("a worker that met damage is replaced, unless it is writing a file", async () => {
  const channel = fakeChannel();
  await channel.open("a");
  await expect(channel.open("damaged")).rejects.toThrow("damaged.");
  await channel.open("b");
  expect(workers.length).toBe(2);
  await channel.create(100);
  await expect(channel.open("damaged")).rejects.toThrow("damaged.");
  await channel.close(100);
  expect(workers.length).toBe(2);
  await expect(channel.open("damaged")).rejects.toThrow("damaged.");
  await channel.open("c");
  expect(workers.length).toBe(3);
});

test("the worker ends when the last file is closed, and not before", async () => {
  const channel = fakeChannel({ idleMs: 50 });
  await channel.open("a");
  await channel.open("b");
  await channel.close(1);
  await new Promise((done) => setTimeout(done, 150));
  expect(workers[0]!.threadId).toBeGreaterThan(0);
  const ended = new Promise((done) => workers[0]!.once("exit", done));
  await channel.close(2);
  await ended;
  expect(await channel.open("c")).toBe("c");
  expect(workers.length).toBe(2);
});

test("a worker that can't start is a defect, no fault of the file", async () => {
  const channel = fakeChannel({}, `throw new Error("no library");`);
  await expect(channel.open("a")).rejects.toMatchObject({
    name: "Error",
    message: expect.stringMatching(/could not be started/),
  });
});
