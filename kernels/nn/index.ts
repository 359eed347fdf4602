export * from "./probe";
export * from "./depthwise";
export * from "./depthwise-backward";
export * from "./norm";
