/** The entry `lodestone/browser`: all that runs in a browser too. The entry `lodestone` adds to it what needs Node. */

export { mergeWindows } from "./detect/candidates.ts";
export { consultDetector, type DetectorFindings } from "./detect/consult.ts";
export { type Detection, type DetectOptions, detect, type ScoredWindow } from "./detect/detect.ts";
export { createDetector, type Detector } from "./detect/detector.ts";
export { scoreEvents } from "./detect/score-events.ts";
export { type ByteSource, blobSource, bytesSource } from "./formats/byte-source.ts";
export { encodeLabels, type LabelProblem, type LabelTable, parseLabels } from "./formats/cadence-labels.ts";
export { decodeCadence, encodeCadence } from "./formats/cadence-npy.ts";
export { type CsvRecord, type CsvTable, type CsvValue, encodeCsv, parseCsv } from "./formats/csv.ts";
export {
  type DatHeader,
  type DatHit,
  type DatMeta,
  type DatTable,
  datMeta,
  encodeDat,
  parseDat,
} from "./formats/dat.ts";
export { encodeHitCsv, parseHitCsv } from "./formats/hit-csv.ts";
export {
  type JsonEvent,
  type JsonHit,
  type JsonRejected,
  type JsonScan,
  resultsJson,
  type SearchResults,
  searchResults,
} from "./formats/hit-json.ts";
export { encodeHitParquet, readHitParquet } from "./formats/hit-parquet.ts";
export { type HitRow, type HitTable, hitRows } from "./formats/hit-rows.ts";
export { encodeNpy, type NdArray, type NdData, type NpyFile, openNpy } from "./formats/npy.ts";
export { NOMINAL_AXES, type NominalAxes, npySpectrogramSources } from "./formats/npy-spectrogram.ts";
export type { WriteOptions } from "./formats/power-blocks.ts";
export { openSigproc } from "./formats/sigproc.ts";
export {
  encodeEventRecord,
  type GraphAttribute,
  type GraphNode,
  type TensorBoardEvent,
} from "./formats/tensorboard.ts";
export { encodeTruthCsv, parseTruthCsv, type TruthRow } from "./formats/truth-csv.ts";
export {
  type Evaluation,
  type EvaluationOptions,
  evaluateScores,
  type FoldResult,
  type ScoredCadences,
} from "./learn/evaluation.ts";
export type {
  InterferenceGroup,
  NeedleGroup,
  NeedleResults,
  StrengthBin,
} from "./learn/evaluation-groups.ts";
export type { Estimate, Mistake } from "./learn/evaluation-parts.ts";
export { type FoldOptions, stratifiedKFold } from "./learn/folds.ts";
export type { AugmentSpec, MixUpSpec } from "./learn/inputs/augment.ts";
export {
  createExampleMaker,
  type ExampleMaker,
  type ExampleRequest,
  type ExampleSpec,
  type LabelledCadence,
} from "./learn/inputs/example.ts";
export { type ImageShape, type InputSpec, inputShape } from "./learn/inputs/input-spec.ts";
export { type InputKernels, instantiateInputKernels } from "./learn/inputs/kernels.ts";
export { createPreparer, type Preparer } from "./learn/inputs/prepare.ts";
export { type BootstrapOptions, bootstrapAuc, type Interval } from "./learn/metrics/bootstrap.ts";
export {
  type Calibration,
  type CalibrationOptions,
  calibration,
  type ReliabilityBin,
} from "./learn/metrics/calibration.ts";
export { type RecallAtFalseAlarm, recallAtFalseAlarm } from "./learn/metrics/false-alarms.ts";
export {
  averagePrecision,
  type PrecisionRecallCurve,
  precisionRecall,
} from "./learn/metrics/precision-recall.ts";
export { type RocCurve, rocAuc, rocCurve } from "./learn/metrics/roc.ts";
export { networkNodes } from "./learn/network-graph.ts";
export {
  checkRecipe,
  type LossSpec,
  type ModelSpec,
  type OptimizerSpec,
  type Recipe,
  type ScheduleSpec,
} from "./learn/recipe.ts";
export { recipes } from "./learn/recipes/index.ts";
export { checkpointContent, readCheckpoint } from "./nn/checkpoint.ts";
export type { WeightLayout } from "./nn/compile/tensors.ts";
export type { TrainingParts, TrainingPlan } from "./nn/compile/training.ts";
export type { Engine, Session } from "./nn/engines/engine.ts";
export { createEngine, type WebEngineOptions } from "./nn/engines/wasm/engine.web.ts";
export { countMultiplyAdds, type MultiplyAdds } from "./nn/flops.ts";
export { createGraph } from "./nn/graph.ts";
export * as layers from "./nn/layers.ts";
export {
  type BuiltModel,
  countParameters,
  createModel,
  type ImageSize,
  type Model,
  type ModelConfig,
  type ModelOptions,
  modelNames,
} from "./nn/models/model.ts";
export { type ExportOnnxOptions, exportOnnx, type OnnxMetadata } from "./nn/onnx/export.ts";
export { describeOnnx, type OnnxDescription, type OnnxPortDescription } from "./nn/onnx/read.ts";
export { type OnnxRuntime, type OnnxScores, type OnnxSession, openOnnxSession } from "./nn/onnx/session.ts";
export type {
  Activation,
  Arguments,
  ConvShape,
  GradView,
  Graph,
  Init,
  Lowering,
  OnnxAttribute,
  OnnxBuilder,
  Op,
  Shape,
  Value,
  View,
  Weight,
} from "./nn/op.ts";
export type { Pair } from "./nn/ops/attributes.ts";
export * as ops from "./nn/ops/index.ts";
export { type AdamOptions, adam, adamW, type Optimizer, sgd } from "./nn/optimizers.ts";
export type { Argument, Instruction, Plan, Program, Tensor } from "./nn/plan.ts";
export {
  decodeSafetensors,
  type EncodeOptions,
  encodeSafetensors,
  type SafeTensor,
  type SafeTensors,
  type WritableTensor,
} from "./nn/safetensors.ts";
export {
  constantSchedule,
  cosineSchedule,
  customSchedule,
  oneCycleSchedule,
  type Schedule,
} from "./nn/schedules.ts";
export {
  type Batch,
  createTrainer,
  type RestoreOptions,
  type StepReport,
  type Trainer,
  type TrainerOptions,
  type TrainerState,
} from "./nn/trainer.ts";
export type { TrainerSettings } from "./nn/trainer-settings.ts";
export {
  adaptFirstConv,
  checkpointTensors,
  initWeights,
  type LoadedWeights,
  type LoadOptions,
  loadPretrained,
  loadWeights,
  type Weights,
} from "./nn/weights.ts";
export { type CadencePictureOptions, renderCadence } from "./pictures/cadence-picture.ts";
export { type ColourMap, type ColourMapName, colourMap, colourMapNames } from "./pictures/colour-maps.ts";
export { type IntensityScaleName, intensityScaleNames } from "./pictures/intensity.ts";
export type { PathOverlay } from "./pictures/overlay.ts";
export type { Picture } from "./pictures/picture.ts";
export {
  type ReduceOptions,
  type ReductionName,
  reduceSource,
  reduceSpectrogram,
  reductionNames,
} from "./pictures/reduce.ts";
export {
  type PictureOptions,
  renderSpectrogram,
  type SpectrogramPictureOptions,
} from "./pictures/spectrogram-picture.ts";
export { pictureSvg } from "./pictures/svg.ts";
export {
  type CadenceSearchOptions,
  type CadenceSearchResult,
  searchCadence,
  searchEach,
} from "./search/cadence-search.ts";
export {
  DEFAULT_MAX_DRIFT_HZ_PER_S,
  DEFAULT_SNR,
  type DriftSearchOptions,
  type DriftSearchResult,
  searchDrift,
} from "./search/drift-search.ts";
export { type CadenceEvents, type EventLimits, findEvents, type ScanHits } from "./search/events.ts";
export { instantiateSearchKernels, type SearchKernels } from "./search/kernels.ts";
export { localPool, type SegmentPool } from "./search/segment-pool.ts";
export { type Cadence, cadenceRoles, makeCadence, type Scan, type ScanRole } from "./signal/cadence.ts";
export { type CoarseChannels, coarseChannels } from "./signal/coarse-channels.ts";
export { FileError, InputError, UsageError } from "./signal/errors.ts";
export type { CadenceEvent, EventLevel, Hit, RejectedHit } from "./signal/hit.ts";
export { memorySource } from "./signal/memory-source.ts";
export {
  type Normalisation,
  normaliseByMax,
  removeBandpass,
  toDecibels,
  zScoreColumns,
  zScorePanel,
} from "./signal/normalise.ts";
export { COMPETITION_SHAPE, type PanelShape, type Panels } from "./signal/panels.ts";
export { channelsBetween, type ResolvedRange, resolveRange } from "./signal/range.ts";
export {
  type ClippedStatistics,
  clippedStatistics,
  median,
  medianAbsoluteDeviation,
  quantile,
  quantiles,
  robustDeviation,
} from "./signal/robust.ts";
export type {
  DetectorCandidate,
  DetectorRecord,
  ProgramVersion,
  ScanRecord,
  SearchParameters,
  SearchRecord,
} from "./signal/search-record.ts";
export {
  bandEdgesMHz,
  channelFrequencyMHz,
  type FrequencyAxis,
  frequencyChannel,
  type ObservationHeader,
  type Spectrogram,
  type SpectrogramRange,
  type SpectrogramSource,
  sliceFrequency,
  sliceTime,
  type TimeAxis,
} from "./signal/spectrogram.ts";
export { VERSION } from "./signal/version.ts";
export type { BackgroundRecipe } from "./simulate/backgrounds.ts";
export type { BandpassSpec } from "./simulate/bandpass.ts";
export { type CadenceRecipe, defaultCadenceRecipe, readCadenceRecipe } from "./simulate/cadence-recipe.ts";
export {
  cadenceGrids,
  type EmitterTruth,
  type SimulatedCadence,
  simulateCadence,
} from "./simulate/cadences.ts";
export {
  addEmitter,
  type DrawnEmitter,
  type PathKind,
  type PathRecipe,
  type ProfileKind,
  type ProfileRecipe,
  type SignalRecipe,
  type TimeKind,
  type TimeRecipe,
} from "./simulate/emitters.ts";
export { exampleObservation, exampleSpec } from "./simulate/example-observation.ts";
export {
  type FrequencyProfile,
  type LinePart,
  type LineShape,
  profileWidthHz,
} from "./simulate/frequency-profiles.ts";
export { type InjectedTruth, type Injection, type InjectOptions, injectSignals } from "./simulate/inject.ts";
export {
  drawInterference,
  drawInterferer,
  type InterferenceKind,
  type InterferenceRecipe,
} from "./simulate/interference.ts";
export { drawNeedle, type NeedleRecipe } from "./simulate/needles.ts";
export { pixelDof } from "./simulate/noise.ts";
export {
  type Emitter,
  type ObservationSpec,
  type SimulatedObservation,
  simulateObservation,
  type Truth,
} from "./simulate/observation.ts";
export {
  type DrawnInterference,
  type DrawnSignals,
  defaultObservationRecipe,
  encodeObservationRecipe,
  type NoiseRecipe,
  type ObservationRecipe,
  observationSpec,
  readObservationRecipe,
} from "./simulate/observation-recipe.ts";
export { type Path, pathOffsetHz } from "./simulate/paths.ts";
export { type RandomStream, randomStream, type StreamKey, streamKey } from "./simulate/random.ts";
export {
  addSignal,
  matchedSnr,
  type PixelRange,
  rowPowerBySetigen,
  rowPowerForCadenceSnr,
  rowPowerForSnr,
  type ScanGrid,
  type Signal,
  signalFrequencyMHz,
} from "./simulate/signals.ts";
export { type TimeProfile, timeGain } from "./simulate/time-profiles.ts";
