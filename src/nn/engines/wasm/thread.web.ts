/** Where a thread of the engine starts in a browser's worker. */

import { startThread, type ThreadStart } from "./thread.ts";

addEventListener(
  "message",
  ({ data }: MessageEvent<ThreadStart>) => {
    startThread(data).serve();
  },
  { once: true },
);
