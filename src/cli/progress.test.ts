import { describe, expect, it } from "vitest";
import { progressLine, startProgress } from "./progress.ts";

function recorded(isTTY: boolean) {
  const written: string[] = [];
  const clock = { ms: 0 };
  const progress = startProgress(
    "Searching",
    100,
    { isTTY, columns: 200, write: (text) => written.push(text) },
    () => clock.ms,
  );
  return { written, clock, progress };
}

describe("startProgress", () => {
  it("stays silent for a second, then draws at most ten times a second and clears the line at the end", () => {
    const { written, clock, progress } = recorded(true);
    for (; clock.ms < 2000; clock.ms += 10) progress.update(clock.ms / 50);
    expect(written).toHaveLength(10);
    expect(written[0]).toContain("20 %");
    progress.finish();
    progress.finish();
    progress.update(99);
    expect(written.slice(10)).toEqual(["\r\x1b[K"]);
  });

  it("writes nothing where the stream is not a terminal", () => {
    const { written, clock, progress } = recorded(false);
    for (; clock.ms < 5000; clock.ms += 100) progress.update(50);
    progress.finish();
    expect(written).toEqual([]);
  });
});

describe("progressLine", () => {
  it("tells the part done and the time left", () => {
    expect(progressLine("Searching", 0.25, 30_000, "scan 2 of 6")).toBe(
      "Searching [######                  ]  25 %  1:30 left  scan 2 of 6",
    );
    expect(progressLine("Searching", 0.5, 7_200_000)).toContain("2:00:00 left");
    expect(progressLine("Searching", 0, 5000)).not.toContain("left");
    expect(progressLine("Searching", 1.2, 5000)).toContain("100 %  0:00 left");
  });
});
