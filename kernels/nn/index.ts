export * from "./probe";
export * from "./depthwise";
export * from "./depthwise-backward";
export * from "./norm";
export * from "./pack";
export * from "./conv";
export * from "./view";
