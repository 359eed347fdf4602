/** One question to a worker thread that answers each with one message. */

import type { Worker } from "node:worker_threads";

/** Rejects where the thread fails or ends before it answers, and with the signal's reason where that is aborted. */
export function askWorker<Answer>(worker: Worker, question: unknown, signal?: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const onMessage = (answer: Answer) => settle(() => resolve(answer));
    const onError = (error: Error) => settle(() => reject(error));
    const onExit = () => settle(() => reject(new Error("A thread ended before it answered.")));
    const onAbort = () => settle(() => reject(signal!.reason));
    const settle = (finish: () => void) => {
      worker.off("message", onMessage).off("error", onError).off("exit", onExit);
      signal?.removeEventListener("abort", onAbort);
      finish();
    };
    worker.on("message", onMessage).on("error", onError).on("exit", onExit);
    signal?.addEventListener("abort", onAbort);
    worker.postMessage(question);
  });
}
