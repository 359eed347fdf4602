/** The entry `lodestone`: everything public, with what needs Node. */

export * from "./browser.ts";
