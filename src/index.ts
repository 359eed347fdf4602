/** The entry `lodestone`: everything public, with what needs Node. */

export * from "./browser.ts";
export { openFileSource } from "./formats/byte-source.node.ts";
export { openHdf5, writeHdf5 } from "./formats/hdf5.node.ts";
export type { WriteHdf5Options } from "./formats/hdf5-write.ts";
export { writeNpy } from "./formats/npy-write.node.ts";
export { type OpenOptions, openSpectrograms, writeSpectrogram } from "./formats/open.node.ts";
export type { SigprocBits } from "./formats/sigproc-encode.ts";
export { writeSigproc } from "./formats/sigproc-write.node.ts";
export { createEngine, type EngineOptions } from "./nn/engines/wasm/engine.node.ts";
export { fetchFromHub, type HubFile, type HubOptions, loadFromHub } from "./nn/hub.node.ts";
export { writeOnnx } from "./nn/onnx/onnx.node.ts";
export { openOnnx, scoreOnnx } from "./nn/onnx/session.node.ts";
export { readSafetensors, writeSafetensors } from "./nn/safetensors.node.ts";
export { encodePng } from "./pictures/png.node.ts";
export { writeHitTables } from "./report/hit-tables.node.ts";
export { type RecordedSearch, recordSearch } from "./report/record-search.ts";
export { type SearchPageContent, searchPage } from "./report/search-page.ts";
export { type SearchReportOptions, writeSearchReport } from "./report/search-report.node.ts";
export { compareWithTruth, type NeedleResult, type TruthComparison } from "./report/truth.ts";
export { loadSearchKernels } from "./search/kernels.node.ts";
export { threadPool } from "./search/thread-pool.node.ts";
