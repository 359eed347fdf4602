export { flatten } from "./reshape.ts";
