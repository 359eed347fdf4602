/** The entry `lodestone`: everything public, with what needs Node. */

export * from "./browser.ts";
export { openDetector } from "./detect/detector.node.ts";
export { openFileSource } from "./formats/byte-source.node.ts";
export {
  type CadenceProblem,
  type CadenceSet,
  listSplits,
  type OpenCadenceSetOptions,
  openCadenceSet,
  readCadence,
  type Split,
} from "./formats/cadence-folder.node.ts";
export { openHdf5, writeHdf5 } from "./formats/hdf5.node.ts";
export type { WriteHdf5Options } from "./formats/hdf5-write.ts";
export { writeNpy } from "./formats/npy-write.node.ts";
export { type OpenOptions, openSpectrograms, writeSpectrogram } from "./formats/open.node.ts";
export type { SigprocBits } from "./formats/sigproc-encode.ts";
export { writeSigproc } from "./formats/sigproc-write.node.ts";
export {
  openTensorBoardWriter,
  type TensorBoardWriter,
  type TensorBoardWriterOptions,
} from "./formats/tensorboard-writer.node.ts";
export { findRecipe } from "./learn/find-recipe.node.ts";
export {
  type FindScoresOptions,
  type FoundScores,
  findScores,
  type LabelledSet,
} from "./learn/find-scores.node.ts";
export { loadInputKernels } from "./learn/inputs/kernels.node.ts";
export type { CadenceTrouble } from "./learn/loader-messages.ts";
export type { Preprocessing } from "./learn/preprocessing.ts";
export {
  foldFolder,
  type HistoryEntry,
  type RunData,
  type RunRecord,
  readHistory,
  readRunRecord,
} from "./learn/run-folder.node.ts";
export { type ScoreOptions, scoreCadences } from "./learn/score.node.ts";
export { type MatchedScores, matchScores, parseScoreTable, type ScoreTable } from "./learn/score-table.ts";
export { type FoldModel, foldModels, modelsOf } from "./learn/scoring-models.node.ts";
export {
  type SimulatedSet,
  type SimulatedSetOptions,
  writeSimulatedSet,
} from "./learn/simulated-set.node.ts";
export type { SetSpec } from "./learn/simulated-set.ts";
export {
  type FoldSummary,
  type ResumeOptions,
  type RunOptions,
  type RunProgress,
  resumeRun,
  startRun,
  type TrainHooks,
  type TrainResult,
} from "./learn/train.node.ts";
export type { FoldProgress } from "./learn/train-fold.node.ts";
export { createEngine, type EngineOptions } from "./nn/engines/wasm/engine.node.ts";
export { fetchFromHub, type HubFile, type HubOptions, loadFromHub } from "./nn/hub.node.ts";
export { writeOnnx } from "./nn/onnx/onnx.node.ts";
export { openOnnx, scoreOnnx } from "./nn/onnx/session.node.ts";
export { readSafetensors, writeSafetensors } from "./nn/safetensors.node.ts";
export { encodePng } from "./pictures/png.node.ts";
export {
  type EvaluationPageContent,
  type EvaluationRecord,
  evaluationPage,
} from "./report/evaluation-page.ts";
export { type EvaluationReportOptions, writeEvaluationReport } from "./report/evaluation-report.node.ts";
export { evaluationText } from "./report/evaluation-text.ts";
export type {
  DataRecord,
  LabelCounts,
  LabelName,
  PeakHistogram,
  Sample,
  SplitRecord,
  ValueSpread,
} from "./report/explore/data-record.ts";
export { type DataReportOptions, writeDataReport } from "./report/explore/data-report.node.ts";
export { dataText } from "./report/explore/data-text.ts";
export type { DuplicateMember, Duplicates } from "./report/explore/duplicates.ts";
export { type ExploreOptions, exploreCadences } from "./report/explore/explore.node.ts";
export type { TruthGroup } from "./report/explore/truth-groups.ts";
export { writeHitTables } from "./report/hit-tables.node.ts";
export { panelsPicture } from "./report/panels-picture.ts";
export { type RecordedSearch, type RecordSearchOptions, recordSearch } from "./report/record-search.ts";
export { type SearchPageContent, searchPage } from "./report/search-page.ts";
export { type SearchReportOptions, writeSearchReport } from "./report/search-report.node.ts";
export { compareWithTruth, type NeedleResult, type TruthComparison } from "./report/truth.ts";
export { loadSearchKernels } from "./search/kernels.node.ts";
export { threadPool } from "./search/thread-pool.node.ts";
