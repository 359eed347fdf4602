/** Lets a program in a clone import this package by its name and run on the sources, unbuilt: `node --import ./scripts/from-sources.ts FILE`. */

import { registerHooks } from "node:module";

const entries: Readonly<Record<string, string>> = {
  lodestone: "../src/index.ts",
  "lodestone/browser": "../src/browser.ts",
};

registerHooks({
  resolve(specifier, context, next) {
    const entry = entries[specifier];
    return next(entry === undefined ? specifier : new URL(entry, import.meta.url).href, context);
  },
});
